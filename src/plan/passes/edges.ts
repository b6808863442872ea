import type { Reference } from "../../expression/template.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import { lazy } from "../../util/lazy.ts";
import type { Problems } from "../problems.ts";
import type { NeedGroup } from "../types.ts";
import { declared } from "./declared.ts";
import type { EdgePlace } from "./edge-place.ts";
import { findFileEdges, type FileEdge, type Sources } from "./file-edges.ts";
import type { ParsedScope } from "./parse-templates.ts";
import { insideOf, isInReach, positionOf, standInFor, type PlacedStep, type Position } from "./position.ts";
import { pieceOf, type Site } from "./site.ts";
import type { Writer } from "./writer.ts";

/** What a step waits for. */
export interface StepEdges {
  readonly groups: readonly NeedGroup[];
  /** All of it, each once: what references name first, in the order in which it is written. */
  readonly waits: readonly number[];
}

/** The edges of each scope, for its steps in the order of the file. */
export type Edges = ReadonlyMap<ParsedScope, readonly StepEdges[]>;

export const NO_EDGES: StepEdges = { groups: [], waits: [] };

/**
 * Edges from references, `needs`, and files that one step writes and another reads. A reference from inside of a group to a step around it makes the group wait:
 * the edge is where both have an ancestor.
 */
export function findEdges(
  top: ParsedScope,
  placed: ReadonlyMap<string, PlacedStep>,
  writers: readonly Writer[],
  problems: Problems,
): { readonly edges: Edges; readonly sources: Sources; readonly fileEdges: readonly FileEdge[] } {
  const reads = new Map<PlacedStep, number[]>();
  for (const step of placed.values()) {
    eachRead(step, placed, problems, (reader, need) => {
      const known = reads.get(reader);
      if (known === undefined) reads.set(reader, [need]);
      else known.push(need);
    });
  }
  const named = new Map<PlacedStep, NamedNeeds>();
  const ids = lazy(() => [...placed.keys()]);
  for (const step of placed.values())
    if (step.parsed.step.needs !== null) named.set(step, findNeeds(step, placed, ids, problems));
  const waitsOf = (step: PlacedStep): readonly number[] => [...(reads.get(step) ?? []), ...(named.get(step)?.of ?? [])];
  const { sources, fileEdges } = findFileEdges(placed, writers, waitsOf, problems);
  for (const { from, to } of fileEdges) reads.set(to, [...(reads.get(to) ?? []), from.index]);
  const edges = new Map<ParsedScope, StepEdges[]>([[top, []]]);
  for (const step of placed.values()) {
    if (step.parsed.body.kind === "steps") edges.set(step.parsed.body.scope, []);
    const derived = distinct(reads.get(step) ?? []);
    const needs = named.get(step) ?? NO_NEEDS;
    const waits = derived.length === 0 ? needs.of : distinct([...derived, ...needs.of]);
    edges.get(step.scope)?.push(waits.length === 0 ? NO_EDGES : { groups: groupsOf(derived, needs), waits });
  }
  return { edges, sources, fileEdges };
}

/** The first place that says so for everything that a step waits for. To be shown: it costs more than the edges. */
export function findPlaces(
  placed: ReadonlyMap<string, PlacedStep>,
  fileEdges: readonly FileEdge[],
): ReadonlyMap<PlacedStep, ReadonlyMap<number, EdgePlace>> {
  const places = new Map<PlacedStep, Map<number, EdgePlace>>();
  const add = (step: PlacedStep, need: number, place: EdgePlace): void => {
    let known = places.get(step);
    if (known === undefined) places.set(step, (known = new Map<number, EdgePlace>()));
    if (!known.has(need)) known.set(need, place);
  };
  for (const step of placed.values()) {
    eachRead(step, placed, null, (reader, need, site, reference) =>
      add(reader, need, { pointer: site.pointer, piece: pieceOf(site, reference) }),
    );
  }
  for (const step of placed.values()) {
    for (const { name, pointer } of step.parsed.step.needs?.of ?? []) {
      const target = placed.get(name);
      if (target?.scope === step.scope) add(step, target.index, { pointer });
    }
  }
  for (const { from, to, place } of fileEdges) add(to, from.index, place);
  return places;
}

type Visit = (reader: PlacedStep, need: number, site: Site, reference: Reference) => void;

/** All that the expressions of a step read, by the step that waits for it. */
function eachRead(
  step: PlacedStep,
  placed: ReadonlyMap<string, PlacedStep>,
  problems: Problems | null,
  visit: Visit,
): void {
  const { sites, body, step: written } = step.parsed;
  for (const site of sites) findReads(site, positionOf(step), written.id, placed, problems, visit);
  if (body.kind !== "steps") return;
  for (const site of body.scope.sites) findReads(site, insideOf(step), null, placed, problems, visit);
}

/** What an expression reads; `id` is the step that reads `steps` as a whole in vain, null where that is allowed. */
function findReads(
  site: Site,
  position: Position,
  id: string | null,
  placed: ReadonlyMap<string, PlacedStep>,
  problems: Problems | null,
  visit: Visit,
): void {
  for (const reference of site.references) {
    const [root, name] = reference.path;
    if (root !== "steps") continue;
    if (name === undefined) {
      if (id === null || position.isFinally) continue;
      problems?.error(site.pointer, {
        code: "WF3007",
        message: `step '${id}' reads \`steps\` as a whole, so it cannot be told what it waits for`,
        help: "name the step: `steps.ID.output`",
        piece: pieceOf(site, reference),
      });
      continue;
    }
    const target = placed.get(name);
    // A name that is no step, or out of reach, was reported where names are checked.
    if (target === undefined || !isInReach(position, target)) continue;
    // When `finally` starts, everything else has ended.
    if (position.isFinally && !target.isFinally) continue;
    const reader = standInFor(position.group, position.step, target);
    if (reader !== null) visit(reader, target.index, site, reference);
  }
}

interface NamedNeeds {
  /** Each once. */
  readonly of: readonly number[];
  readonly required: number;
  readonly isAll: boolean;
}

const NO_NEEDS: NamedNeeds = { of: [], required: 0, isAll: true };

/** What `needs` names. */
function findNeeds(
  { parsed, scope, group, isFinally }: PlacedStep,
  placed: ReadonlyMap<string, PlacedStep>,
  ids: () => readonly string[],
  problems: Problems,
): NamedNeeds {
  const { step } = parsed;
  if (step.needs === null) return NO_NEEDS;
  const named: number[] = [];
  for (const { name, pointer } of step.needs.of) {
    const target = placed.get(name);
    const isNear = target?.scope === scope && (isFinally || !target.isFinally);
    if (target === undefined || !isNear) {
      if (target === undefined) reportUnknown(step.id, name, pointer, placed, ids(), problems);
      else reportFar(step.id, name, pointer, group, target, problems);
      continue;
    }
    if (isFinally && !target.isFinally) {
      problems.error(pointer, {
        code: "WF3016",
        message: `step '${step.id}' runs in \`finally\`, when '${name}' has ended in any case`,
        help: `take it out of \`needs\`; \`if: steps.${name}.status == 'failed'\` asks how it ended`,
      });
      continue;
    }
    named.push(target.index);
  }
  const { required } = step.needs;
  if (required > step.needs.of.length) {
    problems.error([...step.pointer, "needs"], {
      code: "WF3009",
      message: `step '${step.id}' needs ${required} of ${step.needs.of.length} steps, which can never be`,
      help: `lower \`at_least\` to ${step.needs.of.length}, or name more steps under \`of\``,
    });
  }
  const of = distinct(named);
  return { of, required: Math.min(required, of.length), isAll: required >= step.needs.of.length };
}

function reportUnknown(
  id: string,
  name: string,
  pointer: Pointer,
  placed: ReadonlyMap<string, PlacedStep>,
  ids: readonly string[],
  problems: Problems,
): void {
  const meant = problems.suggest(name, ids);
  const there = meant === null ? undefined : placed.get(meant)?.parsed.step.pointer;
  problems.error(pointer, {
    code: "WF3002",
    message: `step '${id}' needs unknown step '${name}'`,
    help: meant === null ? `name a step of this file${declared(ids)}` : `did you mean '${meant}'?`,
    related: there === undefined ? [] : [{ pointer: there, piece: "key", message: `'${meant}' is here` }],
  });
}

/** A step that there is, in another scope. */
function reportFar(
  id: string,
  name: string,
  pointer: Pointer,
  group: PlacedStep | null,
  target: PlacedStep,
  problems: Problems,
): void {
  const related = [{ pointer: target.parsed.step.pointer, piece: "key" as const, message: `'${name}' is here` }];
  if (target.isFinally && target.group === null) {
    problems.error(pointer, {
      code: "WF3016",
      message: `step '${id}' needs '${name}', which runs in \`finally\`, after everything else has ended`,
      help: "move it from `finally` to `steps`",
      related,
    });
    return;
  }
  const inside = target.group?.parsed.step.id;
  const outside = group?.parsed.step.id;
  problems.error(pointer, {
    code: "WF3015",
    message: `step '${id}' needs '${name}', which is ${inside === undefined ? `outside of the group '${outside}'` : `inside of the group '${inside}'`}`,
    help:
      inside === undefined
        ? `write \`needs: [${name}]\` at '${outside}'; what reads steps.${name} waits for it anyway`
        : `write \`needs: [${inside}]\``,
    related,
  });
}

/** `needs` decides for the steps that it names, the references for all others. */
function groupsOf(derived: readonly number[], named: NamedNeeds): NeedGroup[] {
  const others = without(derived, named.of);
  const all = !named.isAll ? others : others.length === 0 ? named.of : [...others, ...named.of];
  const groups: NeedGroup[] = [];
  if (all.length > 0) groups.push({ of: sorted(all), required: all.length });
  if (!named.isAll && named.of.length > 0) groups.push({ of: sorted(named.of), required: named.required });
  return groups;
}

/** Of so few numbers a set costs more than a search. */
const FEW = 8;

function distinct(numbers: readonly number[]): readonly number[] {
  if (numbers.length < 2) return numbers;
  if (numbers.length > FEW) return [...new Set(numbers)];
  const isFirst = (number: number, index: number): boolean => numbers.indexOf(number) === index;
  return numbers.every(isFirst) ? numbers : numbers.filter(isFirst);
}

function without(numbers: readonly number[], others: readonly number[]): readonly number[] {
  if (numbers.length === 0 || others.length === 0) return numbers;
  const out = new Set(others);
  return numbers.filter((number) => !out.has(number));
}

function sorted(numbers: readonly number[]): readonly number[] {
  const isSorted = numbers.every((number, index) => index === 0 || (numbers[index - 1] as number) <= number);
  return isSorted ? numbers : [...numbers].sort((a, b) => a - b);
}

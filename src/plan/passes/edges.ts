import type { Pointer } from "../../manifest/pointer.ts";
import type { Piece, Problems } from "../problems.ts";
import type { NeedGroup } from "../types.ts";
import { declared } from "./declared.ts";
import type { ParsedScope } from "./parse-templates.ts";
import { insideOf, isInReach, positionOf, standInFor, type PlacedStep, type Position } from "./position.ts";
import { pieceOf, type Site } from "./site.ts";

/** Where in the file a step says that it waits for another. */
export interface EdgePlace {
  readonly pointer: Pointer;
  readonly piece?: Piece;
}

/** What a step waits for, and the first place that says so for each. */
export interface StepEdges {
  readonly groups: readonly NeedGroup[];
  readonly places: ReadonlyMap<number, EdgePlace>;
}

/** The edges of each scope, for its steps in the order of the file. */
export type Edges = ReadonlyMap<ParsedScope, readonly StepEdges[]>;

/**
 * Edges from references and `needs`. A reference from inside of a group to a step around it makes the group wait:
 * the edge is where both have an ancestor.
 */
export function findEdges(top: ParsedScope, placed: ReadonlyMap<string, PlacedStep>, problems: Problems): Edges {
  const places = new Map<PlacedStep, Map<number, EdgePlace>>();
  for (const step of placed.values()) places.set(step, new Map());
  for (const step of placed.values()) {
    for (const site of step.parsed.sites)
      findReads(site, positionOf(step), step.parsed.step.id, placed, places, problems);
    if (step.parsed.body.kind !== "steps") continue;
    for (const site of step.parsed.body.scope.sites) findReads(site, insideOf(step), null, placed, places, problems);
  }
  const edges = new Map<ParsedScope, StepEdges[]>([[top, []]]);
  for (const step of placed.values()) {
    if (step.parsed.body.kind === "steps") edges.set(step.parsed.body.scope, []);
    const own = places.get(step) ?? new Map<number, EdgePlace>();
    const derived = [...own.keys()];
    const named = findNeeds(step, placed, own, problems);
    edges.get(step.scope)?.push({ groups: groupsOf(derived, named), places: own });
  }
  return edges;
}

/** What an expression reads; `id` is the step that reads `steps` as a whole in vain, null where that is allowed. */
function findReads(
  site: Site,
  position: Position,
  id: string | null,
  placed: ReadonlyMap<string, PlacedStep>,
  places: ReadonlyMap<PlacedStep, Map<number, EdgePlace>>,
  problems: Problems,
): void {
  for (const reference of site.references) {
    const [root, name] = reference.path;
    if (root !== "steps") continue;
    if (name === undefined) {
      if (id === null || position.isFinally) continue;
      problems.error(site.pointer, {
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
    const known = reader === null ? undefined : places.get(reader);
    if (known === undefined || known.has(target.index)) continue;
    known.set(target.index, { pointer: site.pointer, piece: pieceOf(site, reference) });
  }
}

interface NamedNeeds {
  readonly of: ReadonlySet<number>;
  readonly required: number;
  readonly isAll: boolean;
}

const NO_NEEDS: NamedNeeds = { of: new Set(), required: 0, isAll: true };

/** What `needs` names; its places join those of the references. */
function findNeeds(
  { parsed, scope, group, isFinally }: PlacedStep,
  placed: ReadonlyMap<string, PlacedStep>,
  places: Map<number, EdgePlace>,
  problems: Problems,
): NamedNeeds {
  const { step } = parsed;
  if (step.needs === null) return NO_NEEDS;
  const of = new Set<number>();
  for (const { name, pointer } of step.needs.of) {
    const target = placed.get(name);
    const isNear = target?.scope === scope && (isFinally || !target.isFinally);
    if (target === undefined || !isNear) {
      if (target === undefined) reportUnknown(step.id, name, pointer, placed, problems);
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
    of.add(target.index);
    if (!places.has(target.index)) places.set(target.index, { pointer });
  }
  const { required } = step.needs;
  if (required > step.needs.of.length) {
    problems.error([...step.pointer, "needs"], {
      code: "WF3009",
      message: `step '${step.id}' needs ${required} of ${step.needs.of.length} steps, which can never be`,
      help: `lower \`at_least\` to ${step.needs.of.length}, or name more steps under \`of\``,
    });
  }
  return { of, required: Math.min(required, of.size), isAll: required >= step.needs.of.length };
}

function reportUnknown(
  id: string,
  name: string,
  pointer: Pointer,
  placed: ReadonlyMap<string, PlacedStep>,
  problems: Problems,
): void {
  const ids = [...placed.keys()];
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
  const all = derived.filter((index) => !named.of.has(index));
  if (named.isAll) all.push(...named.of);
  const groups: NeedGroup[] = [];
  if (all.length > 0) groups.push({ of: sorted(all), required: all.length });
  if (!named.isAll && named.of.size > 0) groups.push({ of: sorted(named.of), required: named.required });
  return groups;
}

function sorted(indices: Iterable<number>): number[] {
  return [...indices].sort((a, b) => a - b);
}

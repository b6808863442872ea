import type { NormalStep } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Piece, Problems } from "../problems.ts";
import type { NeedGroup } from "../types.ts";
import { declared } from "./declared.ts";
import type { ParsedStep } from "./parse-templates.ts";
import { pieceOf } from "./site.ts";

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

/** Edges from references and `needs`, for the steps in the order of the file. */
export function findEdges(steps: readonly ParsedStep[], problems: Problems): StepEdges[] {
  const ids = steps.map(({ step }) => step.id);
  const positions = new Map(ids.map((id, index) => [id, index]));
  return steps.map((parsed) => {
    const places = findReads(parsed, positions, problems);
    const derived = new Set(places.keys());
    return { groups: groupsOf(derived, findNeeds(parsed.step, ids, positions, places, problems)), places };
  });
}

/** What the expressions of a step read. */
function findReads(
  parsed: ParsedStep,
  positions: ReadonlyMap<string, number>,
  problems: Problems,
): Map<number, EdgePlace> {
  const places = new Map<number, EdgePlace>();
  for (const site of parsed.sites) {
    for (const reference of site.references) {
      if (reference.path[0] !== "steps") continue;
      const [, id] = reference.path;
      if (id === undefined) {
        problems.error(site.pointer, {
          code: "WF3007",
          message: `step '${parsed.step.id}' reads \`steps\` as a whole, so it cannot be told what it waits for`,
          help: "name the step: `steps.ID.output`",
          piece: pieceOf(site, reference),
        });
        continue;
      }
      // A name that is no step was reported where names are checked.
      const index = positions.get(id);
      if (index !== undefined && !places.has(index)) {
        places.set(index, { pointer: site.pointer, piece: pieceOf(site, reference) });
      }
    }
  }
  return places;
}

interface NamedNeeds {
  readonly of: ReadonlySet<number>;
  readonly required: number;
  readonly isAll: boolean;
}

/** What `needs` names; its places join those of the references. */
function findNeeds(
  step: NormalStep,
  ids: readonly string[],
  positions: ReadonlyMap<string, number>,
  places: Map<number, EdgePlace>,
  problems: Problems,
): NamedNeeds {
  const of = new Set<number>();
  if (step.needs === null) return { of, required: 0, isAll: true };
  for (const { name, pointer } of step.needs.of) {
    const index = positions.get(name);
    if (index === undefined) {
      const meant = problems.suggest(name, ids);
      problems.error(pointer, {
        code: "WF3002",
        message: `step '${step.id}' needs unknown step '${name}'`,
        help: meant === null ? `name a step of this file${declared(ids)}` : `did you mean '${meant}'?`,
        related: meant === null ? [] : [{ pointer: ["steps", meant], piece: "key", message: `'${meant}' is here` }],
      });
      continue;
    }
    of.add(index);
    if (!places.has(index)) places.set(index, { pointer });
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

/** `needs` decides for the steps that it names, the references for all others. */
function groupsOf(derived: ReadonlySet<number>, named: NamedNeeds): NeedGroup[] {
  const all = [...derived].filter((index) => !named.of.has(index));
  if (named.isAll) all.push(...named.of);
  const groups: NeedGroup[] = [];
  if (all.length > 0) groups.push({ of: sorted(all), required: all.length });
  if (!named.isAll && named.of.size > 0) groups.push({ of: sorted(named.of), required: named.required });
  return groups;
}

function sorted(indices: Iterable<number>): number[] {
  return [...indices].sort((a, b) => a - b);
}

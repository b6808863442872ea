import { lazy } from "../../util/lazy.ts";
import { cyclesOf } from "../graph.ts";
import type { Problems } from "../problems.ts";
import type { EdgePlace } from "./edge-place.ts";
import { findPlaces, type Edges } from "./edges.ts";
import type { FileEdge } from "./file-edges.ts";
import type { ParsedStep } from "./parse-templates.ts";
import type { PlacedStep } from "./position.ts";

/** How many steps of a cycle are written out. */
const MOST_SHOWN = 12;

/** Reports steps that wait for one another: one problem for each knot of them, at the place that closes it. */
export function checkCycles(
  edges: Edges,
  placed: ReadonlyMap<string, PlacedStep>,
  fileEdges: readonly FileEdge[],
  problems: Problems,
): void {
  const places = lazy(() => findPlaces(placed, fileEdges));
  for (const [{ steps }, inside] of edges) {
    const placeOf = (index: number, need: number): EdgePlace => {
      const { id = "", pointer = [] } = steps[index]?.step ?? {};
      const step = placed.get(id);
      return (step && places().get(step)?.get(need)) ?? { pointer };
    };
    for (const round of cyclesOf(inside.map(({ waits }) => waits))) report(round, steps, placeOf, problems);
  }
}

function report(
  round: readonly number[],
  steps: readonly ParsedStep[],
  placeOf: (index: number, need: number) => EdgePlace,
  problems: Problems,
): void {
  // `round` goes from a step to what it waits for; people read it in the direction in which steps run.
  const path = [round[0] as number, ...round.slice(1).reverse(), round[0] as number];
  const names = path.map((index) => steps[index]?.step.id ?? "");
  const [first = 0] = path;
  const before = path.at(-2) ?? first;
  const related = path
    .slice(1, -1)
    .slice(0, MOST_SHOWN)
    .map((index, at) => ({
      ...placeOf(index, path[at] as number),
      message: `'${names[at + 1]}' waits for '${names[at]}' here`,
    }));
  const { pointer, ...piece } = placeOf(first, before);
  problems.error(pointer, {
    code: "WF3001",
    message:
      names.length === 2
        ? `step '${names[0]}' waits for itself`
        : `these steps wait for one another: ${shown(names).join(" -> ")}`,
    help:
      names.length === 2
        ? "a step cannot read its own output"
        : "take one of these references away, or move what both need into a step before them",
    ...piece,
    related,
  });
}

function shown(names: readonly string[]): readonly string[] {
  if (names.length <= MOST_SHOWN) return names;
  return [...names.slice(0, MOST_SHOWN - 2), `(${names.length - MOST_SHOWN} more)`, ...names.slice(-2)];
}

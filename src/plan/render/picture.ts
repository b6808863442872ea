import type { Estimate, StepEstimate } from "../estimate.ts";
import type { Plan } from "../types.ts";
import { arrowsOf, boxesIn, type Arrow, type Box } from "./box.ts";

/** The steps of a scope as they are drawn, with what is inside of them. */
export interface Picture {
  /** In the order of the file. */
  readonly nodes: readonly PictureNode[];
  /** Between positions of `nodes`. */
  readonly arrows: readonly Arrow[];
}

export interface PictureNode {
  readonly box: Box;
  /** Made of positions: `s0`, `s0_2`. No text of a manifest is in it. */
  readonly name: string;
  /** `group/inner`: how people write it, and how a run tells how it stands. */
  readonly path: string;
  /** What a group or a sub-workflow frames; null for other steps, and where a workflow is used again. */
  readonly inside: Picture | null;
}

/** All steps of a plan as a picture. A workflow that is used several times is drawn inside of the first step alone. */
export function pictureOf(plan: Plan, estimate: Estimate): Picture {
  const drawn = new Set<number>();
  const draw = (scope: number, estimates: readonly StepEstimate[], prefix: string, around: string): Picture => {
    drawn.add(scope);
    const boxes = boxesIn(plan, scope, estimates);
    const nodes = boxes.map((box, position): PictureNode => {
      const { body, id } = box.step;
      const [name, path] = [`${prefix}${position}`, `${around}${id}`];
      const inner = body.kind === "steps" || body.kind === "uses" ? body.scope : null;
      const isNew = inner !== null && !drawn.has(inner);
      return {
        box,
        name,
        path,
        inside: isNew ? draw(inner, estimates[position]?.steps ?? [], `${name}_`, `${path}/`) : null,
      };
    });
    return { nodes, arrows: arrowsOf(boxes) };
  };
  return draw(0, estimate.steps, "s", "");
}

/** All nodes of a picture, outer ones before those inside of them. */
export function* nodesWithin({ nodes }: Picture): Generator<PictureNode> {
  for (const node of nodes) {
    yield node;
    if (node.inside !== null) yield* nodesWithin(node.inside);
  }
}

import type { GateStatus } from "../../../src/expression/scope.ts";
import type { AttemptOutcome } from "../../../src/run/scheduler/event.ts";
import type { Graph, StepNode } from "../../../src/run/scheduler/graph.ts";
import { afterJudgement, afterOutcome, firstPosition, joinOf, required, type Move } from "./rule.ts";
import { attemptName, childPath, isComparable, resultLine, unitName, type StepResult } from "./result.ts";
import { groupFailure, judgementOf, outcomeOf, verdictOf, type World } from "./world.ts";

/**
 * What a run comes to when nobody disturbs it, worked out one step after another, without time, slots or
 * events: the result of every step whose end does not depend on the order of arrival, and of the run.
 */
export function expectedResults(graph: Graph, world: World): ReadonlyMap<string, string> {
  const results = new Map<string, string>();
  const failed = scopeFails({ graph, world, results }, 0, "", true, 0);
  results.set("run", failed ? "failed" : "succeeded");
  return results;
}

interface Reading {
  readonly graph: Graph;
  readonly world: World;
  readonly results: Map<string, string>;
}

/** Reads a scope; true when a step in it failed uncaught. */
function scopeFails(reading: Reading, index: number, path: string, comparable: boolean, depth: number): boolean {
  const nodes = reading.graph.scopes[index]?.nodes ?? [];
  const ended: StepResult[] = [];
  const order = [...nodes.keys()].toSorted((a, b) => Number(nodes[a]?.isFinally) - Number(nodes[b]?.isFinally));
  let scopeFailed = false;
  let bodyFailed = false;
  for (const step of order) {
    const node = nodes[step] as StepNode;
    const name = `${path}${step}`;
    const result = stepResult(reading, node, name, needsOf(node, ended, bodyFailed), comparable, depth);
    ended[step] = result;
    if (result.status === "failed" && !result.caught) scopeFailed = true;
    if (!node.isFinally) bodyFailed = scopeFailed;
    if (comparable) reading.results.set(name, resultLine(node, result));
  }
  return scopeFailed;
}

function needsOf(node: StepNode, ended: readonly StepResult[], bodyFailed: boolean): GateStatus {
  const isWell = (step: number): boolean => ended[step]?.status === "succeeded" || ended[step]?.caught === true;
  const holds = node.needs.every((group) => group.of.filter(isWell).length >= group.required);
  const someFailed = node.needs.some((group) =>
    group.of.some((step) => {
      const need = ended[step] as StepResult;
      return (need.status === "failed" && !need.caught) || need.cause === "upstream";
    }),
  );
  const failure = someFailed || (node.isFinally && bodyFailed);
  return { success: holds && !(node.isFinally && failure), failure, cancelled: false };
}

function stepResult(
  reading: Reading,
  node: StepNode,
  name: string,
  status: GateStatus,
  comparable: boolean,
  depth: number,
): StepResult {
  const nothing = { caught: false, class: null, cause: null } as const;
  if (!status.success && !node.whenSettled)
    return { ...nothing, status: "skipped", cause: status.failure ? "upstream" : "condition" };
  const verdict = node.gated
    ? verdictOf(reading.world, name, node, status, mostItems(depth))
    : ({ kind: "run", items: null } as const);
  if (verdict.kind === "skip") return { ...nothing, status: "skipped", cause: "condition" };
  if (verdict.kind === "fail") return { ...nothing, status: "failed", class: verdict.class, caught: node.caught };
  const items = verdict.items ?? 1;
  const ends = Array.from({ length: items }, (_, item) =>
    unitEnd(reading, node, unitName(node, name, item), comparable, depth),
  );
  const failures = ends.filter((end) => end.status === "failed");
  const isOverBudget = failures.some((end) => end.class === "budget") && joinOf(node).kind !== "any";
  if (!isOverBudget && items - failures.length >= required(joinOf(node), items))
    return { ...nothing, status: "succeeded" };
  const failureClass = failures.some((end) => end.class === "budget") ? "budget" : (failures[0]?.class ?? "output");
  return { ...nothing, status: "failed", class: failureClass, caught: node.caught && failureClass !== "budget" };
}

function unitEnd(
  reading: Reading,
  node: StepNode,
  name: string,
  comparable: boolean,
  depth: number,
): Extract<Move, { kind: "end" }> {
  let at = firstPosition;
  for (;;) {
    const attempt = attemptName(name, at);
    let move = afterOutcome(node, at, attemptOutcome(reading, node, attempt, comparable, depth), 0);
    if (move.kind === "judge") move = afterJudgement(node, at, judgementOf(reading.world, attempt));
    if (move.kind === "end") return move;
    if (move.kind === "start") at = move.at;
  }
}

function attemptOutcome(
  reading: Reading,
  node: StepNode,
  name: string,
  comparable: boolean,
  depth: number,
): AttemptOutcome {
  if (node.childScope === null) return outcomeOf(reading.world, name, node);
  const failed = scopeFails(reading, node.childScope, childPath(name), comparable && isComparable(node), depth + 1);
  return failed ? groupFailure(reading.world, name) : { kind: "succeeded" };
}

/** Lists inside groups are shorter, so that the runs stay short. */
export function mostItems(depth: number): number {
  return depth === 0 ? 5 : 2;
}

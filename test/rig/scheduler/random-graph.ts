import fc from "fast-check";
import type { FailureClass, Join, NeedGroup } from "../../../src/plan/types.ts";
import { scopeGraph, type Graph, type ScopeGraph, type StepNode } from "../../../src/run/scheduler/graph.ts";

/** A step as it is drawn. Needs are any numbers: they are folded onto the steps that stand before it. */
interface DrawnStep {
  readonly needs: readonly { readonly of: readonly number[]; readonly rule: "all" | "any" | "two" }[];
  readonly settled: boolean;
  readonly gated: boolean;
  readonly fan: { readonly maxParallel: number | null; readonly failFast: boolean; readonly join: Join } | null;
  readonly repeat: { readonly max: number; readonly delayMs: number } | null;
  readonly stages: number;
  readonly judged: boolean;
  readonly retry: {
    readonly maxAttempts: number;
    readonly delayMs: number;
    readonly exponential: boolean;
    readonly jitter: boolean;
  };
  readonly caught: boolean;
  readonly isFinally: boolean;
  readonly inner: readonly DrawnStep[] | null;
}

const retriable: readonly FailureClass[] = ["network", "timeout", "server"];

/** Mostly plain, sometimes the other. Shrinks to the plain. */
function seldom<T, P>(arbitrary: fc.Arbitrary<T>, plain: P, oneIn = 4): fc.Arbitrary<T | P> {
  return fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(plain) }, { weight: 1, arbitrary });
}

const needs = fc.array(
  fc.record({ of: fc.array(fc.nat(63), { minLength: 1, maxLength: 3 }), rule: fc.constantFrom("all", "any", "two") }),
  { maxLength: 2 },
);
const join = fc.constantFrom<Join>(
  { kind: "all" },
  { kind: "any" },
  { kind: "settled" },
  { kind: "at_least", count: 1 },
  { kind: "at_least", count: 2 },
);
const fan = fc.record({ maxParallel: fc.option(fc.integer({ min: 1, max: 3 })), failFast: fc.boolean(), join });
const repeat = fc.record({ max: fc.integer({ min: 1, max: 3 }), delayMs: fc.constantFrom(0, 10) });
const retry = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  delayMs: fc.constantFrom(0, 100),
  exponential: fc.boolean(),
  jitter: fc.boolean(),
});

function drawnStep(depth: number): fc.Arbitrary<DrawnStep> {
  const inner =
    depth === 0 ? fc.constant(null) : seldom(fc.array(drawnStep(depth - 1), { maxLength: 4, size: "max" }), null, 8);
  return fc.record({
    needs,
    settled: seldom(fc.constant(true), false, 6),
    gated: seldom(fc.constant(true), false, 3),
    fan: seldom(fan, null),
    repeat: seldom(repeat, null, 6),
    stages: seldom(fc.integer({ min: 2, max: 3 }), 1),
    judged: seldom(fc.constant(true), false, 8),
    retry,
    caught: seldom(fc.constant(true), false),
    isFinally: seldom(fc.constant(true), false, 9),
    inner,
  });
}

/** Graphs of up to `mostSteps` steps with every layer of the language, groups to depth 3. */
export function randomGraph(mostSteps: number): fc.Arbitrary<Graph> {
  // Without the bias to short lists, or most graphs would be too small to be interesting.
  const list = (most: number) => fc.noBias(fc.array(drawnStep(3), { minLength: 3, maxLength: most, size: "max" }));
  const steps = fc.oneof(
    { weight: 1, arbitrary: list(Math.min(12, mostSteps)) },
    { weight: 1, arbitrary: list(mostSteps) },
  );
  return fc
    .record({
      steps,
      slots: fc.integer({ min: 1, max: 6 }),
      breakerFailures: seldom(fc.integer({ min: 1, max: 4 }), null, 6),
    })
    .map(({ steps: drawn, slots, breakerFailures }) => {
      const scopes: ScopeGraph[] = [];
      addScope(drawn, scopes);
      return { scopes, slots, breakerFailures };
    });
}

function addScope(steps: readonly DrawnStep[], scopes: ScopeGraph[]): number {
  const index = scopes.length;
  scopes.push({ nodes: [], dependants: [] });
  const nodes = steps.map((step, i): StepNode => {
    const candidates = steps.flatMap((other, j) => (j < i && other.isFinally === step.isFinally ? [j] : []));
    const childScope = step.inner === null ? null : addScope(step.inner, scopes);
    const isGroup = childScope !== null;
    return {
      needs: step.needs.flatMap((group) => needGroup(group, candidates)),
      whenSettled: step.settled || step.isFinally,
      gated: step.gated || step.fan !== null,
      fan: step.fan === null ? null : { ...step.fan, failFast: step.fan.failFast && step.fan.join.kind !== "settled" },
      // Groups multiply what is inside them: fewer rounds keep the runs short.
      repeat: step.repeat === null || !isGroup ? step.repeat : { ...step.repeat, max: Math.min(2, step.repeat.max) },
      stages: isGroup ? 1 : step.stages,
      judged: step.judged && step.repeat === null,
      retry: {
        maxAttempts: isGroup ? Math.min(2, step.retry.maxAttempts) : step.retry.maxAttempts,
        backoff: step.retry.exponential ? "exponential" : "fixed",
        delayMs: step.retry.delayMs,
        maxDelayMs: 150,
        jitter: step.retry.jitter,
        on: new Set(retriable),
      },
      caught: step.caught,
      childScope,
      isFinally: step.isFinally,
    };
  });
  scopes[index] = scopeGraph(nodes);
  return index;
}

function needGroup(group: DrawnStep["needs"][number], candidates: readonly number[]): NeedGroup[] {
  if (candidates.length === 0) return [];
  const of = [...new Set(group.of.map((n) => candidates[n % candidates.length] as number))];
  const required = group.rule === "all" ? of.length : Math.min(group.rule === "any" ? 1 : 2, of.length);
  return [{ of, required }];
}

import type { Join, NeedGroup } from "../../../src/plan/types.ts";
import {
  scopeGraph,
  type FanRule,
  type Graph,
  type RetryRule,
  type ScopeGraph,
  type StepNode,
} from "../../../src/run/scheduler/graph.ts";

/** A step in as few words as its story needs; what is left out is the plainest. */
export interface StepSketch {
  /** One name or several that must all succeed, or groups: `{ any: ["a", "b"] }`, `{ atLeast: 2, of: ["a", "b", "c"] }`. */
  readonly needs?: string | readonly (string | NeedSketch)[];
  /** `if` looks at failures: ready when every need has ended. */
  readonly settled?: boolean;
  /** It has an `if`. */
  readonly gated?: boolean;
  /** It has a `for_each`: `each: {}` is join `all` without limits. Implies `gated`. */
  readonly each?: Partial<FanRule>;
  readonly repeat?: { readonly max: number; readonly delayMs?: number };
  readonly stages?: number;
  readonly judged?: boolean;
  readonly retry?: Partial<RetryRule>;
  readonly caught?: boolean;
  /** It is a group. */
  readonly steps?: Sketch;
  readonly finally?: boolean;
}

export type NeedSketch =
  | { readonly any: readonly string[] }
  | { readonly atLeast: number; readonly of: readonly string[] };

export interface Sketch {
  readonly [name: string]: StepSketch;
}

/** A graph with the names of its steps, scope by scope. */
export interface Workflow {
  readonly graph: Graph;
  readonly names: readonly (readonly string[])[];
}

export const atLeast = (count: number): Join => ({ kind: "at_least", count });

/** Tried once: `maxAttempts: 1`. With more, `network` and `timeout` are tried again after 1 s, without jitter. */
const plainRetry: RetryRule = {
  maxAttempts: 1,
  backoff: "fixed",
  delayMs: 1000,
  maxDelayMs: 60_000,
  jitter: false,
  on: new Set(["network", "timeout"]),
};

/** Builds the graph that a sketch means. */
export function workflow(sketch: Sketch, limits: { slots?: number; breakerFailures?: number } = {}): Workflow {
  const scopes: ScopeGraph[] = [];
  const names: string[][] = [];
  addScope(sketch, scopes, names);
  return { graph: { scopes, slots: limits.slots ?? 8, breakerFailures: limits.breakerFailures ?? null }, names };
}

function addScope(sketch: Sketch, scopes: ScopeGraph[], names: string[][]): number {
  const index = scopes.length;
  const scopeNames = Object.keys(sketch);
  scopes.push({ nodes: [], dependants: [] });
  names.push(scopeNames);
  const nodes = Object.values(sketch).map((step): StepNode => {
    const fan =
      step.each === undefined
        ? null
        : { maxParallel: null, failFast: false, join: { kind: "all" } as const, ...step.each };
    return {
      needs: needGroups(step, scopeNames),
      whenSettled: step.settled ?? step.finally ?? false,
      gated: step.gated ?? fan !== null,
      fan,
      repeat: step.repeat === undefined ? null : { delayMs: 0, ...step.repeat },
      stages: step.stages ?? 1,
      judged: step.judged ?? false,
      retry: { ...plainRetry, ...step.retry },
      caught: step.caught ?? false,
      childScope: step.steps === undefined ? null : addScope(step.steps, scopes, names),
      isFinally: step.finally ?? false,
    };
  });
  scopes[index] = scopeGraph(nodes);
  return index;
}

function needGroups(step: StepSketch, names: readonly string[]): NeedGroup[] {
  const index = (name: string): number => {
    const found = names.indexOf(name);
    if (found < 0) throw new Error(`no step '${name}' in this sketch`);
    return found;
  };
  const needs = typeof step.needs === "string" ? [step.needs] : (step.needs ?? []);
  const plain = needs.filter((need) => typeof need === "string");
  const groups = needs
    .filter((need) => typeof need !== "string")
    .map((need): NeedGroup => {
      const of = "any" in need ? need.any : need.of;
      return { of: of.map(index), required: "any" in need ? 1 : need.atLeast };
    });
  return plain.length === 0 ? groups : [{ of: plain.map(index), required: plain.length }, ...groups];
}

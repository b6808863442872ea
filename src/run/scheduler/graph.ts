import type { FailureClass, Join, NeedGroup } from "../../plan/types.ts";

/** What the scheduler knows of a plan: shape and rules, no values, no texts. Scope 0 is the workflow. */
export interface Graph {
  readonly scopes: readonly ScopeGraph[];
  /** How many attempts may hold a slot at once. */
  readonly slots: number;
  /** `circuit_breaker` with scope `run`: so many units failed for good in a row stop the run; null = never. */
  readonly breakerFailures: number | null;
}

export interface ScopeGraph {
  readonly nodes: readonly StepNode[];
  /** For each step, who waits for it: the dependant and the need group that counts it. */
  readonly dependants: readonly (readonly Dependant[])[];
}

export interface Dependant {
  readonly step: number;
  readonly group: number;
}

/** One step of a scope; indices of `needs` are positions in the same scope. */
export interface StepNode {
  readonly needs: readonly NeedGroup[];
  /** Ready only when every need is terminal, and asked even if one failed (`always()`, `failure()`, `finally`). */
  readonly whenSettled: boolean;
  /** The engine must be asked before units exist: there is an `if` or a `for_each`. */
  readonly gated: boolean;
  readonly fan: FanRule | null;
  readonly repeat: { readonly max: number; readonly delayMs: number } | null;
  /** The primary and its `fallback`s, or the entries of `handoff`; at least 1. */
  readonly stages: number;
  /** A stage's success counts only when the engine's `accept` says so (`handoff`). */
  readonly judged: boolean;
  readonly retry: RetryRule;
  /** `on_error` is not `fail`. */
  readonly caught: boolean;
  /** The scope that each unit of this step opens (groups, sub-workflows); null for a leaf. Such units hold no slot. */
  readonly childScope: number | null;
  readonly isFinally: boolean;
}

export interface FanRule {
  /** null = as many as there are slots. */
  readonly maxParallel: number | null;
  readonly failFast: boolean;
  readonly join: Join;
}

export interface RetryRule {
  readonly maxAttempts: number;
  readonly backoff: "fixed" | "exponential";
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: boolean;
  readonly on: ReadonlySet<FailureClass>;
}

/** A lost attempt (the runner died) is started again this often, and then fails. SEMANTICS.md, "Resume". */
export const MAX_LOST = 3;

/** Adds to the nodes of a scope who waits for whom. */
export function scopeGraph(nodes: readonly StepNode[]): ScopeGraph {
  const dependants: Dependant[][] = nodes.map(() => []);
  nodes.forEach((node, step) => {
    node.needs.forEach(({ of }, group) => {
      for (const need of of) dependants[need]?.push({ step, group });
    });
  });
  return { nodes, dependants };
}

import type { Plan, PlannedFan, PlannedModel, PlannedScope, PlannedStep } from "../../../src/plan/types.ts";

/** A step that does nothing much; give what matters to the test. */
export function stepOf(step: Partial<PlannedStep> & { readonly id: string }): PlannedStep {
  return {
    description: null,
    body: { kind: "value", value: { kind: "literal", value: null } },
    needs: [],
    condition: null,
    whenSettled: false,
    fan: null,
    retry: { maxAttempts: 1, backoff: "exponential", delayMs: 1000, maxDelayMs: 60_000, jitter: true, on: [] },
    timeoutMs: 600_000,
    onError: { kind: "fail" },
    output: null,
    effect: "none",
    isFinally: false,
    repeat: null,
    fallback: [],
    workspace: "repo",
    simulate: null,
    ...step,
  };
}

/** A list without anything special; give the items. */
export const wholeFan: PlannedFan = {
  variable: "item",
  items: { kind: "literal", value: [] },
  glob: null,
  itemKey: null,
  batch: null,
  maxItems: 1000,
  maxParallel: null,
  failFast: false,
  join: { kind: "all" },
  size: null,
};

/** Steps in this order, each with the names of what it needs. */
export function scopeOf(needs: { readonly [id: string]: readonly string[] }, finallyIds: string[] = []): PlannedScope {
  const ids = Object.keys(needs);
  const positions = new Map(ids.map((id, index) => [id, index]));
  const steps = ids.map((id) => {
    const of = (needs[id] ?? []).map((need) => positions.get(need) as number).sort((a, b) => a - b);
    const groups = of.length === 0 ? [] : [{ of, required: of.length }];
    return stepOf({ id, needs: groups, isFinally: finallyIds.includes(id) });
  });
  return { steps, outputs: {}, workflow: null };
}

/** A model with nothing set but what is given. */
export function modelOf(id: string, model: Partial<PlannedModel> = {}): PlannedModel {
  const slash = id.indexOf("/");
  return {
    id,
    provider: id.slice(0, slash),
    model: id.slice(slash + 1),
    baseUrl: null,
    apiKeySecret: null,
    maxTokens: 1000,
    temperature: null,
    effort: null,
    price: null,
    ...model,
  };
}

/** A plan of these steps. Its digest is a mere placeholder. */
export function planOf(steps: readonly PlannedStep[], plan: Partial<Plan> = {}): Plan {
  return {
    format: 1,
    workflow: { name: "test", version: null, description: null },
    inputs: {},
    env: {},
    secrets: [],
    agents: {},
    limits: { concurrency: 8, timeoutMs: 3_600_000, graceMs: 30_000 },
    scopes: [{ steps, outputs: {}, workflow: null }],
    digest: "0".repeat(64),
    ...plan,
  };
}

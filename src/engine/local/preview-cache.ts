import type { Plan } from "../../plan/types.ts";
import type { ScopeRecord } from "../../run/state.ts";
import type { JsonObject } from "../../util/json.ts";
import { FactIndex } from "./fact-index.ts";
import type { readRun } from "./read-run.ts";
import { recall } from "./recall.ts";
import { evaluateEnv } from "./scope-entry.ts";
import { coreOptions } from "./surroundings.ts";

/** Units of a step, by its path, that the cache answers. */
export interface CachedUnits {
  readonly path: string;
  readonly units: number;
}

/**
 * What the cache would answer if a run started now with these inputs, as far as its own answers tell: a step that reads
 * what has to be done first is not known. Does nothing and writes nothing.
 */
export function previewCache(
  plan: Plan,
  inputs: JsonObject,
  around: Parameters<typeof readRun>[2],
): readonly CachedUnits[] {
  const { name, version } = plan.workflow;
  const startedAt = around.clock.now();
  const run = { id: "preview", name, version, started_at: new Date(startedAt).toISOString() };
  const secrets = Object.fromEntries(plan.secrets.map((secret) => [secret, `[secret:${secret}]`]));
  const env = evaluateEnv(plan.env, { inputs, run }, { ...around, secrets }, false);
  if (!env.ok) return [];
  const info = { runId: "preview", plan, startedAt, inputs };
  const frozen = { inputs, env: env.value, run, choice: {} };
  const core = coreOptions(plan, info, frozen, new FactIndex(), {
    ...around,
    secrets,
    concurrency: null,
    unitFiles: null,
    cache: null,
  });
  if (!core.ok) return [];
  const nobody = (): Promise<never> => Promise.reject(new Error("a preview takes no files over"));
  const cache = { find: (key: string) => around.store.cache.find(key), adopt: nobody, hand: nobody };
  const { record } = recall({ ...core.value, cache, keep: (value) => ({ inline: value }) });
  return cachedIn(record);
}

function cachedIn(scope: ScopeRecord): readonly CachedUnits[] {
  return scope.steps.flatMap((step) => [
    ...(step.cached > 0 ? [{ path: step.path, units: step.cached }] : []),
    ...[step.inner, ...(step.items ?? []).map(({ inner }) => inner)].flatMap((inner) => (inner ? cachedIn(inner) : [])),
  ]);
}

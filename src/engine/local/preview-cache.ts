import type { Plan } from "../../plan/types.ts";
import { idsOfPath } from "../../run/attempt-key.ts";
import type { ScopeRecord } from "../../run/state.ts";
import type { JsonObject } from "../../util/json.ts";
import { FactIndex } from "./fact-index.ts";
import type { readRun } from "./read-run.ts";
import { recall } from "./recall.ts";
import { evaluateEnv } from "./scope-entry.ts";
import { coreOptions } from "./surroundings.ts";

/** Units of a step that the cache answers. */
export interface CachedUnits {
  /** Without items: `each/inner` is the step in all items of `each`. */
  readonly path: string;
  readonly units: number;
  /** Of so many. */
  readonly of: number;
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
  const units = new Map<string, CachedUnits>();
  countIn(record, units);
  return [...units.values()].filter((step) => step.units > 0);
}

function countIn(scope: ScopeRecord, counts: Map<string, CachedUnits>): void {
  for (const { path: place, items, cached, inner } of scope.steps) {
    const path = idsOfPath(place);
    const before = counts.get(path) ?? { path, units: 0, of: 0 };
    const units = items === null ? Math.min(1, cached) : items.filter(({ isFromCache }) => isFromCache === true).length;
    counts.set(path, { path, units: before.units + units, of: before.of + (items?.length ?? 1) });
    for (const inside of [inner, ...(items ?? []).map((item) => item.inner)])
      if (inside !== null) countIn(inside, counts);
  }
}

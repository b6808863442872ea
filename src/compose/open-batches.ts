import { modelsOf } from "../plan/step-digest.ts";
import type { Plan } from "../plan/types.ts";
import { readTicket } from "../provider/batch/ticket.ts";
import type { Provider } from "../provider/provider.ts";
import { attemptOfTicket } from "../run/attempt-key.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "../util/clock.ts";
import type { Environment } from "./environment.ts";
import { readValue } from "../engine/local/stored-value.ts";
import { liveProviders, missingKeys } from "./providers.ts";

/** The ids of batches that hold calls of a run which nobody has answered yet. */
export function openBatches(store: Store, runId: string): readonly string[] {
  const ended = new Set<string>();
  const batches = new Map<string, string>();
  for (const { key, state, output } of store.readFacts(runId)) {
    const attempt = attemptOfTicket(key);
    if (attempt === null) {
      if (state === "succeeded" || state === "failed") ended.add(key);
      continue;
    }
    const batch = output === null ? null : (readTicket(readValue(store, output))?.batch ?? null);
    if (batch !== null) batches.set(attempt, batch);
  }
  return [...new Set([...batches].filter(([attempt]) => !ended.has(attempt)).map(([, batch]) => batch))];
}

/** Asks the providers of a plan to stop these batches; null = they were asked, else why not, a sentence. */
export async function cancelBatches(
  ids: readonly string[],
  plan: Plan,
  env: Environment,
  clock: Clock,
): Promise<string | null> {
  const unset = plan.secrets.filter((name) => !env[name]).map((name) => `secret ${name} is not set`);
  const missing = [...unset, ...missingKeys(plan, env)];
  if (missing.length > 0) return missing.join("; ");
  const secrets = Object.fromEntries(plan.secrets.map((name) => [name, env[name] ?? ""]));
  const providerFor = liveProviders(env, secrets, clock, true);
  const steps = plan.scopes
    .flatMap((scope) => scope.steps)
    .filter(({ body }) => body.kind === "agent" && body.batchApi === true);
  const providers = new Set<Provider>(steps.flatMap((step) => modelsOf(plan, step)).map((model) => providerFor(model)));
  // An id that is not one of its own means nothing to a provider.
  for (const provider of providers) for (const id of ids) await provider.cancelBatch?.(id);
  return null;
}

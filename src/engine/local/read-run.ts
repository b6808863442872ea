import type { Plan } from "../../plan/types.ts";
import type { Failure } from "../../run/failure.ts";
import type { RunInfo } from "../../run/state.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { RunSummary, Store } from "../../store/store.ts";
import { isJsonObject, type JsonObject } from "../../util/json.ts";
import { ok, type Result } from "../../util/result.ts";
import { FactIndex } from "./fact-index.ts";
import { recall, type Recall } from "./recall.ts";
import { readValue } from "./stored-value.ts";
import { coreOptions, type Frozen, type Surroundings } from "./surroundings.ts";

/** Reads a run as its facts tell it: for `show`, writes nothing. */
export function readRun(
  summary: RunSummary,
  plan: Plan,
  around: Pick<Surroundings, "store" | "evaluator" | "check" | "glob" | "file" | "repository" | "handlers" | "clock">,
): Result<Recall & { readonly facts: FactIndex }, Failure> {
  const frozen = summary.frozen as unknown as Frozen;
  const info: RunInfo = { runId: summary.runId, plan, startedAt: summary.startedAt, inputs: frozen.inputs };
  const facts = new FactIndex(around.store.readFacts(summary.runId));
  const core = coreOptions(plan, info, frozen, facts, {
    ...around,
    secrets: Object.fromEntries(plan.secrets.map((name) => [name, `[secret:${name}]`])),
    concurrency: null,
    unitFiles: null,
    cache: null,
  });
  return core.ok ? ok({ ...recall({ ...core.value, isTold: true }), facts }) : core;
}

/** The plan that the newest start of a run used, read from its events; null when the run never started. */
export function planOfRun(store: Store, runId: string): Plan | null {
  let kept: JsonObject | null = null;
  for (const { type, data } of store.readEvents(runId)) {
    const ref = type === "run.started" ? data?.["plan"] : undefined;
    if (isJsonObject(ref)) kept = ref;
  }
  return kept === null ? null : (readValue(store, kept as unknown as ValueRef) as unknown as Plan);
}

import type { Plan } from "../../plan/types.ts";
import { addChildren } from "../../run/child.ts";
import type { StoredEvent } from "../../run/event.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { RunInfo } from "../../run/state.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { RunSummary, Store } from "../../store/store.ts";
import { isJsonObject, jsonText, type JsonObject } from "../../util/json.ts";
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
  if (!core.ok) return core;
  const { status, runId } = summary;
  // Over, and not by its own facts: a person, its time limit or a breaker ended it.
  const stopped =
    status === "cancelled" || status === "failed" ? { as: status, failure: failureOfRun(around.store, runId) } : null;
  const told = recall({ ...core.value, isTold: true }, stopped);
  addChildren(told.record, facts);
  return ok({ ...told, facts });
}

/** What the last end of a run said, if it failed or was cancelled. */
export function failureOfRun(store: Store, runId: string): Failure | null {
  let last: StoredEvent | null = null;
  for (const event of store.readEvents(runId))
    if (event.type === "run.finished" || event.type === "run.started") last = event;
  const error = last?.type === "run.finished" ? last.data?.["error"] : null;
  if (!isJsonObject(error)) return null;
  return failure(error["class"] as Failure["class"], jsonText(error["code"]), jsonText(error["message"]));
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

import type { BudgetLine } from "../../run/budget/line.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { Spend } from "../../run/spend.ts";
import type { ScopeRecord } from "../../run/state.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import { LeaseLostError, StoreError } from "../../store/store.ts";
import type { JsonObject } from "../../util/json.ts";
import type { RunEnding } from "./sink.ts";

/** A run that can write nothing more. */
type Broken =
  /** Another runner took the run over: nothing more was written. */
  | { readonly status: "lease_lost"; readonly failure: Failure }
  /** The state could not be written: what was committed before stands. */
  | { readonly status: "not_saved"; readonly failure: Failure };

/** What a run waits for, and where. */
export interface OpenWait {
  /** With its item: `step[2]`, `group[1]/ok`. */
  readonly path: string;
  readonly what: WaitsFor;
}

/** How a start of a run ended. */
export type RunOutcome = {
  readonly record: ScopeRecord;
  readonly outputs: JsonObject | null;
  /** All that was paid, over all starts. */
  readonly spend: Spend;
  /** What was spent of each budget; empty where there is none. */
  readonly budgets: readonly BudgetLine[];
  /** Active time over all starts. */
  readonly activeMs: number;
  readonly finishedAt: number;
} & (
  | { readonly status: RunEnding["status"]; readonly failure: Failure | null }
  | { readonly status: "interrupted"; readonly failure: null }
  /** Nothing moves without somebody from outside. */
  | { readonly status: "waiting"; readonly failure: null; readonly waitsFor: readonly OpenWait[] }
  | Broken
);

/** How a run ends that can write nothing more; null when what was thrown is a bug. */
export function brokenOff(error: unknown, runId: string): Broken | null {
  if (error instanceof LeaseLostError) {
    const message = `another runner took over run ${runId}; this one wrote nothing more`;
    return {
      status: "lease_lost",
      failure: failure("internal", "lease_lost", message, { help: "follow it with 'muster show'" }),
    };
  }
  if (!(error instanceof StoreError)) return null;
  const help = `what was committed is kept: mend the cause, then 'muster resume ${runId}'`;
  return { status: "not_saved", failure: failure("internal", `store_${error.code}`, error.message, { help }) };
}

import { readValue } from "../engine/local/stored-value.ts";
import type { RunOutcome } from "../engine/local/run-outcome.ts";
import type { BudgetLine } from "../run/budget/line.ts";
import type { FailureClass } from "../plan/types.ts";
import { report } from "../run/report.ts";
import type { RunInfo } from "../run/state.ts";
import type { Store } from "../store/store.ts";
import type { Json, JsonObject } from "../util/json.ts";

/** How a run ended, and all that came of it; the same document as `--report` writes (schemas/report.v1.json). */
export interface Report {
  readonly version: 1;
  readonly run_id: string;
  readonly workflow: string;
  readonly workflow_version: string | null;
  /** SHA-256 of the plan. */
  readonly manifest_digest: string;
  readonly status: "running" | "waiting" | "succeeded" | "failed" | "cancelled" | "interrupted";
  readonly simulated: boolean;
  /** Where the answers came from; null = live models. */
  readonly replayed: "recorded" | "scripted" | null;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  readonly finished_at: string;
  /** Active time over all starts of the run, milliseconds. */
  readonly duration_ms: number;
  /** Complete, with defaults; redacted. */
  readonly inputs: JsonObject;
  /** null unless the run succeeded. */
  readonly outputs: JsonObject | null;
  readonly usage: ReportUsage;
  /** USD; null = the price of a model is not known. */
  readonly cost_usd: number | null;
  /** What was spent of each budget: the run, its agents, the workflows that it uses; left out where there is none. */
  readonly budget?: readonly BudgetLine[];
  readonly error: ReportError | null;
  /** The one of `variants` that the run took; null where the workflow has none. */
  readonly variant: string | null;
  /** What `score` gave; null without, and unless the run succeeded. */
  readonly score: number | null;
  /** What `roi` says, and what was saved; null without. */
  readonly roi: {
    readonly manual_hours: number;
    readonly hourly_rate: number;
    /** null unless the run succeeded. */
    readonly saved_hours: number | null;
    /** USD, less the cost of the run; null unless it succeeded, and when that cost is not known. */
    readonly saved_usd: number | null;
  } | null;
  /** By the path of the step, in the order of the file. */
  readonly steps: { readonly [path: string]: ReportStep };
}

/** What models took, over all calls. */
export interface ReportUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly calls: number;
}

/** Why a run, a step or an item failed. */
export interface ReportError {
  readonly class: FailureClass;
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly help?: string;
  /** What it had written when it ended. */
  readonly partial?: string;
}

/** A file of a run. */
export interface ReportArtifact {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** `s3://...` where it is in a store, else null. */
  readonly url: string | null;
}

/** How one step ended. */
export interface ReportStep {
  readonly status: string;
  readonly kind: string;
  readonly attempts: number;
  readonly started_at: string | null;
  readonly duration_ms: number | null;
  /** The model that answered, and the one that was asked, `provider/model`. */
  readonly model: string | null;
  readonly model_asked: string | null;
  readonly output: Json;
  readonly error: ReportError | null;
  /** It failed, and the run went on. */
  readonly caught: boolean;
  readonly usage: ReportUsage | null;
  readonly cost_usd: number | null;
  readonly from_cache: boolean;
  /** Outcomes that an earlier start of the run had on the record. */
  readonly reused: number;
  /** Files that it left behind; left out where it did not. */
  readonly artifacts?: readonly ReportArtifact[];
  /** The items of a `for_each`; null for other steps. */
  readonly results:
    | readonly {
        readonly item: Json;
        readonly index: number;
        readonly status: string;
        readonly output: Json;
        readonly error: ReportError | null;
        readonly attempts: number;
        /** Left out where it is false. */
        readonly from_cache?: true;
      }[]
    | null;
}

/** The report of a start of a run that is over. Throws StoreError when an output's blob is damaged. */
export function reportOf(
  outcome: RunOutcome,
  info: RunInfo & { readonly origin: Report["replayed"]; readonly simulated: boolean },
  store: Store,
): Report {
  const status = outcome.status === "lease_lost" || outcome.status === "not_saved" ? "interrupted" : outcome.status;
  const { simulated, origin: replayed } = info;
  const end = { ...outcome, status, durationMs: outcome.activeMs, simulated, replayed } as const;
  return report(info, outcome.record, end, (ref) => readValue(store, ref)) as unknown as Report;
}

import type { AutoChoice } from "../../plan/auto-model.ts";
import type { Failure } from "../../run/failure.ts";
import type { Usage } from "../../util/usage.ts";
import type { ModelReply, ModelRequest } from "../provider.ts";

/** Version of the file format. History: 1, the first. */
export const RECORDING_FORMAT = 1;

/** Model exchanges in a file, to be answered again. The file's form: schemas/recording.v1.json. */
export interface Recording {
  /** Shown to the user; null for a recording that is only in memory. */
  readonly path: string | null;
  /** Taken from a real run, or written by hand. */
  readonly origin: "recorded" | "scripted";
  readonly description: string | null;
  /** What `auto` was in the run that was recorded; absent = it had no such model. */
  readonly auto?: AutoChoice;
  /** In the order of the file. */
  readonly entries: readonly RecordingEntry[];
}

/** One exchange. */
export interface RecordingEntry {
  /** `STEP` or `STEP[2]`. In a scripted recording `STEP` stands for every item of the step too. */
  readonly step: string;
  /** 1-based. null, only in a scripted recording: any attempt. */
  readonly attempt: number | null;
  /** `requestHash` of what was sent. null, only in a scripted recording: the entry answers by its step. */
  readonly requestHash: string | null;
  /** What was sent, redacted, for people and for the nearest match; null, only in a scripted recording: not told. */
  readonly request: ModelRequest | null;
  readonly outcome: RecordedOutcome;
  /** Line in the file, 1-based; null when it was not read from one. */
  readonly line: number | null;
}

/** How an exchange ended. A reply without a model answers under the name that was asked. */
export type RecordedOutcome =
  | { readonly type: "done"; readonly reply: Omit<ModelReply, "model"> & { readonly model: string | null } }
  | { readonly type: "failed"; readonly failure: Failure; readonly usage: Usage | null };

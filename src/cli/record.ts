import { saveRecording, type RecordingEntry } from "../compose/record.ts";
import type { AutoChoice } from "../plan/auto-model.ts";
import { UsageError } from "./exit-code.ts";
import { outputFile } from "./output-file.ts";
import type { Terminal } from "./terminal.ts";

/** What `--record` collects while a run goes on. */
export interface RecordTo {
  readonly write: (entry: RecordingEntry) => void;
  /** Writes the file. UsageError when it cannot be written. */
  save(auto: AutoChoice | null, runId: string): void;
}

/** The file of `--record`; null = none is asked for. UsageError before anything runs where it could not be written. */
export function recordTo(
  options: { readonly record?: string; readonly replay?: string },
  terminal: Terminal,
): RecordTo | null {
  const { record } = options;
  if (record === undefined) return null;
  if (options.replay !== undefined) {
    throw new UsageError(
      "--record and --replay: a replay asks no model, so there is nothing to record; take one of them",
    );
  }
  const path = outputFile("--record", record, terminal);
  const entries: RecordingEntry[] = [];
  return {
    write: (entry) => void entries.push(entry),
    save(auto, runId) {
      try {
        saveRecording(path, entries, auto);
      } catch (error) {
        throw new UsageError(
          `cannot write the recording to ${record}: ${(error as Error).message}; the run itself is saved: muster show ${runId}`,
        );
      }
      terminal.err(`recorded ${entries.length} exchange${entries.length === 1 ? "" : "s"} in ${record}\n`);
    },
  };
}

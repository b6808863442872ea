import { resolve } from "node:path";
import type { Recording, RecordingEntry } from "../compose.ts";
import { saveRecording } from "../compose/record.ts";
import type { AutoChoice } from "../plan/auto-model.ts";
import { UsageError } from "./exit-code.ts";
import { outputFile } from "./output-file.ts";
import type { Terminal } from "./terminal.ts";

/** Watches which entries of a recording answer while a run goes on. */
export interface ReplayWatch {
  /** With `--update`: what is missing is asked for. */
  readonly completes: boolean;
  readonly onReplayed: (entry: RecordingEntry) => void;
  readonly record: (entry: RecordingEntry) => void;
  /**
   * Says what answered nothing, where the run `isOver`, and with `--update` writes the file anew. `isWhole`: all of the
   * workflow ran, and succeeded. UsageError when the file cannot be written.
   */
  end(run: {
    readonly isOver: boolean;
    readonly isWhole: boolean;
    readonly auto: AutoChoice | null;
    readonly runId: string;
  }): void;
}

/** How many unused entries are named. */
const MOST_NAMED = 10;

/** null where nothing is replayed. UsageError where `--update` has nothing to bring up to date. */
export function watchReplay(
  recording: Recording | null,
  { replay, update = false }: { readonly replay?: string; readonly update?: boolean },
  terminal: Terminal,
): ReplayWatch | null {
  if (recording === null || replay === undefined) {
    if (update) throw new UsageError("--update brings the recording of --replay FILE up to date: name one");
    return null;
  }
  if (update && recording.origin === "scripted")
    throw new UsageError(`--update: ${replay} is written by hand; add the entries that it lacks there`);
  if (update) outputFile("--replay", replay, terminal);
  const used = new Set<RecordingEntry>();
  const added: RecordingEntry[] = [];
  return {
    completes: update,
    onReplayed: (entry) => void used.add(entry),
    record: (entry) => void added.push(entry),
    end({ isOver, isWhole, auto, runId }) {
      const unused = recording.entries.filter((entry) => !used.has(entry));
      const isCleared = update && isWhole;
      if (unused.length > 0 && (update ? isWhole : isOver)) terminal.err(unusedText(unused, replay, isCleared));
      if (!update || (added.length === 0 && (unused.length === 0 || !isWhole))) return;
      const kept = isCleared ? recording.entries.filter((entry) => used.has(entry)) : recording.entries;
      try {
        saveRecording(resolve(terminal.cwd, replay), [...kept, ...added], auto, recording.description);
      } catch (error) {
        throw new UsageError(
          `cannot write the recording to ${replay}: ${(error as Error).message}; the run itself is saved: muster show ${runId}`,
        );
      }
      terminal.err(`${replay}: ${count(added.length)} added\n`);
    },
  };
}

function unusedText(unused: readonly RecordingEntry[], file: string, isCleared: boolean): string {
  const named = unused.slice(0, MOST_NAMED).map(({ step, line }) => `${step}${line === null ? "" : ` (line ${line})`}`);
  const more = unused.length > MOST_NAMED ? `, and ${unused.length - MOST_NAMED} more` : "";
  const what = isCleared ? `answered nothing and ${unused.length === 1 ? "is" : "are"} taken out` : "answered nothing";
  return `${file}: ${count(unused.length)} ${what}: ${named.join(", ")}${more}\n`;
}

const count = (n: number): string => `${n} ${n === 1 ? "entry" : "entries"}`;

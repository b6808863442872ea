import { renameSync, rmSync, writeFileSync } from "node:fs";
import type { AutoChoice } from "../plan/auto-model.ts";
import type { PlannedModel } from "../plan/types.ts";
import type { Provider } from "../provider/provider.ts";
import { createRecorder } from "../provider/recording/record-provider.ts";
import type { RecordingEntry } from "../provider/recording/recording.ts";
import { renderRecording } from "../provider/recording/render.ts";
import type { Redactor } from "../run/redact.ts";
import type { Json } from "../util/json.ts";

export type { RecordingEntry };

/** The same providers, each exchange with them given to `write` without the secrets. */
export function recordingProviders(
  providerFor: (model: PlannedModel, program?: Provider) => Provider,
  redactor: Redactor,
  write: (entry: RecordingEntry) => void,
): (model: PlannedModel, program?: Provider) => Provider {
  const redacted = (entry: RecordingEntry): void =>
    write(redactor.value(entry as unknown as Json) as unknown as RecordingEntry);
  return (model, program) => createRecorder(providerFor(model, program), redacted);
}

/** Writes a recording of a run, whole or not at all. Throws the system's error. */
export function saveRecording(
  path: string,
  entries: readonly RecordingEntry[],
  auto: AutoChoice | null,
  description: string | null = null,
): void {
  const written = `${path}.${process.pid}.tmp`;
  const recording = {
    path: null,
    origin: "recorded" as const,
    description,
    entries,
    ...(auto !== null && { auto }),
  };
  try {
    writeFileSync(written, renderRecording(recording), { flush: true });
    renameSync(written, path);
  } catch (error) {
    rmSync(written, { force: true });
    throw error;
  }
}

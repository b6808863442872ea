import { resolve } from "node:path";
import { openRecording, type Recording } from "../compose.ts";
import { renderDiagnostics } from "../diagnostic/render.ts";

import { exitCode, UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";
import { unreadable } from "./workflow.ts";

/** The recording of `--replay`; shows what is wrong with it, and ends the command. */
export function readReplay(path: string, terminal: Terminal): Recording {
  let recording: ReturnType<typeof openRecording>;
  try {
    recording = openRecording(resolve(terminal.cwd, path));
  } catch (error) {
    throw unreadable(path, error);
  }
  if (recording.ok) return { ...recording.value, path };
  const { diagnostics, source } = recording.error;
  terminal.err(
    renderDiagnostics(diagnostics, source === null ? [] : [source], { color: terminal.color.isColorSupported }),
  );
  throw new UsageError(`${path} is not a valid recording`, exitCode.invalid);
}

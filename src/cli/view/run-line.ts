import type { Colors } from "picocolors/types.js";
import type { RunSummary } from "../../store/store.ts";
import { formatElapsed } from "../../util/format.ts";
import { standing } from "../standing.ts";
import { statusText } from "./run-summary.ts";

/** One line a run, in columns. */
export function runLines(runs: readonly RunSummary[], color: Colors): string {
  const idWidth = runs.reduce((width, { runId }) => Math.max(width, runId.length), 0);
  return runs.map((summary) => `${runLine(summary, idWidth, color)}\n`).join("");
}

/** `01JD8Z6T3V  succeeded  2026-01-31 10:00  12.3s  review  workflows/review.yaml`; ids take `idWidth` letters. */
function runLine(summary: RunSummary, idWidth: number, color: Colors): string {
  const status = standing(summary);
  const padding = " ".repeat(Math.max(0, 11 - status.length));
  const started = new Date(summary.startedAt).toISOString().slice(0, 16).replace("T", " ");
  return `${summary.runId.padEnd(idWidth)}  ${statusText(status, color)}${padding}  ${started}  ${formatElapsed(summary.activeMs).padStart(7)}  ${summary.workflow}  ${color.dim(summary.manifestPath)}`;
}

import { findProject } from "../../util/project.ts";
import type { StoredEvent } from "../../run/event.ts";
import { eventJson } from "../../run/event-json.ts";
import type { Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { jsonText } from "../../util/json.ts";
import { printable } from "../../diagnostic/printable.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { findRun, openForReading } from "../find-run.ts";
import { standing } from "../standing.ts";
import type { Terminal } from "../terminal.ts";

export interface LogsOptions {
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly state?: string;
}

const POLL_MS = 200;

/** `muster logs [RUN] [STEP]` */
export async function run(
  terminal: Terminal,
  [name, step]: readonly string[],
  options: LogsOptions,
): Promise<ExitCode> {
  const store = openForReading(findProject(terminal.cwd, options.state ?? null));
  try {
    const { runId } = findRun(store, name);
    const show = (event: StoredEvent): void => {
      if (step !== undefined && event.step !== step) return;
      terminal.out(`${options.json === true ? JSON.stringify(eventJson(runId, event)) : eventLine(runId, event)}\n`);
    };
    let seq = showAfter(store, runId, 0, show);
    while (options.follow === true && isLive(store, runId)) {
      await new Promise<void>((resolve) => systemClock.after(POLL_MS, resolve));
      seq = showAfter(store, runId, seq, show);
    }
    showAfter(store, runId, seq, show);
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

function showAfter(store: Store, runId: string, after: number, show: (event: StoredEvent) => void): number {
  let seq = after;
  for (const event of store.readEvents(runId, { after })) {
    show(event);
    seq = event.seq;
  }
  return seq;
}

function isLive(store: Store, runId: string): boolean {
  const summary = store.findRun(runId);
  return summary !== null && standing(summary) === "running";
}

/** `2026-01-31T10:00:00.000Z  step.failed  draft[2]  {"class":...}` */
function eventLine(runId: string, event: StoredEvent): string {
  const { v: _v, seq: _seq, run_id: _run, at, type, step, item, attempt, ...rest } = eventJson(runId, event);
  const place = `${step === undefined ? "" : jsonText(step)}${item === undefined ? "" : `[${jsonText(item)}]`}${attempt === undefined ? "" : ` #${jsonText(attempt)}`}`;
  const data = Object.keys(rest).length === 0 ? "" : JSON.stringify(rest);
  return printable([jsonText(at), jsonText(type).padEnd(17), place, data].filter((part) => part !== "").join("  "));
}

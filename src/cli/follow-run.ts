import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createReporter, stepAround, type Told } from "../compose.ts";
import { reportOf, type Report } from "../library/report.ts";
import type { LocalRun } from "../engine/local/run.ts";
import type { RunOutcome } from "../engine/local/run-outcome.ts";
import type { Reporter } from "../reporter/reporter.ts";
import type { Store } from "../store/store.ts";
import type { JsonObject } from "../util/json.ts";
import { Attendant } from "./attendant.ts";
import { exitCode, UsageError, type ExitCode } from "./exit-code.ts";
import { runnerOf } from "./github/terminal.ts";
import { isLogged } from "./log.ts";
import type { Terminal } from "./terminal.ts";
import { outputText } from "./view/output.ts";
import { failureLines, runHeader, runSummary, type ShownRun } from "./view/run-summary.ts";

/** How a run is shown and what it leaves behind. */
export interface RunShape {
  readonly format: "auto" | "tty" | "plain" | "json" | "github";
  readonly json?: boolean;
  readonly report?: string;
  readonly junit?: string;
  readonly logLevel: string;
}

export interface Followed extends ShownRun {
  readonly terminal: Terminal;
  readonly reporter: Reporter;
  /** Puts the questions of the run to the person at the terminal; null where there is nobody. */
  readonly attendant: Attendant | null;
  readonly inputs: JsonObject;
  readonly shape: RunShape;
  readonly store: Store;
  readonly startedAt: number;
}

/**
 * Who tells of the run while it goes on: NDJSON on stdout, a live picture or lines on stderr. A log on stderr would
 * break a picture, so there `auto` gives lines. UsageError for `tty` where there is no terminal.
 */
export function reporterFor(terminal: Terminal, told: Told, shape: RunShape): Reporter {
  const { color, screen } = terminal;
  if (isJson(shape)) return createReporter(told, { kind: "ndjson", write: terminal.out });
  if (shape.format === "tty" && screen === null)
    throw new UsageError("--format tty: stderr is no terminal that can be painted on; take --format plain");
  const wantsPicture = shape.format === "tty" || (shape.format === "auto" && !isLogged(shape.logLevel));
  return createReporter(
    told,
    wantsPicture && screen !== null ? { kind: "tty", screen, color } : { kind: "plain", write: terminal.err, color },
  );
}

/**
 * Who puts the questions of a run to the person at the terminal, around the reporter; null where there is nobody: no
 * terminal, CI, a program that reads the events, a run that a step of another run started.
 */
export function attendantFor(terminal: Terminal, reporter: Reporter, shape: RunShape): Attendant | null {
  const { keyboard, env } = terminal;
  if (keyboard === null || isJson(shape) || stepAround(env) !== null) return null;
  return new Attendant(terminal, keyboard, reporter);
}

/** SIGHUP: the terminal was closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Waits for the end of a run, passes signals on to it, and shows what came of it. */
export async function followRun(run: LocalRun, followed: Followed): Promise<ExitCode> {
  const { terminal, shape, reporter } = followed;
  if (!isJson(shape)) terminal.err(runHeader(followed, terminal.color));
  followed.attendant?.attend({ run, store: followed.store, runId: followed.runId });
  const { outcome, signal } = await untilEnd(run, reporter);
  if (!isJson(shape)) {
    terminal.err(runSummary(outcome, followed, terminal.color));
    if (outcome.outputs !== null && runnerOf(terminal) === null) terminal.out(outputText(outcome.outputs));
  } else if (outcome.status === "not_saved" || outcome.status === "lease_lost") {
    // No event tells this end: none could be written.
    terminal.err(`${failureLines(outcome.failure, terminal.color).join("\n")}\n`);
  }
  const runner = runnerOf(terminal);
  if (runner !== null) {
    const { endOnGithub } = await import("./github/run.ts");
    const report = reportOf(outcome, followed, followed.store);
    endOnGithub({ ...followed, runner, report, waitsFor: outcome.status === "waiting" ? outcome.waitsFor : [] });
  }
  // Last: what was paid for is shown even where a file cannot be written.
  writeReport(outcome, followed);
  await writeJunit(outcome, followed);
  return codeOf(outcome, signal);
}

/** Waits for the end of a run and passes signals on to it; tells the first one. */
export async function untilEnd(
  run: LocalRun,
  reporter: Reporter,
): Promise<{ readonly outcome: RunOutcome; readonly signal: NodeJS.Signals | null }> {
  let signal: NodeJS.Signals | null = null;
  const interrupt = (name: NodeJS.Signals): void => {
    if (signal === null) reporter.say("\nstopping: what runs may end; once more stops at once\n");
    signal ??= name;
    run.interrupt();
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  const outcome = await run.done.finally(() => {
    for (const name of SIGNALS) process.off(name, interrupt);
    reporter.close();
  });
  return { outcome, signal };
}

function codeOf({ status }: RunOutcome, signal: NodeJS.Signals | null): ExitCode {
  if (status === "succeeded") return exitCode.succeeded;
  if (status === "waiting") return exitCode.waiting;
  if (status === "interrupted") return interruptedBy(signal);
  return exitCode.runFailed;
}

function interruptedBy(signal: NodeJS.Signals | null): ExitCode {
  if (signal === "SIGTERM") return exitCode.terminated;
  return signal === "SIGHUP" ? exitCode.hungUp : exitCode.interrupted;
}

function writeReport(outcome: RunOutcome, followed: Followed): void {
  const { shape, store, terminal } = followed;
  if (shape.report === undefined) return;
  saveReport(reportOf(outcome, followed, store), shape.report, followed.runId, terminal);
}

async function writeJunit(outcome: RunOutcome, followed: Followed): Promise<void> {
  const { shape, store, terminal, file } = followed;
  if (shape.junit === undefined) return;
  const { runSuite } = await import("./view/run-junit.ts");
  const { junitXml } = await import("../util/junit.ts");
  try {
    writeFileSync(resolve(terminal.cwd, shape.junit), junitXml([runSuite(reportOf(outcome, followed, store), file)]));
  } catch (error) {
    throw new UsageError(`cannot write ${shape.junit}: ${(error as Error).message}`);
  }
}

/** Writes a report where `--report` says. UsageError when the file cannot be written. */
export function saveReport(content: JsonObject | Report, path: string, runId: string, terminal: Terminal): void {
  try {
    writeFileSync(resolve(terminal.cwd, path), `${JSON.stringify(content, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(
      `cannot write the report to ${path}: ${(error as Error).message}; 'muster show ${runId} --json' prints it`,
    );
  }
}

export function isJson({ format, json }: RunShape): boolean {
  return json === true || format === "json";
}

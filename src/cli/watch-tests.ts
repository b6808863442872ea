import { watch } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { exitCode, UsageError, type ExitCode } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";
import { testFiles } from "./test-files.ts";

/** Changes come in groups: an editor writes a file in several steps. */
const SETTLE_MS = 100;

/** Runs the tests, and again whenever a file beside or below them changes, until it is stopped. */
export async function watchTests(
  terminal: Terminal,
  paths: readonly string[],
  runAll: () => Promise<void>,
): Promise<ExitCode> {
  const again = async (): Promise<void> => {
    try {
      await runAll();
    } catch (error) {
      // A file that is half written is mended with the next change.
      if (!(error instanceof UsageError)) throw error;
      terminal.err(`muster: ${error.message}\n`);
    }
  };
  const folders = new Set((await testFiles(terminal.cwd, paths)).map((file) => dirname(file)));
  const run = settler(SETTLE_MS, again);
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
  // Before the first run: what changes meanwhile is not missed.
  for (const folder of folders) follow(folder, terminal.cwd, stop.signal, run.soon);
  run.now();
  terminal.err(`watching ${[...folders].join(", ")}; Ctrl-C ends\n`);
  await stopped;
  stop.abort();
  return exitCode.succeeded;
}

function follow(folder: string, cwd: string, signal: AbortSignal, changed: () => void): void {
  try {
    watch(resolve(cwd, folder), { recursive: true, signal }, (_, name) => {
      // What a run of the tests writes itself is no reason for another.
      if (name !== null && !/\.snapshot\.json$|(^|[\\/])\.muster([\\/]|$)/.test(name)) changed();
    });
  } catch (error) {
    throw new UsageError(`cannot watch ${relative(cwd, folder) || folder}: ${(error as Error).message}`);
  }
}

/** Does a task now, or once nothing more came for so long; never twice at the same time. */
function settler(ms: number, task: () => Promise<void>): { readonly now: () => void; readonly soon: () => void } {
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  const now = (): void => {
    running = running.then(task);
  };
  const soon = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(now, ms);
  };
  return { now, soon };
}

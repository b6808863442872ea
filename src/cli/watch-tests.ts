import { watch } from "node:fs/promises";
import { dirname, relative } from "node:path";
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
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const folders = new Set((await testFiles(terminal.cwd, paths)).map((file) => dirname(file)));
  await again();
  terminal.err(`watching ${[...folders].join(", ")}; Ctrl-C ends\n`);
  const settled = settler(SETTLE_MS, again);
  await Promise.all([...folders].map((folder) => follow(folder, terminal.cwd, stop.signal, settled)));
  return exitCode.succeeded;
}

async function follow(folder: string, cwd: string, signal: AbortSignal, changed: () => void): Promise<void> {
  try {
    for await (const { filename } of watch(folder, { recursive: true, signal })) {
      // What a run of the tests writes itself is no reason for another.
      if (filename !== null && !/\.snapshot\.json$|(^|[\\/])\.muster([\\/]|$)/.test(filename)) changed();
    }
  } catch (error) {
    if ((error as Error).name !== "AbortError")
      throw new UsageError(`cannot watch ${relative(cwd, folder) || folder}: ${(error as Error).message}`);
  }
}

/** Calls once when so long nothing more came; never twice at the same time. */
function settler(ms: number, task: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  return () => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(task);
    }, ms);
  };
}

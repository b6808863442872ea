import { randomUUID } from "node:crypto";
import { systemClock } from "../../util/clock.ts";
import { OutputBuffer } from "./output-buffer.ts";
import type { ProcessOptions, ProcessRequest, ProcessResult } from "./process.ts";
import { ProcessTree } from "./process-tree.ts";
import { watchResources } from "./resource-watch.ts";
import { shellCommand } from "./shell.ts";
import { startProcess } from "./start-process.ts";

export { DEFAULT_OUTPUT_LIMIT_BYTES, type ProcessOptions, type ProcessRequest, type ProcessResult } from "./process.ts";

/** How long the pipes may stay open after the program ended, and again after its tree was stopped. */
const PIPE_WAIT_MS = 1000;

/**
 * Runs a program to its end and answers what came of it; never rejects. The program leads a process group of its own,
 * and its processes end with it: what it left behind in the background may go on for one second if it holds stdout or
 * stderr, is then stopped, and what it wrote is kept; a daemon that left
 * the group and closed both is left alone when the program ended well. Abort stops all of them at once. To stop is SIGTERM, and SIGKILL
 * for those that are left after the grace. When the result is there, nothing of the tree is left (process-tree.ts
 * names the exceptions). If muster itself is ended by SIGKILL, the program goes on without it.
 */
export async function runProcess(request: ProcessRequest, options: ProcessOptions): Promise<ProcessResult> {
  const startedMs = performance.now();
  const stdout = new OutputBuffer(request.outputLimitBytes);
  const stderr = new OutputBuffer(request.outputLimitBytes);
  let exceeded: string | null = null;
  const result = (end: Partial<Pick<ProcessResult, "exitCode" | "signal" | "spawnError">>): ProcessResult => ({
    exitCode: null,
    signal: null,
    stdout: stdout.text,
    stderr: stderr.text,
    stdoutTruncated: stdout.truncated,
    stderrTruncated: stderr.truncated,
    spawnError: null,
    exceeded,
    durationMs: performance.now() - startedMs,
    ...end,
  });
  if (options.signal.aborted) return result({});

  const mark = randomUUID();
  const cage = options.limits === undefined ? null : (options.cages?.make(options.limits) ?? null);
  const { command } = request;
  const argv = "argv" in command ? command.argv : shellCommand(command.shell, command.script);
  const started = await startProcess(
    cage === null ? request : { ...request, command: { argv: cage.enter(argv) } },
    mark,
  );
  if (!started.ok) {
    await cage?.close();
    return result({ spawnError: started.error });
  }
  const { child, pid } = started.value;
  const tree = new ProcessTree(pid, mark);

  const exited = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  const tell = (stream: "stdout" | "stderr", text: string): void => {
    if (text !== "") options.onOutput?.(stream, text);
  };
  child.stdout.on("data", (chunk: Buffer) => tell("stdout", stdout.add(chunk)));
  child.stderr.on("data", (chunk: Buffer) => tell("stderr", stderr.add(chunk)));
  child.stdin?.on("error", () => {}); // it need not read all of its input
  child.stdin?.end(request.stdin);

  let onAbort = (): void => {};
  let onExceeded = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    const stop = (graceMs: number): void => {
      if (options.isShutIn === true) child.kill("SIGKILL");
      resolve(tree.stop(graceMs));
    };
    onAbort = () => stop(options.killGraceMs);
    onExceeded = () => stop(0);
  });
  const endWatch =
    options.limits === undefined
      ? null
      : watchResources(
          pid,
          options.limits,
          (what) => {
            exceeded = what;
            onExceeded();
          },
          cage,
        );
  options.signal.addEventListener("abort", onAbort);
  if (options.signal.aborted) onAbort();

  // Not even a program that hangs in the kernel, deaf to SIGKILL, may hang the run.
  const hung = stopped.then(() => within(PIPE_WAIT_MS, exited)).then(() => ({ exitCode: null, signal: null }));
  const end = await Promise.race([exited, hung]);
  endWatch?.();
  // What it died of may have come between two looks.
  exceeded ??= cage?.exceeded() ?? null;
  const isQuiet = await within(PIPE_WAIT_MS, closed);
  // The usual case, for the price of one system call: it ended well, nothing of its group is left, nobody holds a pipe.
  if (end.exitCode !== 0 || !isQuiet || options.signal.aborted || tree.groupLives()) {
    await tree.stop(options.killGraceMs);
    await within(PIPE_WAIT_MS, closed);
  }

  await cage?.close();
  options.signal.removeEventListener("abort", onAbort);
  child.stdout.destroy();
  child.stderr.destroy();
  tell("stdout", stdout.end());
  tell("stderr", stderr.end());
  return result(end);
}

/** Waits for a promise, but no longer than so long; true when it was settled in time. */
async function within(waitMs: number, awaited: Promise<unknown>): Promise<boolean> {
  let cancel = (): void => {};
  const timeout = new Promise<boolean>((resolve) => {
    cancel = systemClock.after(waitMs, () => resolve(false));
  });
  const inTime = await Promise.race([awaited.then(() => true), timeout]);
  cancel();
  return inTime;
}

import { randomUUID } from "node:crypto";
import { ok, type Result } from "../../util/result.ts";
import type { Cages } from "./cgroup.ts";
import { OutputBuffer } from "./output-buffer.ts";
import { ProcessTree } from "./process-tree.ts";
import { watchResources, type ResourceLimits } from "./resource-watch.ts";
import { startProcess } from "./start-process.ts";

/** How much of stderr is kept (bytes, the first ones). */
const KEPT_STDERR = 16 * 1024;

/** A program to start that answers as long as it is let. */
export interface ServeRequest {
  readonly argv: readonly string[];
  /** An absolute path. */
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: ResourceLimits;
  /** Control groups that hold its tree to the limits; null = it is only looked at. */
  readonly cages: Cages | null;
  /** Its end ends all that came of it, by the kernel. */
  readonly isShutIn: boolean;
  /** From SIGTERM to SIGKILL. */
  readonly killGraceMs: number;
}

/** A program that runs, and what it is told by its standard input. */
export interface ServedProcess {
  write(text: string): void;
  onOutput(take: (chunk: Buffer) => void): void;
  stderr(): string;
  /** How it ended: `with exit code 1`, `by SIGKILL`, `: more than 64 processes`. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Starts a program; the error says for a person why it could not. Above a limit its whole tree is ended. */
export async function serveProcess(request: ServeRequest): Promise<Result<ServedProcess, string>> {
  const mark = randomUUID();
  const { argv, cwd, env, limits, isShutIn, killGraceMs } = request;
  const cage = request.cages?.make(limits) ?? null;
  const command = { argv: cage?.enter(argv) ?? argv };
  const started = await startProcess({ command, cwd, env, stdin: "", outputLimitBytes: 0 }, mark);
  if (!started.ok) {
    await cage?.close();
    return started;
  }
  const { child, pid } = started.value;
  const tree = new ProcessTree(pid, mark);
  const stderr = new OutputBuffer(KEPT_STDERR);
  child.stderr.on("data", (chunk: Buffer) => void stderr.add(chunk));
  child.stdin?.on("error", () => {}); // it may be gone already
  let exceeded: string | null = null;
  const kill = (graceMs: number): Promise<void> => {
    if (isShutIn) child.kill("SIGKILL");
    return tree.stop(graceMs);
  };
  const onExceeded = (what: string): void => {
    exceeded = what.replace("ended: ", "by muster: ");
    void kill(0);
  };
  const endWatch = watchResources(pid, limits, onExceeded, cage);
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      endWatch();
      resolve(exceeded ?? (code === null ? `by ${signal ?? "a signal"}` : `with exit code ${code}`));
    });
  });
  return ok({
    write: (text) => void child.stdin?.write(text),
    onOutput: (take) => void child.stdout.on("data", take),
    stderr: () => stderr.text,
    ended,
    async stop() {
      endWatch();
      child.stdin?.end();
      await kill(killGraceMs);
      await cage?.close();
      child.stdout.destroy();
      child.stderr.destroy();
    },
  });
}

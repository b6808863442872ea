import type { Cages } from "./cgroup.ts";
import type { ResourceLimits } from "./resource-watch.ts";

/** The usual `outputLimitBytes`. */
export const DEFAULT_OUTPUT_LIMIT_BYTES = 10 * 1024 * 1024;

/** What to run. */
export interface ProcessRequest {
  /** A script for a shell (shell.ts says how it is run), or a program with its arguments. */
  readonly command: { readonly shell: string; readonly script: string } | { readonly argv: readonly string[] };
  /** An absolute path. */
  readonly cwd: string;
  /** The whole environment: nothing else is inherited. Programs are looked up on its PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** null = empty. */
  readonly stdin: string | null;
  /** For each of stdout and stderr; what is written beyond it is read and thrown away. */
  readonly outputLimitBytes: number;
}

/** How to run it. */
export interface ProcessOptions {
  /** What it may take: above it the whole tree is ended at once. Default: nothing is watched. */
  readonly limits?: ResourceLimits;
  /** Control groups that hold the tree to the limits; left out or null = it is only looked at. */
  readonly cages?: Cages | null;
  /** Its end ends all that came of it, by the kernel: it is killed at once, before anybody looks for its children. */
  readonly isShutIn?: boolean;
  /** Abort stops the whole tree; aborted before the start, nothing is started. */
  readonly signal: AbortSignal;
  /** From SIGTERM to SIGKILL. */
  readonly killGraceMs: number;
  /** Called with each piece of output as it arrives, up to the limit; a piece may end anywhere. Must not throw. */
  readonly onOutput?: (stream: "stdout" | "stderr", text: string) => void;
}

/** What came of it. Both `exitCode` and `signal` are null when it was not started, or could not be ended. */
export interface ProcessResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, e.g. SIGKILL. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
  /** Why it could not be started, for a person; null when it was started, or the abort came first. */
  readonly spawnError: string | null;
  /** What it took too much of, as the end of a sentence; null = nothing. */
  readonly exceeded: string | null;
  readonly durationMs: number;
}

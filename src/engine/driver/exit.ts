import { failure, type Failure } from "../../run/failure.ts";
import type { FailureClass } from "../../plan/types.ts";
import { DEFAULT_OUTPUT_LIMIT_BYTES, type ProcessResult } from "../process/process.ts";

/**
 * What the exit codes of `sysexits.h` say (man.freebsd.org/sysexits, 2026-11): a program that uses them is understood,
 * any other code is `exit`. Not `overloaded`, which would be waited for inside the attempt.
 */
const classes: { readonly [exitCode: number]: FailureClass } = {
  64: "invalid", // EX_USAGE: the command line is wrong
  69: "server", // EX_UNAVAILABLE: a service that it needs
  75: "server", // EX_TEMPFAIL: it is invited to be tried again
  77: "auth", // EX_NOPERM
  78: "invalid", // EX_CONFIG
};

/** Why what a program printed is no answer; null = it is one. */
export function exitFailure(label: string, result: ProcessResult): Failure | null {
  if (result.spawnError !== null)
    return failure("exit", "not_started", `the program of '${label}' could not be started: ${result.spawnError}`, {
      help: "install it, or name it with its path",
    });
  if (result.exitCode === null)
    return failure("exit", "signal", `the program of '${label}' was ended by ${result.signal ?? "an unknown signal"}`);
  if (result.exitCode !== 0) {
    const code = result.exitCode;
    return failure(classes[code] ?? "exit", `exit_${code}`, `the program of '${label}' ended with exit code ${code}`);
  }
  if (!result.stdoutTruncated) return null;
  const most = DEFAULT_OUTPUT_LIMIT_BYTES / 1024 ** 2;
  return failure("output", "output_too_large", `the program of '${label}' printed more than ${most} MiB`, {
    help: "let it write large results to a file and print its path",
  });
}

/** What the command's exit code means (COMMANDS.md). */
export const exitCode = {
  succeeded: 0,
  runFailed: 1,
  usage: 2,
  invalid: 3,
  waiting: 4,
  bug: 70,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** A command that cannot do what it was asked, for a reason that the user can mend. Shown as one or more lines. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: ExitCode;
  constructor(message: string, code: ExitCode = exitCode.usage) {
    super(message);
    this.code = code;
  }
}

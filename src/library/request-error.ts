/**
 * Thrown when a call cannot do what it was asked, for reasons that its caller can mend: an input that does not fit, a
 * key that is not set, a file that cannot be read. Nothing was started. What is wrong *in* a manifest is never thrown
 * (see `load`), and neither is a run that fails (see `Report`).
 */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** All of them, a sentence each. */
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

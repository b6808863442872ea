import type { Failure } from "../run/failure.ts";

/** What a tool throws when its agent cannot go on: the failure of the attempt. The call has no outcome that anybody knows. */
export class ToolBreak extends Error {
  readonly failure: Failure;

  constructor(why: Failure) {
    super(why.message);
    this.failure = why;
  }
}

/** A bug in muster: thrown, never expected, ends the process with exit code 70. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** Marks a place that the types say cannot be reached. */
export function unreachable(value: never, what: string): never {
  throw new InternalError(`unexpected ${what}: ${JSON.stringify(value)}`);
}

import type { Failure } from "../../run/failure.ts";
import { failure } from "../../run/failure.ts";
import type { Json, JsonObject } from "../../util/json.ts";

/** The most that the rows of an answer may take, in bytes of JSON or of the connection. */
export const LONGEST_ANSWER_BYTES = 10 * 1024 * 1024;

/** One statement for a database. */
export interface SqlRequest {
  readonly query: string;
  readonly params: readonly Json[];
  /** false: the database is held to change nothing. */
  readonly isWrite: boolean;
}

/** Its rows, in order; empty where it gives none. */
export type SqlRows = readonly JsonObject[];

/** The failure of an answer that is longer than may be read. */
export function answerTooLarge(label: string): Failure {
  return failure(
    "output",
    "output_too_large",
    `the rows that '${label}' asks for are more than ${LONGEST_ANSWER_BYTES / 1024 ** 2} MiB`,
    { help: "ask for fewer: `limit`, fewer columns, or sums" },
  );
}

/** The failure of a statement that writes where it may only read. */
export function readOnlyFailure(label: string, message: string): Failure {
  return failure("invalid", "read_only", `'${label}' only reads by its text, and the database says: ${message}`, {
    help: "if it is to change something, say whether it may be done twice: `idempotent: true` or `idempotent: false`",
  });
}

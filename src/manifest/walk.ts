import type { Guesses } from "../diagnostic/guesses.ts";
import type { DiagnosticCode } from "../diagnostic/code.ts";
import type { Json, JsonObject } from "../util/json.ts";
import type { Pointer } from "./pointer.ts";
import type { ProblemDetail } from "./problem-list.ts";
import type { SchemaIndex } from "./schema-index.ts";
import type { SchemaNode, SchemaObject } from "./schema-node.ts";

/** A walk over a manifest beside its schema, as its single checks see it. */
export interface Walk {
  readonly index: SchemaIndex;
  /** What mistyped words meant. */
  readonly guesses: Guesses;
  /** Where the walk is; a copy. */
  readonly pointer: Pointer;
  /** How messages call the node: `'timeout'`, `entry 2 of 'secrets'`. */
  readonly label: string;
  /** Reports a problem of the node. */
  report(code: DiagnosticCode, message: string, detail?: ProblemDetail): void;
  /** Does something one level deeper. */
  inside(segment: string | number, work: () => void): void;
  /** Checks any value. */
  check(node: SchemaNode, value: Json): void;
  /** Checks an object whose alternative is known: its keys, and what is below them. */
  checkObject(schema: SchemaObject, object: JsonObject): void;
  /** Checks the given keys of an object, each by the schema that the object's schema has for it. */
  checkEntries(schema: SchemaObject, object: JsonObject, keys: readonly string[]): void;
}

import type { ValueKind } from "./value.ts";

/** The names of types, as in `type(x) == string`; a name of the context goes first. */
export const typeNames: ReadonlyMap<string, ValueKind> = new Map<string, ValueKind>([
  ["null_type", "null"],
  ["bool", "bool"],
  ["int", "int"],
  ["double", "double"],
  ["string", "string"],
  ["list", "list"],
  ["map", "map"],
  ["type", "type"],
]);

import type { CelNode } from "./parse.ts";
import { show } from "./conversion.ts";
import type { Value } from "./value.ts";

/** The source of a node, cut to what fits into a message. */
export function sourceOf(node: CelNode): string {
  const source = node.input.slice(node.start, node.end);
  return source.length > 80 ? `${source.slice(0, 80)}...` : source;
}

/** A key of an object or list as messages name it. */
export function keyText(key: Value): string {
  return typeof key === "string" ? `its field '${key}'` : `its item ${show(key)}`;
}

/** What is missing, and what is there instead. */
export function missingField(base: string, name: string, fields: readonly string[]): string {
  const some = fields.slice(0, 10).map((field) => (field.length > 40 ? `${field.slice(0, 40)}...` : field));
  const there = fields.length === 0 ? "it is empty" : `it has ${some.join(", ")}${fields.length > 10 ? ", ..." : ""}`;
  return `${base} has no field '${name}': ${there}`;
}

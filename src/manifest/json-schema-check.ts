import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import type { Pointer } from "./pointer.ts";
import type { ProblemList } from "./problem-list.ts";

/** Keywords whose schemas apply to the same value as the schema around them. */
const sameValue = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];

/**
 * What the form of a JSON Schema does not show: references that lead nowhere, and references in a circle that never
 * reach a deeper value. `pointer` is where the schema stands. True when it can be used.
 */
export function checkJsonSchema(root: JsonObject, pointer: Pointer, problems: ProblemList): boolean {
  const before = problems.count;
  const references: { readonly from: JsonObject; readonly pointer: Pointer; readonly reference: string }[] = [];
  const visit = (value: Json, at: Pointer): void => {
    if (Array.isArray(value)) return value.forEach((entry, index) => visit(entry as Json, [...at, index]));
    if (!isJsonObject(value)) return;
    for (const [key, child] of Object.entries(value)) {
      if (key === "$ref" && typeof child === "string")
        references.push({ from: value, pointer: [...at, key], reference: child });
      else if (!isData(key)) visit(child, [...at, key]);
    }
  };
  visit(root, pointer);
  for (const { pointer: at, reference } of references) {
    if (target(root, reference) !== undefined) continue;
    problems.add("WF2012", at, `'${reference}' is not in this schema`, {
      help: "a reference names a part of the same schema: `#/$defs/NAME`",
    });
  }
  if (problems.count > before) return false;
  const endless = references.find(({ from }) => returnsTo(root, from));
  if (endless)
    problems.add("WF2012", endless.pointer, "this reference leads back to itself without an end", {
      help: "go one level deeper on the way, through `properties` or `items`",
    });
  return problems.count === before;
}

/** Values of these keywords are data, whatever they look like. */
const isData = (key: string): boolean => key === "enum" || key === "const" || key === "default" || key === "examples";

/** What `#/$defs/NAME` names; undefined when there is nothing. */
function target(root: JsonObject, reference: string): Json | undefined {
  let node: Json | undefined = root;
  for (const part of reference.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(node)) node = (node as readonly Json[])[Number(key)];
    else node = isJsonObject(node) && Object.hasOwn(node, key) ? node[key] : undefined;
  }
  return node;
}

/** Whether a schema is applied to a value as a part of being applied to that value. */
function returnsTo(root: JsonObject, start: JsonObject): boolean {
  const seen = new Set<Json>();
  const waiting: Json[] = [start];
  for (let schema = waiting.pop(); schema !== undefined; schema = waiting.pop()) {
    if (!isJsonObject(schema) || seen.has(schema)) {
      if (schema === start) return true;
      continue;
    }
    seen.add(schema);
    const reference = schema["$ref"];
    if (typeof reference === "string") waiting.push(target(root, reference) ?? null);
    for (const keyword of sameValue) {
      const part = schema[keyword];
      if (part !== undefined)
        waiting.push(
          ...(Array.isArray(part)
            ? (part as readonly Json[])
            : keyword === "dependentSchemas" && isJsonObject(part)
              ? Object.values(part)
              : [part]),
        );
    }
  }
  return false;
}

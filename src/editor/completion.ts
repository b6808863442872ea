import { fieldNames, itemShape } from "../expression/shape.ts";
import { isInReach } from "../plan/passes/position.ts";
import type { JsonSchema } from "../util/json.ts";
import type { Analysis } from "./analysis.ts";
import { cursorAt, type Cursor, type Position } from "./cursor.ts";
import { keysIn, namesIn } from "./names.ts";
import { scopeAt, shapeAt } from "./in-reach.ts";
import { stepsIn, type Outline } from "./outline.ts";
import { openBlocks, pathBefore } from "./path-word.ts";
import type { DescribedSchema, SchemaGuide } from "./schema-guide.ts";
import { wordsOfSchema } from "./schema-words.ts";

/** A word that can stand at the cursor. */
export interface Completion {
  readonly label: string;
  readonly kind: "key" | "step" | "agent" | "model" | "name" | "value";
  /** What is written in place of the word before the cursor. */
  readonly insert: string;
  /** Markdown; null = nothing is said. */
  readonly documentation: string | null;
}

/**
 * What can stand at a place. Keys and names come from the text as it is, however broken; fields from `analysis`, the newest
 * one there is, which may be of an older text.
 */
export function complete(
  outline: Outline,
  position: Position,
  guide: SchemaGuide,
  analysis: Analysis | null,
): readonly Completion[] {
  const cursor = cursorAt(outline, position);
  if (cursor.expression !== null) return inExpression(outline, cursor, analysis);
  const keysAt = keysIn(outline);
  if (cursor.isKey) return newKeys(guide.keysOf(cursor.pointer, keysAt), cursor.keys);
  const values = valuesAt(outline, cursor, guide);
  // A list entry may be the start of a map.
  if (typeof cursor.pointer.at(-1) !== "number" || values.length > 0) return values;
  return newKeys(guide.keysOf(cursor.pointer, keysAt), []);
}

function newKeys(known: ReadonlyMap<string, DescribedSchema>, taken: readonly string[]): readonly Completion[] {
  return [...known].flatMap(([key, schema]) =>
    taken.includes(key)
      ? []
      : [{ label: key, kind: "key", insert: `${key}: `, documentation: wordsOfSchema(schema) } as const],
  );
}

function valuesAt(outline: Outline, cursor: Cursor, guide: SchemaGuide): readonly Completion[] {
  const { pointer } = cursor;
  const plain = (kind: Completion["kind"]) => (label: string) => ({ label, kind, insert: label, documentation: null });
  const key = pointer.findLast((segment) => typeof segment === "string");
  if (pointer.includes("needs")) {
    const self = pointer[pointer.indexOf("needs") - 1];
    return stepsIn(outline)
      .map(({ id }) => id)
      .filter((id) => id !== self)
      .map(plain("step"));
  }
  if (key === "agent") return namesIn(outline, "agents").map(plain("agent"));
  if (key === "model") return [...namesIn(outline, "models"), "auto"].map(plain("model"));
  return guide.wordsOf(pointer, keysIn(outline)).map(plain("value"));
}

function inExpression(outline: Outline, cursor: Cursor, analysis: Analysis | null): readonly Completion[] {
  const { expression, pointer } = cursor;
  if (expression === null) return [];
  const { path } = pathBefore(expression.before);
  const word = (label: string, kind: Completion["kind"]): Completion => ({
    label,
    kind,
    insert: label,
    documentation: null,
  });
  // Names that were written since, or that nothing else of the text lets one read.
  const written = path.length !== 1 ? [] : path[0] === "steps" ? stepsIn(outline).map(({ id }) => id) : [];
  if (path.length === 1 && path[0] === "inputs") written.push(...namesIn(outline, "inputs"));
  const checked = analysis?.checked ?? null;
  if (checked === null) return written.map((name) => word(name, path[0] === "steps" ? "step" : "name"));
  const { scope, position } = scopeAt(checked, pointer);
  const names: { [name: string]: JsonSchema } = { ...scope.names };
  if (expression.kind === "text") {
    for (const { kind, path: into, name } of openBlocks(expression.text)) {
      const shape = shapeAt(names, into);
      const inner = shape === null ? true : kind === "each" ? itemShape(shape) : shape;
      if (name !== null) names[name] = inner;
      else {
        names["this"] = inner;
        for (const field of fieldNames(inner)) names[field] ??= shapeAt({ this: inner }, ["this", field]) ?? true;
      }
    }
  }
  if (path.length === 0) return Object.keys(names).map((name) => word(name, "name"));
  const shape = shapeAt(names, path);
  const fields = new Set([...written, ...(shape === null ? [] : fieldNames(shape))]);
  if (path.length !== 1 || path[0] !== "steps") return [...fields].map((name) => word(name, "name"));
  // A step reads neither itself nor the groups around it.
  const around = pointer.filter((_, at) => pointer[at - 1] === "steps" || pointer[at - 1] === "finally");
  const inReach = [...fields].filter((id) => {
    const step = checked.placed.get(id);
    return !around.includes(id) && (step === undefined || isInReach(position, step));
  });
  return inReach.map((id) => word(id, "step"));
}

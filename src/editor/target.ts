import { cursorAt, type Position } from "./cursor.ts";
import { stepsIn, type Entry, type Outline } from "./outline.ts";
import { pathBefore } from "./path-word.ts";

/** What a word of a manifest names, with the columns of the word on its line. */
export interface Target {
  readonly kind: "step" | "agent" | "model" | "input" | "variable" | "partial" | "file" | "workflow" | "key";
  readonly name: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  /** Where the word stands as a key: the pointer to it. null = it stands in a value. */
  readonly key: readonly (string | number)[] | null;
}

const MAPS: { readonly [map: string]: Target["kind"] } = {
  agents: "agent",
  models: "model",
  inputs: "input",
  env: "variable",
};

/** The thing that the word under the cursor names; null where there is none. */
export function targetAt(outline: Outline, { line, character }: Position): Target | null {
  const text = outline.lines[line] ?? "";
  const start = character - (/[\w-]*$/.exec(text.slice(0, character))?.[0].length ?? 0);
  const end = character + (/^[\w-]*/.exec(text.slice(character))?.[0].length ?? 0);
  const name = text.slice(start, end);
  const cursor = cursorAt(outline, { line, character: end });
  const target = (kind: Target["kind"], what = name, key: Target["key"] = null): Target => ({
    kind,
    name: what,
    line,
    start,
    end,
    key,
  });
  if (cursor.isKey) {
    if (name === "") return null;
    const pointer = [...cursor.pointer, name];
    const isStep = stepsIn(outline).some(({ id, index }) => id === name && isAt(outline.entries[index], line, start));
    if (isStep) return target("step", name, pointer);
    const kind = cursor.pointer.length === 1 ? MAPS[String(cursor.pointer[0])] : undefined;
    return target(kind ?? "key", name, pointer);
  }
  if (cursor.expression !== null) {
    const { before, kind } = cursor.expression;
    if (kind === "text") {
      const partial = /^[~\s]*#?>\s*([\w./-]*)$/.exec(before + restOf(text, end, /^[\w./-]*/));
      if (partial !== null) return target("partial", partial[1] ?? "");
      const file = /\bfile\s+"([^"]*)$/.exec(before + restOf(text, end, /^[^"]*/));
      if (file !== null) return target("file", file[1] ?? "");
    }
    const { path, word } = pathBefore(before);
    const [root, first] = [...path, word];
    if (first === undefined || first === "") return null;
    if (root === "steps") return target("step", first);
    const found = root === "agents" || root === "models" ? undefined : MAPS[root ?? ""];
    return found === undefined ? null : target(found, first);
  }
  const key = cursor.pointer.findLast((segment) => typeof segment === "string");
  if (key === "uses") {
    const whole = /^[^\s,}]*/.exec(text.slice(end))?.[0] ?? "";
    return target("workflow", `${cursor.word}${whole}`.replace(/^["']|["']$/g, ""));
  }
  if (name === "") return null;
  if (cursor.pointer.includes("needs")) return target("step");
  if (key === "agent") return target("agent");
  return key === "model" || cursor.pointer[0] === "models" ? target("model") : null;
}

const isAt = (entry: Entry | undefined, line: number, start: number): boolean =>
  entry?.line === line && entry.keyStart <= start && start <= entry.keyEnd;

function restOf(text: string, from: number, pattern: RegExp): string {
  return pattern.exec(text.slice(from))?.[0] ?? "";
}

import { stringify } from "yaml";
import { isJsonObject } from "../util/json.ts";
import type { Analysis } from "./analysis.ts";
import type { Position } from "./cursor.ts";
import { keysIn } from "./names.ts";
import type { Outline } from "./outline.ts";
import type { SchemaGuide } from "./schema-guide.ts";
import { wordsOfSchema } from "./schema-words.ts";
import { stepFacts } from "./step-facts.ts";
import { targetAt } from "./target.ts";

/** What is said of a place, as Markdown, with the columns of the word that it is about. */
export interface Hover {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Of a step the facts of the plan, of a key the words of the schema, of another name what it stands for; null = nothing. */
export function hover(
  outline: Outline,
  position: Position,
  guide: SchemaGuide,
  analysis: Analysis | null,
): Hover | null {
  const target = targetAt(outline, position);
  if (target === null) return null;
  const { kind, name, key, start, end } = target;
  const about = (text: string | null): Hover | null => (text === null ? null : { text, start, end });
  const described = key === null ? null : describe(outline, key, guide);
  if (kind === "step") return about((analysis === null ? null : stepFacts(analysis, name)) ?? described);
  if (key !== null) return about(described);
  const map = { agent: "agents", model: "models", input: "inputs", variable: "env" }[kind as string];
  return about(map === undefined ? null : declared(analysis, map, name));
}

function describe(outline: Outline, pointer: readonly (string | number)[], guide: SchemaGuide): string | null {
  const [schema] = guide.at(pointer, keysIn(outline));
  return schema === undefined ? null : wordsOfSchema(schema, String(pointer.at(-1)));
}

/** A short declaration as it is written. */
function declared(analysis: Analysis | null, map: string, name: string): string | null {
  const data = analysis?.document()?.data;
  const entries = isJsonObject(data) ? data[map] : undefined;
  if (!isJsonObject(entries) || !Object.hasOwn(entries, name)) return null;
  const text = stringify({ [name]: entries[name] }, { lineWidth: 0 });
  return `\`\`\`yaml\n${text.length > 1500 ? `${text.slice(0, 1500)}…\n` : text}\`\`\``;
}

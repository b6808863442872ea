import { celReferences } from "./cel/reference.ts";
import { parseCel } from "./cel/parse.ts";
import type { Reference, Template } from "./template.ts";
import { textReferences } from "./text/reference.ts";
import { parseText } from "./text/parse.ts";

/** The tree of one expression or text, or why there is none: for who looks at it more than once. */
export type Parsed =
  | { readonly kind: "cel"; readonly source: string; readonly tree: ReturnType<typeof parseCel> }
  | { readonly kind: "text"; readonly tree: ReturnType<typeof parseText> };

/** Never throws: what is wrong with the form is part of the result. */
export function parseSource({ kind, source }: Template & { readonly kind: "cel" | "text" }): Parsed {
  return kind === "cel" ? { kind, source, tree: parseCel(source) } : { kind, tree: parseText(source) };
}

/** As `referencesOf`. */
export function referencesOfParsed(parsed: Parsed): readonly Reference[] {
  if (parsed.kind === "text") return textReferences(parsed.tree.parts);
  return parsed.tree.ok ? celReferences(parsed.tree.value) : [];
}

import { parseText } from "./parse.ts";
import type { Place, TextExpression, TextPart } from "./tree.ts";

/** A file that a text reads by a helper: `{{ file "notes.md" }}`. */
export interface FileCall extends Place {
  /** null = the path is computed. */
  readonly path: string | null;
}

/** All files that a text reads by `file` whose paths are written out, in the order of the source. */
export function fileCallsOf(source: string): readonly (FileCall & { readonly path: string })[] {
  return callsOf("file", source).filter((call) => call.path !== null) as (FileCall & { readonly path: string })[];
}

/** All artifacts that a text reads, in the order of the source. */
export function artifactCallsOf(source: string): readonly FileCall[] {
  return callsOf("artifact", source);
}

function callsOf(helper: string, source: string): readonly FileCall[] {
  const found: FileCall[] = [];
  const read = (node: TextExpression): void => {
    if (node.kind !== "call") return;
    const [path] = node.args;
    if (node.helper === helper && path !== undefined) {
      const written = path.kind === "literal" && typeof path.value === "string" ? path.value : null;
      found.push({ path: written, offset: path.offset, length: path.length });
    }
    node.args.forEach(read);
    for (const { value } of node.options) read(value);
  };
  const visit = (parts: readonly TextPart[]): void => {
    for (const part of parts) {
      if (part.kind === "content") continue;
      read(part.value);
      if (part.kind !== "block") continue;
      visit(part.body);
      visit(part.otherwise);
    }
  };
  if (source.includes(helper)) visit(parseText(source).parts);
  return found;
}

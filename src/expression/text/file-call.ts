import { parseText } from "./parse.ts";
import type { Place, TextExpression, TextPart } from "./tree.ts";

/** A file whose path is written out in a text: `{{ file "notes.md" }}`. */
export interface FileCall extends Place {
  readonly path: string;
}

/** All files that a text names, in the order of the source. */
export function fileCallsOf(source: string): readonly FileCall[] {
  const found: FileCall[] = [];
  const read = (node: TextExpression): void => {
    if (node.kind !== "call") return;
    const [path] = node.args;
    if (node.helper === "file" && path?.kind === "literal" && typeof path.value === "string") {
      found.push({ path: path.value, offset: path.offset, length: path.length });
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
  if (source.includes("file")) visit(parseText(source).parts);
  return found;
}

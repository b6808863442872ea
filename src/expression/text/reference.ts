import { rootNames } from "../root.ts";
import type { Reference } from "../template.ts";
import type { TextExpression, TextPart, TextPath } from "./tree.ts";

/** What is around a part of a text: how many `#each` and `#with`, and which names they bind. */
interface Surrounding {
  readonly depth: number;
  readonly bound: ReadonlySet<string>;
}

/** The names that a text reads, in the order of the source. */
export function textReferences(parts: readonly TextPart[]): readonly Reference[] {
  const found: Reference[] = [];
  collect(parts, { depth: 0, bound: new Set() }, found);
  return found;
}

function collect(parts: readonly TextPart[], around: Surrounding, found: Reference[]): void {
  for (const part of parts) {
    if (part.kind === "content") continue;
    read(part.value, around, found);
    if (part.kind !== "block") continue;
    const isFrame = part.block === "each" || part.block === "with";
    const inner = isFrame ? { depth: around.depth + 1, bound: new Set([...around.bound, ...part.names]) } : around;
    collect(part.body, inner, found);
    collect(part.otherwise, around, found);
  }
}

function read(node: TextExpression, around: Surrounding, found: Reference[]): void {
  if (node.kind === "call") {
    for (const arg of node.args) read(arg, around, found);
    for (const { value } of node.options) read(value, around, found);
  } else if (node.kind === "path") {
    const path = rootPath(node, around);
    if (path !== null) found.push({ path, offset: node.offset, length: node.length });
  }
}

/** The path from a root, or null for a field of an item and what else is no root. */
function rootPath(node: TextPath, { depth, bound }: Surrounding): readonly string[] | null {
  const [head, ...rest] = node.parts;
  if (node.isData) return head === "root" && rest.length > 0 ? rest : null;
  if (head === undefined) return null;
  // At the top, and as far up as the top, every name is a root.
  if (depth === 0 || node.up >= depth) return node.parts;
  // Inside of a block a field never takes the name of a root: where both are there, it is an error.
  return !node.isOwn && !bound.has(head) && rootNames.has(head) ? node.parts : null;
}

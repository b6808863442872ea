import type { Reference } from "../template.ts";
import { isComprehension } from "./comprehension.ts";
import { childrenOf, type CelNode } from "./parse.ts";
import { typeNames } from "./type-name.ts";

/** The names that a tree reads, in the order of the source. */
export function celReferences(root: CelNode): readonly Reference[] {
  const found: Reference[] = [];
  visit(root, new Set(), found);
  return found;
}

function visit(node: CelNode, bound: ReadonlySet<string>, found: Reference[]): void {
  const chain = chainOf(node);
  if (chain) {
    if (!bound.has(chain.path[0] as string) && !(chain.path.length === 1 && typeNames.has(chain.path[0] as string))) {
      found.push({ path: chain.path, offset: node.start, length: node.end - node.start });
    }
    return;
  }
  if (node.op !== "rcall") {
    for (const child of childrenOf(node)) visit(child, bound, found);
    return;
  }
  const [name, receiver, args] = node.args;
  const isNamespace = receiver.op === "id" && (receiver.args === "cel" || receiver.args === "optional");
  if (!isNamespace) visit(receiver, bound, found);
  const [first, ...rest] = args;
  if (isNamespace && name === "bind" && first?.op === "id" && rest.length === 2) {
    visit(rest[0] as CelNode, bound, found);
    visit(rest[1] as CelNode, new Set([...bound, first.args]), found);
    return;
  }
  const binds = (isComprehension(name) || name === "optMap" || name === "optFlatMap") && first?.op === "id";
  const inner = binds ? new Set([...bound, first.args]) : bound;
  for (const arg of binds ? rest : args) visit(arg, inner, found);
}

/** The path of a node that is a name with fields behind it; null when it is computed. */
function chainOf(node: CelNode): { readonly path: readonly string[] } | null {
  switch (node.op) {
    case "id":
      return { path: [node.args] };
    case ".":
    case ".?": {
      const base = chainOf(node.args[0]);
      return base && { path: [...base.path, node.args[1]] };
    }
    case "[]":
    case "[?]": {
      const [baseNode, key] = node.args;
      const base = key.op === "value" && typeof key.args === "string" ? chainOf(baseNode) : null;
      return base && { path: [...base.path, key.args as string] };
    }
    default:
      return null;
  }
}

import { childrenOf, parseCel, type CelNode } from "./cel/parse.ts";
import { parseSource, referencesOfParsed } from "./parsed.ts";
import { isStatusFunction, type StatusFunction } from "./status-function.ts";
import type { Reference, Template } from "./template.ts";

/**
 * Every name that a template reads, in the order of the source, each time it is read: the longest path that is
 * static. Names that a macro or block binds, and fields of the items it goes over, are not references. What cannot be
 * parsed has none.
 */
export function referencesOf(template: Template): readonly Reference[] {
  switch (template.kind) {
    case "literal":
      return [];
    case "cel":
    case "text":
      return referencesOfParsed(parseSource(template));
    case "list":
      return template.items.flatMap(referencesOf);
    case "object":
      return Object.values(template.entries).flatMap(referencesOf);
  }
}

/** Which status functions an expression calls, each once, in the order of their first call. */
export function statusFunctionsOf(source: string): readonly StatusFunction[] {
  const parsed = parseCel(source);
  const found = new Set<StatusFunction>();
  const visit = (node: CelNode): void => {
    if (node.op === "call" && isStatusFunction(node.args[0])) found.add(node.args[0]);
    childrenOf(node).forEach(visit);
  };
  if (parsed.ok) visit(parsed.value);
  return [...found];
}

/** Whether an `if` can hold only where success() does: it is `success()`, or that and something else. */
export function impliesSuccess(source: string): boolean {
  const parsed = parseCel(source);
  const visit = (node: CelNode): boolean =>
    node.op === "&&" ? node.args.some(visit) : node.op === "call" && node.args[0] === "success";
  return parsed.ok && visit(parsed.value);
}

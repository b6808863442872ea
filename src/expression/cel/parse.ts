import type { ASTNode, ParseError } from "@marcbachmann/cel-js";
import type { ExpressionProblem } from "../scope.ts";
import { deepestExpression, longestExpression, mostNodes } from "../limit.ts";
import { lazy } from "../../util/lazy.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { celLibrary } from "./cel-library.ts";

/** A node of a parsed CEL expression: `op`, `args`, and its place in the source by `start` and `end`. */
export type CelNode = ASTNode;

/** Only the grammar of the library is used: values are checked and evaluated by our own walk over its tree. */
const grammar = lazy(
  () =>
    new (celLibrary().Environment)({
      enableOptionalTypes: true,
      limits: { maxAstNodes: mostNodes, maxDepth: deepestExpression },
    }),
);

/** Parses CEL; the problem says where and, for habits of other languages, what to write. Never throws. */
export function parseCel(source: string): Result<CelNode, ExpressionProblem> {
  if (source.length > longestExpression) {
    return err(tooLarge(`the expression is longer than ${longestExpression} characters`, source));
  }
  if (source.trim() === "") {
    return err({ code: "WF4001", message: "the expression is empty", help: null, offset: 0, length: source.length });
  }
  try {
    const { ast } = grammar().parse(source);
    if (isTooDeep(ast)) return err(tooLarge("the expression is nested too deeply", source));
    return ok(ast);
  } catch (error) {
    // `!!!!...` overflows the parser's stack before any of its limits is reached.
    if (error instanceof RangeError) return err(tooLarge("the expression is nested too deeply", source));
    if (!(error instanceof celLibrary().ParseError)) throw error;
    if (error.code === "limit_exceeded")
      return err(tooLarge("the expression is too large or nested too deeply", source));
    return err(syntaxProblem(source, error));
  }
}

/** The nodes right below a node, in the order of the source. */
export function childrenOf(node: CelNode): readonly CelNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    case "!_":
    case "-_":
      return [node.args];
    default:
      return node.args;
  }
}

/** Long chains such as `a + a + a ...` are deep without any parenthesis, so depth is measured without recursion. */
function isTooDeep(root: CelNode): boolean {
  let layer: readonly CelNode[] = [root];
  for (let depth = 0; layer.length > 0; depth++) {
    if (depth > deepestExpression) return true;
    layer = layer.flatMap(childrenOf);
  }
  return false;
}

function tooLarge(message: string, source: string): ExpressionProblem {
  return { code: "WF4010", message, help: "compute it in a `run` step", offset: 0, length: source.length };
}

/** Things people write by habit that CEL's grammar does not know, by the text at the place of the error. */
const syntaxHabits: readonly { readonly at: RegExp; readonly message: string; readonly help: string }[] = [
  { at: /^={1,2}/, message: "`=` does not compare", help: "write `==`" },
  { at: /^and\b/, message: "`and` is not an operator", help: "write `&&`" },
  { at: /^or\b/, message: "`or` is not an operator", help: "write `||`" },
  { at: /^not\b/, message: "`not` is not an operator", help: "write `!`" },
  { at: /^\?\?/, message: "`??` is not an operator", help: "write `coalesce(a, b)`" },
  { at: /^\?\./, message: "`?.` is written the other way round", help: "write `a.?b`" },
  {
    at: /^(\||&)(?!\1)/,
    message: "`|` and `&` are not operators",
    help: "write `||` or `&&`; call functions as `f(x)`",
  },
  { at: /^`/, message: "back quotes make no text", help: "write \"...\" or '...'" },
  { at: /^\$/, message: "`$` is not part of an expression", help: "write the expression without `${{ }}` inside it" },
  { at: /^in\b/, message: "`in` cannot be a field after a dot", help: 'write `["in"]`' },
];

function syntaxProblem(source: string, error: ParseError): ExpressionProblem {
  const offset = Math.min(error.range?.start ?? 0, source.length);
  const end = Math.min(Math.max(error.range?.end ?? offset, offset), source.length);
  const start = offset - offsetIntoHabit(source, offset);
  const rest = source.slice(start, start + 8);
  const habit = syntaxHabits.find(({ at }) => at.test(rest));
  const place = { offset: start, length: Math.max(end - start, start < source.length ? 1 : 0) };
  if (habit) return { code: "WF4009", message: habit.message, help: habit.help, ...place };
  return { code: "WF4001", message: describe(source, error, start), help: null, ...place };
}

/** How far before the parser's stumbling the habit began: `a === b`, `a ?? b`, `a?.b`, `not a`. */
function offsetIntoHabit(source: string, offset: number): number {
  const before = source.slice(Math.max(0, offset - 24), offset);
  if (source[offset] === "=" && before.endsWith("==")) return 2;
  if (before.endsWith("?") && (source[offset] === "?" || source[offset] === ".")) return 1;
  return /(?:^|[(,&|!?:]\s*)(not\s+)$/.exec(before)?.[1]?.length ?? 0;
}

function describe(source: string, error: ParseError, start: number): string {
  if (start >= source.length) return "the expression ends too early";
  switch (error.code) {
    case "unterminated_string":
    case "unterminated_triple_quoted_string":
    case "newline_in_string":
      return "the text has no closing quote";
    case "reserved_identifier":
      return `'${/^\w*/.exec(source.slice(start))?.[0]}' is a reserved word`;
    case "invalid_macro_argument":
      return "the first argument must be a plain name, as in `list.map(x, x.title)`";
    case "unexpected_character":
    case "unexpected_token":
    case "expected_token":
      return `unexpected '${/^(\w+|[^]?)/.exec(source.slice(start))?.[0]}'`;
    default:
      return error.summary.charAt(0).toLowerCase() + error.summary.slice(1);
  }
}

import { CelChecker } from "./cel/checker.ts";
import { Interpreter } from "./cel/interpreter.ts";
import { parseCel, type CelNode } from "./cel/parse.ts";
import { celReferences } from "./cel/reference.ts";
import { EvaluationError } from "./evaluation-error.ts";
import { Meter } from "./meter.ts";
import type { TemplateProblem } from "./parse.ts";
import { parseSource, type Parsed } from "./parsed.ts";
import { statusFunctionsOf } from "./references.ts";
import type { ExpressionProblem, ExpressionScope } from "./scope.ts";
import { anyShape, describeKinds, kindsOf, listShape, stringShape, unionOf } from "./shape.ts";
import type { Template } from "./template.ts";
import { TextChecker } from "./text/checker.ts";
import type { parseText } from "./text/parse.ts";
import type { JsonSchema } from "../util/json.ts";

/** What the value is for: a `condition` must be true or false and must not hang on free text of a model. */
export type TemplateUse = "value" | "text" | "condition";

/**
 * Everything that is wrong with a template, known before anything runs: syntax, unknown and hidden names at every
 * depth that a schema declares, functions, types, habits of other languages. One mistake gives one problem; they are
 * sorted by place. Empty = it can run.
 */
export function checkTemplate(
  template: Template,
  scope: ExpressionScope,
  use: TemplateUse,
): readonly TemplateProblem[] {
  switch (template.kind) {
    case "literal":
      return [];
    case "cel":
    case "text":
      return checkParsed(parseSource(template), scope, use);
    case "list":
      return template.items.flatMap((item, index) => under(index, checkTemplate(item, scope, use)));
    case "object":
      return Object.entries(template.entries).flatMap(([key, entry]) => under(key, checkTemplate(entry, scope, use)));
  }
}

/** As `checkTemplate`, of one expression or text that was parsed before. */
export function checkParsed(parsed: Parsed, scope: ExpressionScope, use: TemplateUse): readonly TemplateProblem[] {
  if (parsed.kind === "text") return placed(checkText(parsed.tree, scope), []);
  const { tree, source } = parsed;
  return placed(tree.ok ? checkExpression(tree.value, source, scope, use === "condition") : [tree.error], []);
}

/** The shape of a template's value as a JSON Schema, `true` where it cannot be told. */
export function typeOf(template: Template, scope: ExpressionScope): JsonSchema {
  switch (template.kind) {
    case "literal":
      return { const: template.value };
    case "text":
      return stringShape;
    case "cel": {
      const parsed = parseCel(template.source);
      return parsed.ok ? new CelChecker(scope, false).shapeOf(parsed.value) : anyShape;
    }
    case "list":
      return listShape(unionOf(template.items.map((item) => typeOf(item, scope))));
    case "object": {
      const entries = Object.entries(template.entries).map(([key, entry]) => [key, typeOf(entry, scope)] as const);
      const required = entries.map(([key]) => key);
      return { type: "object", properties: Object.fromEntries(entries), required, additionalProperties: false };
    }
  }
}

function checkExpression(
  node: CelNode,
  source: string,
  scope: ExpressionScope,
  isCondition: boolean,
): readonly ExpressionProblem[] {
  const checker = new CelChecker(scope, isCondition);
  const kinds = kindsOf(checker.shapeOf(node));
  if (checker.problems.length === 0) {
    const failure = constantFailure(source, node);
    if (failure !== null) return [failure];
  }
  if (checker.problems.length > 0 || !isCondition || kinds === null || kinds.has("bool")) return checker.problems;
  return [
    {
      code: "WF4007",
      message: `a condition must be true or false, and this is ${describeKinds(kinds)}`,
      help: "compare it with something",
      offset: 0,
      length: source.length,
    },
  ];
}

/** So much work is done for one expression before anything runs: what computes more is left to the run. */
const MOST_WORK_AHEAD = 1000;

/** Why an expression fails in every run: it reads nothing, so its value is known. */
function constantFailure(source: string, node: CelNode): ExpressionProblem | null {
  if (celReferences(node).length > 0 || statusFunctionsOf(source).length > 0) return null;
  try {
    new Interpreter({}, undefined, new Meter(MOST_WORK_AHEAD)).run(node, null);
    return null;
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    const { code, message } = error.toExpressionError();
    if (code === "cost") return null;
    return {
      code: "WF4007",
      message: `this fails in every run: ${message}`,
      help: null,
      offset: 0,
      length: source.length,
    };
  }
}

function checkText(
  { parts, problems }: ReturnType<typeof parseText>,
  scope: ExpressionScope,
): readonly ExpressionProblem[] {
  const checker = new TextChecker(scope);
  checker.check(parts);
  return [...problems, ...checker.problems];
}

function placed(
  problems: readonly ExpressionProblem[],
  pointer: TemplateProblem["pointer"],
): readonly TemplateProblem[] {
  return problems.map((problem) => ({ ...problem, pointer })).sort((a, b) => a.offset - b.offset);
}

function under(key: string | number, problems: readonly TemplateProblem[]): readonly TemplateProblem[] {
  return problems.map((problem) => ({ ...problem, pointer: [key, ...problem.pointer] }));
}

import { checkTemplate, type TemplateUse } from "../../../src/expression/check.ts";
import { createEvaluator } from "../../../src/expression/evaluate.ts";
import { parseTemplate, type TemplateMode } from "../../../src/expression/parse.ts";
import type { ExpressionScope, GateStatus } from "../../../src/expression/scope.ts";
import type { Template } from "../../../src/expression/template.ts";
import type { Json } from "../../../src/util/json.ts";

const text = { type: "string" };

/** Two steps (one with free text, one typed) and inputs of every kind. */
export const scope: ExpressionScope = {
  statusFunctions: true,
  hidden: { secrets: "secrets go into `env`, headers and connections" },
  names: {
    inputs: {
      type: "object",
      properties: {
        topic: text,
        count: { type: "integer" },
        sites: { type: "array", items: text },
        tags: {
          type: "array",
          items: {
            type: "object",
            properties: { name: text, note: text, lines: text, inputs: text },
            required: ["name", "lines", "inputs"],
          },
        },
        anything: true,
      },
    },
    steps: {
      type: "object",
      properties: {
        draft: { type: "object", properties: { output: { type: "string", "x-free-text": true } } },
        triage: {
          type: "object",
          properties: {
            output: {
              type: ["object", "null"],
              properties: { kind: { enum: ["bug", "feature"] }, score: { type: "number" } },
              required: ["kind", "score"],
            },
          },
        },
      },
    },
  },
};

/** A template that is well formed. */
export function templateOf(value: Json, mode: TemplateMode = "bare"): Template {
  const parsed = parseTemplate(value, mode);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

/** Every problem as `code [what it marks] message | help`. */
export function problemsOf(source: string, use: TemplateUse = "condition", names = scope): string[] {
  const template = templateOf(source, use === "text" ? "text" : "bare");
  return checkTemplate(template, names, use).map(({ code, message, help, offset, length }) => {
    const marked = "source" in template ? template.source.slice(offset, offset + length) : "";
    return `${code} [${marked}] ${message}${help === null ? "" : ` | ${help}`}`;
  });
}

/** The value of an expression, or `code: message` of its error. */
export function valueOf(source: string, context: { [root: string]: Json } = {}, gate?: GateStatus): Json {
  const result = createEvaluator().evaluate(templateOf(source), context, gate);
  return result.ok ? result.value : `${result.error.code}: ${result.error.message}`;
}

/** What a text prints, or `code: message` of its error. */
export function textOf(source: string, context: { [root: string]: Json } = {}): Json {
  const result = createEvaluator().evaluate(templateOf(source, "text"), context);
  return result.ok ? result.value : `${result.error.code}: ${result.error.message}`;
}

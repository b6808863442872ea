import type { Template } from "./template.ts";
import type { ExpressionProblem } from "./scope.ts";
import { isJsonObject, type Json } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";

/** What a string means where it stands: a value, text with `{{ }}`, or an expression without `${{ }}`. */
export type TemplateMode = "value" | "text" | "bare";

/** A problem at a place inside a template: `pointer` leads to the string, `offset` is inside of it. */
export interface TemplateProblem extends ExpressionProblem {
  readonly pointer: readonly (string | number)[];
}

/**
 * Parses what the manifest has at one place into a Template; strings at any depth are looked at.
 * - `value`: a whole `${{ expr }}` is an expression, any other string itself. `${{ }}` or `{{ }}` inside of a longer
 *   string is a problem, since neither would be replaced.
 * - `text`: a string is text with `{{ }}`; a whole `${{ expr }}` is an expression.
 * - `bare`: a string is an expression, with or without `${{ }}` around it.
 * Only the form is looked at: `checkTemplate` reads the expressions. Offsets of problems are inside the string as
 * written; those of `checkTemplate` inside the template's source, which starts at `sourceOffset` of that string.
 */
export function parseTemplate(value: Json, mode: TemplateMode): Result<Template, readonly TemplateProblem[]> {
  const problems: TemplateProblem[] = [];
  const template = convert(value, mode, [], problems);
  return problems.length === 0 ? ok(template) : err(problems);
}

/** Where the template's source starts inside the string it was written as. */
export function sourceOffset(written: string, template: Template): number {
  return template.kind === "cel" ? Math.max(0, written.indexOf(template.source)) : 0;
}

function convert(
  value: Json,
  mode: TemplateMode,
  pointer: TemplateProblem["pointer"],
  problems: TemplateProblem[],
): Template {
  if (typeof value === "string") {
    const parsed = convertText(value, mode);
    if (parsed.ok) return parsed.value;
    problems.push({ ...parsed.error, pointer });
    return { kind: "literal", value };
  }
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item, index) => convert(item, mode, [...pointer, index], problems));
    return items.every((item) => item.kind === "literal") ? { kind: "literal", value } : { kind: "list", items };
  }
  if (isJsonObject(value)) {
    const entries = Object.entries(value).map(
      ([key, entry]) => [key, convert(entry, mode, [...pointer, key], problems)] as const,
    );
    if (entries.every(([, entry]) => entry.kind === "literal")) return { kind: "literal", value };
    return { kind: "object", entries: Object.fromEntries(entries) };
  }
  return { kind: "literal", value };
}

function convertText(text: string, mode: TemplateMode): Result<Template, ExpressionProblem> {
  const whole = wholeExpression(text);
  if (whole !== null) return ok({ kind: "cel", source: whole });
  const open = text.indexOf("${{");
  if (open !== -1) return err(misplaced(text, open, mode));
  if (mode === "bare") {
    const braces = bracesIn(text);
    return braces === null ? ok({ kind: "cel", source: text.trim() }) : err(braces);
  }
  if (mode === "text")
    return ok(text.includes("{{") ? { kind: "text", source: text } : { kind: "literal", value: text });
  const mustache = /\{\{[^{}]*\}\}/.exec(text);
  if (!mustache) return ok({ kind: "literal", value: text });
  return err({
    code: "WF4003",
    message: "`{{ }}` is not replaced here: this is a value, not a text",
    help: "write the whole value as one expression: " + asExpression(text),
    offset: mustache.index,
    length: mustache[0].length,
  });
}

/** `{{ inputs.a }} == 'x'`: names in an expression stand without braces. Braces inside of a quoted text are a text. */
function bracesIn(text: string): ExpressionProblem | null {
  const unquoted = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (quoted) => "_".repeat(quoted.length));
  const found = /\{\{([^{}]*)\}\}/.exec(unquoted);
  if (found === null) return null;
  const without = text.replaceAll(/\{\{\s*([^{}]*?)\s*\}\}/g, "$1").trim();
  return {
    code: "WF4003",
    message: "`{{ }}` belongs into texts, and this is an expression",
    help: without.length > 200 ? "write the names without braces" : `write it without braces: ${without}`,
    offset: found.index,
    length: found[0].length,
  };
}

/** The expression inside when the whole string is one `${{ }}`, else null. */
function wholeExpression(text: string): string | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith("${{") || !trimmed.endsWith("}}") || trimmed.length < 5) return null;
  return closingBraces(trimmed, 3) === trimmed.length - 2 ? trimmed.slice(3, -2).trim() : null;
}

/** Where the `}}` is that ends a `${{`, past the texts and maps inside of it; -1 without one. */
function closingBraces(text: string, start: number): number {
  let depth = 0;
  let quote = "";
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (quote !== "") {
      if (character === "\\") at++;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "{") depth++;
    else if (character === "}" && depth > 0) depth--;
    else if (character === "}" && text[at + 1] === "}") return at;
  }
  // A quote that is never closed: the expression is checked as it stands, up to the last braces.
  return quote !== "" && !text.includes("${{", start) ? text.lastIndexOf("}}") : -1;
}

function misplaced(text: string, open: number, mode: TemplateMode): ExpressionProblem {
  const close = closingBraces(text, open + 3);
  const length = close === -1 ? 3 : close + 2 - open;
  const place = { code: "WF4003", offset: open, length } as const;
  if (close === -1) return { ...place, message: "`${{` is not closed", help: "close it with `}}`" };
  if (mode === "bare") {
    return { ...place, message: "`${{ }}` stands inside an expression", help: "write the expression without `${{ }}`" };
  }
  const inner = text.slice(open + 3, close).trim();
  const message = "`${{ }}` is a whole value and cannot be part of a longer text";
  if (mode === "value")
    return { ...place, message, help: `write the whole value as one expression: ${asExpression(text)}` };
  const isPath = /^[A-Za-z_]\w*(\.\w+)*$/.test(inner);
  return {
    ...place,
    message,
    help: isPath
      ? `in a text write {{ ${inner} }}`
      : "in a text write {{ path }}; compute anything else in a `value` step",
  };
}

/** A text with `{{ path }}` or `${{ expr }}` inside, as the expression that its author likely meant. */
function asExpression(text: string): string {
  if (text.length > 200) return '${{ "text " + inputs.name }}';
  const parts = text.split(/\$?\{\{(.*?)\}\}/s).map((part, index) => (index % 2 === 1 ? part.trim() : part));
  const sum = parts.flatMap((part, index) => (part === "" ? [] : [index % 2 === 1 ? part : JSON.stringify(part)]));
  return `\${{ ${sum.join(" + ")} }}`;
}

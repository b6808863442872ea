import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { checkTemplate } from "../expression/check.ts";
import { parseTemplate, type TemplateMode } from "../expression/parse.ts";
import { referencesOf } from "../expression/references.ts";
import type { Template } from "../expression/template.ts";
import { FormReader, type Place } from "../manifest/form-reader.ts";
import { readDocument } from "../manifest/read.ts";
import { err, ok, type Result } from "../util/result.ts";
import { issuersAt } from "./issuers.ts";
import { POLICY_FORMAT, type Policy, type PolicyRule, type PolicyTest } from "./policy.ts";
import { policyScope } from "./scope.ts";

/** Reads a policy file (schemas/policy.v1.json); all that is wrong with it at once, in its expressions too. */
export function readPolicy(source: SourceFile): Result<Policy, readonly Diagnostic[]> {
  const document = readDocument(source);
  if (!document.ok) return document;
  const reader = new FormReader(document.value);
  const file = reader.map(reader.root, "a policy", ["muster_policy", "description", "issuers", "rules", "tests"]);
  const format = file && reader.integer(file("muster_policy"), "muster_policy", 1);
  if (file === null || format === null) return err(reader.diagnostics);
  if (format !== POLICY_FORMAT) {
    const message = `the policy has format ${format}, and this version of muster reads format ${POLICY_FORMAT}`;
    reader.problem(file("muster_policy"), "WF2004", message, "use the version of muster that it was written for");
  }
  reader.optional(file("description"), (place) => reader.text(place, "description"));
  const issuers = issuersAt(reader, file("issuers"));
  const rules = reader.entries(file("rules"), "rules").flatMap(([name, place]) => ruleOf(reader, name, place) ?? []);
  const names = new Set(rules.map(({ name }) => name));
  const tests = reader
    .entries(file("tests"), "tests")
    .flatMap(([name, place]) => testOf(reader, name, place, names) ?? []);
  return reader.diagnostics.length > 0 ? err(reader.diagnostics) : ok({ path: source.path, issuers, rules, tests });
}

function ruleOf(reader: FormReader, name: string, place: Place): PolicyRule | null {
  const rule = reader.map(place, `the rule '${name}'`, ["description", "severity", "for_each", "require", "message"]);
  if (rule === null) return null;
  reader.optional(rule("description"), (value) => reader.text(value, "description"));
  const severity = reader.optional(rule("severity"), (value) =>
    reader.oneOf(value, "severity", ["error", "warning"] as const),
  );
  const each = reader.optional(rule("for_each"), (value) => templateOf(reader, value, "for_each", "bare"));
  const require = templateOf(reader, rule("require"), "require", "bare");
  const message = templateOf(reader, rule("message"), "message", "text");
  if (require === null || message === null) return null;
  const reads = [each, require, message].flatMap((template) => (template === null ? [] : referencesOf(template)));
  return {
    name,
    severity: severity ?? "error",
    each,
    require,
    message,
    isAboutChange: reads.some(({ path }) => path[0] === "change"),
    line: reader.lineOf(place),
  };
}

function templateOf(reader: FormReader, place: Place, what: string, mode: TemplateMode): Template | null {
  const text = reader.text(place, what);
  if (text === null) return null;
  const parsed = parseTemplate(text, mode);
  if (!parsed.ok) {
    for (const { code, message, help } of parsed.error) reader.problem(place, code, `${what}: ${message}`, help);
    return null;
  }
  const use = mode === "text" ? "text" : what === "require" ? "condition" : "value";
  for (const { code, message, help } of checkTemplate(parsed.value, policyScope, use))
    reader.problem(place, code, `${what}: ${message}`, help);
  return parsed.value;
}

function testOf(reader: FormReader, name: string, place: Place, rules: ReadonlySet<string>): PolicyTest | null {
  const test = reader.map(place, `the test '${name}'`, ["workflow", "before", "breaks"]);
  if (test === null) return null;
  const workflow = reader.text(test("workflow"), "workflow");
  const before = reader.optional(test("before"), (value) => reader.text(value, "before"));
  const breaks = reader.list(test("breaks"), "breaks").flatMap((value) => {
    const rule = reader.text(value, "a rule");
    if (rule !== null && !rules.has(rule)) reader.problem(value, "WF3001", `there is no rule '${rule}' in this policy`);
    return rule === null ? [] : [rule];
  });
  return workflow === null ? null : { name, workflow, before, breaks: breaks.sort(), line: reader.lineOf(place) };
}

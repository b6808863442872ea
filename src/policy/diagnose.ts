import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { readDocument } from "../manifest/read.ts";
import { stepPointer } from "../manifest/written-step.ts";
import type { Policy, Violation } from "./policy.ts";

/** Rules that are not kept as problems of the manifest, each at the step that it is about. */
export function policyDiagnostics(
  policy: Policy,
  source: SourceFile,
  violations: readonly Violation[],
): readonly Diagnostic[] {
  if (violations.length === 0) return [];
  const document = readDocument(source);
  if (!document.ok) return document.error;
  const { data } = document.value;
  return violations.map(({ rule, severity, message, step }) => ({
    file: source.path,
    span: document.value.locate((step === null ? null : stepPointer(data, step)) ?? ["name"], "key"),
    severity,
    code: "WF8007",
    message: `policy ${rule}: ${message}`,
    help: `the rule stands in ${policy.path}:${policy.rules.find(({ name }) => name === rule)?.line ?? 1}`,
    related: [],
  }));
}

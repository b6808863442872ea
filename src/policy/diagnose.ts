import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import type { Pointer } from "../manifest/pointer.ts";
import { readDocument } from "../manifest/read.ts";
import { writtenSteps } from "../manifest/written-step.ts";
import { isJsonObject, type Json } from "../util/json.ts";
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
    span: document.value.locate(step === null ? ["name"] : pointerOf(data, step), "key"),
    severity,
    code: "WF8007",
    message: `policy ${rule}: ${message}`,
    help: `the rule stands in ${policy.path}:${policy.rules.find(({ name }) => name === rule)?.line ?? 1}`,
    related: [],
  }));
}

/** Where a step stands, by its path; for one in another file, the step that uses that file. */
function pointerOf(data: Json, path: string): Pointer {
  const ids = path.split("/");
  let found: Pointer = ["name"];
  if (!isJsonObject(data)) return found;
  // Names are unique in a file: the deepest one of the path that this file has.
  for (const { id, pointer } of writtenSteps(data))
    if (ids.includes(id) && pointer.length >= found.length) found = pointer;
  return found;
}

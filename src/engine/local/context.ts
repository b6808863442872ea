import { isJsonObject, type Json } from "../../util/json.ts";
import type { StepRecord } from "../../run/state.ts";
import { artifactJson } from "../../run/artifact.ts";
import { errorJson, stepArtifacts, stepOutput, stepResults, type ReadValue } from "../../run/step-value.ts";

/** Values by name, as expressions see them. */
export type Values = { readonly [root: string]: Json | undefined };

/** A step that an expression may read: its record, or null when it had not ended when the reader's gate opened. */
export type FindStep = (id: string) => StepRecord | null | undefined;

/**
 * Makes `steps` with the fields that are read, and no others: an output that nobody reads is never loaded.
 * `ids` are all names in reach, for an expression that reads `steps` as a whole.
 */
export function stepValues(
  paths: readonly (readonly string[])[],
  ids: () => Iterable<string>,
  find: FindStep,
  read: ReadValue,
): Json {
  const steps: { [id: string]: { [field: string]: Json } } = {};
  for (const path of paths) {
    if (path[0] !== "steps") continue;
    for (const id of path[1] === undefined ? ids() : [path[1]]) {
      const record = find(id);
      if (record === undefined) continue;
      const view = (steps[id] ??= {});
      for (const field of path[2] === undefined ? wholeFields(record) : [path[2]]) {
        const reader = fieldReaders[field];
        if (reader === undefined || field in view) continue;
        view[field] = record === null ? null : reader(record, read);
      }
    }
  }
  return steps;
}

/** What a step as a whole has: files and a branch where there are some. */
function wholeFields(record: StepRecord | null): readonly string[] {
  return Object.keys(fieldReaders).filter((field) => {
    if (field === "branch") return record?.extra?.["branch"] !== undefined;
    return field !== "artifacts" || (record !== null && hasArtifacts(record));
  });
}

function hasArtifacts(step: StepRecord): boolean {
  const units = [step, ...(step.items ?? [])];
  return units.some(({ artifacts, inner }) => artifacts !== null || inner?.steps.some(hasArtifacts) === true);
}

/** What `steps.x` has, each made only when it is read. */
const fieldReaders: { readonly [field: string]: (step: StepRecord, read: ReadValue) => Json } = {
  output: stepOutput,
  status: (step) => step.status,
  error: (step) => errorJson(step.failure),
  results: stepResults,
  failed: (step, read) => stepResults(step, read).filter((result) => result["status"] === "failed"),
  exit_code: (step) => step.extra?.["exit_code"] ?? null,
  status_code: (step) => step.extra?.["status_code"] ?? null,
  stderr: (step) => step.extra?.["stderr"] ?? null,
  branch: (step) => step.extra?.["branch"] ?? null,
  artifacts: (step, read) =>
    Object.fromEntries(stepArtifacts(step, read).map((artifact) => [artifact.path, artifactJson(artifact)])),
  by: (step) => step.extra?.["by"] ?? null,
};

/**
 * The value under a path, for fingerprints, where only equality counts: null when a part of it is missing, and the
 * whole list where the path goes into one.
 */
export function valueAt(values: Values, path: readonly string[]): Json {
  let value: Json | undefined = values[path[0] as string];
  for (const part of path.slice(1)) {
    if (Array.isArray(value)) return value as readonly Json[];
    if (!isJsonObject(value) || !Object.hasOwn(value, part)) return null;
    value = value[part];
  }
  return value ?? null;
}

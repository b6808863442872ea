import type { Json, JsonObject } from "../../util/json.ts";
import { isJsonObject } from "../../util/json.ts";
import { errorJson, itemJson, stepOutput } from "../../run/report.ts";
import type { ScopeRecord, StepRecord } from "../../run/state.ts";
import type { ValueRef } from "../../run/value-ref.ts";

/** Values by name, as expressions see them. */
export type Values = { readonly [root: string]: Json | undefined };

/** The unit that reads, for `item` and `index`. */
export interface UnitView {
  readonly item: Json;
  readonly index: number;
}

/**
 * Makes the values behind the names that are read, and no others: an output that nobody reads is never loaded.
 * `hidden` are steps that had not ended when the reader's gate opened: all of them is null.
 */
export function valuesFor(
  paths: readonly (readonly string[])[],
  base: Values,
  scope: ScopeRecord,
  stepIndex: ReadonlyMap<string, number>,
  read: (ref: ValueRef) => Json,
  unit: UnitView | null,
  hidden: ReadonlySet<number> | null = null,
): Values {
  const values: { [root: string]: Json | undefined } = { ...base };
  if (unit !== null) {
    values["item"] = unit.item;
    values["index"] = unit.index;
  }
  const steps: { [id: string]: { [field: string]: Json } } = {};
  for (const path of paths) {
    if (path[0] !== "steps") continue;
    const wanted = path[1] === undefined ? [...stepIndex.keys()] : [path[1]];
    for (const id of wanted) {
      const index = stepIndex.get(id);
      if (index === undefined) continue;
      const view = (steps[id] ??= {});
      const fields = path[2] === undefined ? Object.keys(fieldReaders) : [path[2]];
      for (const field of fields) {
        const reader = fieldReaders[field];
        if (reader === undefined || field in view) continue;
        view[field] = hidden?.has(index) === true ? null : reader(scope.steps[index] as StepRecord, read);
      }
    }
  }
  values["steps"] = steps;
  return values;
}

type FieldReader = (step: StepRecord, read: (ref: ValueRef) => Json) => Json;

/** What `steps.x` has, each made only when it is read. */
const fieldReaders: { readonly [field: string]: FieldReader } = {
  output: stepOutput,
  status: (step) => step.status,
  error: (step) => errorJson(step.failure),
  results: (step, read) => results(step, read),
  failed: (step, read) => results(step, read).filter((result) => isJsonObject(result) && result["status"] === "failed"),
  exit_code: (step) => step.extra?.["exit_code"] ?? null,
  stderr: (step) => step.extra?.["stderr"] ?? null,
};

function results(step: StepRecord, read: (ref: ValueRef) => Json): JsonObject[] {
  return (step.items ?? []).map((item, index) => itemJson(item, index, read));
}

/**
 * The value under a path, for fingerprints, where only equality counts: null when a part of it is missing, and the
 * whole list where the path goes into one.
 */
export function valueAt(values: Values, path: readonly string[]): Json {
  let value: Json | undefined = values[path[0] as string];
  for (const part of path.slice(1)) {
    if (Array.isArray(value)) return value;
    if (!isJsonObject(value) || !Object.hasOwn(value, part)) return null;
    value = value[part];
  }
  return value ?? null;
}

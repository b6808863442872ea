import { canonicalJson } from "../util/canonical-json.ts";
import type { Json } from "../util/json.ts";

/**
 * Which values: the project's; those of one run alone, which go with it; or `copy`, the project's as a run has changed
 * them for itself, which nobody else sees (simulated runs).
 */
export type StateScope = "project" | "run" | "copy";

/** What a step does to a value. */
export type StateChange =
  | { readonly kind: "set"; readonly key: string; readonly value: Json }
  | { readonly kind: "delete"; readonly key: string }
  | { readonly kind: "increment"; readonly key: string; readonly by: number }
  | { readonly kind: "compare_and_set"; readonly key: string; readonly from: Json; readonly to: Json };

/**
 * What came of a change: `value` is what is there now (of a delete: what was there, null = nothing). Where it does not
 * hold nothing was written, and `value` is what stood in its way.
 */
export type StateOutcome =
  | { readonly kind: "changed"; readonly value: Json }
  | { readonly kind: "mismatch" | "not_a_number" | "overflow"; readonly value: Json };

/** What a change makes of a value (`undefined` = there is none): what to write (`undefined` = take it away), and the answer. */
export function changed(
  current: Json | undefined,
  change: StateChange,
): { readonly outcome: StateOutcome; readonly write?: { readonly value: Json | undefined } } {
  const present = current ?? null;
  const written = (value: Json) => ({ outcome: { kind: "changed", value } as const, write: { value } });
  switch (change.kind) {
    case "set":
      return written(change.value);
    case "delete":
      return { outcome: { kind: "changed", value: present }, write: { value: undefined } };
    case "compare_and_set":
      if (canonicalJson(present) !== canonicalJson(change.from))
        return { outcome: { kind: "mismatch", value: present } };
      return written(change.to);
    case "increment": {
      const before = present ?? 0;
      if (typeof before !== "number") return { outcome: { kind: "not_a_number", value: present } };
      const sum = before + change.by;
      const isExact = !(Number.isInteger(before) && Number.isInteger(change.by)) || Number.isSafeInteger(sum);
      return isExact && Number.isFinite(sum) ? written(sum) : { outcome: { kind: "overflow", value: present } };
    }
  }
}

import type { Plan } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { labelOfKey } from "../../run/label-of-key.ts";
import type { ScopeRecord } from "../../run/state.ts";
import type { RunSummary } from "../../store/store.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { planOfRun, readRun } from "./read-run.ts";
import type { Surroundings } from "./surroundings.ts";

/** Units that a person wants to run again, whatever is recorded of them. */
export interface AskedAgain {
  /** By the lasting name of a unit (attempt-key.ts), or of something in it. */
  isKey(key: string): boolean;
  /** As people see it: `group[1]/inner[2]`. */
  isLabel(label: string): boolean;
}

/**
 * What is meant by names such as `draft`, `group/inner`, `draft[3]`, `group[1]/inner`: a step with all that is inside; a part
 * without a number is all its items. Numbers are those of the run as `muster show` tells it. The error names an item that
 * there is not.
 */
export function askedAgain(
  names: ReadonlySet<string>,
  summary: RunSummary,
  plan: Plan,
  around: Surroundings,
): Result<AskedAgain, Failure> {
  const wanted = [...names].map((name) => name.split("/"));
  const isLabel = (label: string): boolean => {
    const parts = label.split("/");
    return wanted.some((name) => name.every((part, depth) => isPart(parts[depth], part)));
  };
  const hasItems = [...names].some((name) => name.includes("["));
  // Without numbers the names of units say enough.
  if (!hasItems) return ok({ isLabel, isKey: (key) => names.size > 0 && isLabel(idsOfKey(key)) });
  const told = readRun(summary, planOfRun(around.store, summary.runId) ?? plan, around);
  if (!told.ok) return told;
  const { record } = told.value;
  for (const name of wanted) {
    const missing = missingItem(name, record);
    if (missing !== null) return err(missing);
  }
  return ok({ isLabel, isKey: (key) => isLabel(labelOfKey(withoutEnd(key), record)) });
}

/** `draft[2]` is `draft`, and itself. */
function isPart(part: string | undefined, name: string): boolean {
  return part === name || part?.replace(/\[\d+\]$/, "") === name;
}

function withoutEnd(key: string): string {
  return key.split("/~", 1)[0] ?? "";
}

function idsOfKey(key: string): string {
  const parts = withoutEnd(key).split("/");
  return parts.flatMap((part) => (/^\d/.test(part) ? [] : (part.split("#", 1)[0] ?? ""))).join("/");
}

/** Looks along a name for an item that the run does not have; null = it has all of them. */
function missingItem(name: readonly string[], record: ScopeRecord): Failure | null {
  let scopes: readonly ScopeRecord[] = [record];
  for (const part of name) {
    const [, id = "", number] = /^(.*?)(?:\[(\d+)\])?$/.exec(part) ?? [];
    const steps = scopes.flatMap(({ steps: all }) => all.filter((step) => step.id === id));
    const index = number === undefined ? null : Number(number);
    if (index !== null && !steps.some(({ items }) => items?.[index] !== undefined)) {
      const most = Math.max(0, ...steps.map(({ items }) => items?.length ?? 0));
      const has = most === 0 ? "no items" : most === 1 ? "one item, 0" : `items 0 to ${most - 1}`;
      return failure("invalid", "no_such_item", `--rerun ${name.join("/")}: '${id}' had ${has} in this run`);
    }
    scopes = steps.flatMap(({ inner, items }) =>
      [
        ...(index === null ? (items ?? []) : (items ?? []).slice(index, index + 1)).map((item) => item.inner),
        inner,
      ].flatMap((scope) => scope ?? []),
    );
  }
  return null;
}

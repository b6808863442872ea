import { suggest } from "../diagnostic/suggest.ts";
import { sha256 } from "../util/digest.ts";
import { InternalError } from "../util/internal-error.ts";
import { err, ok, type Result } from "../util/result.ts";
import { keepSteps, withoutUnused } from "./only.ts";
import { changedPlan } from "./plan-digest.ts";
import type { Plan } from "./types.ts";

/**
 * The variant of a run: the one that is named, else by weight, the same for equal keys. null where the plan has none.
 * The error is a sentence.
 */
export function pickVariant(plan: Plan, named: string | null, key: string): Result<string | null, string> {
  const { variants } = plan;
  if (variants === undefined) {
    return named === null ? ok(null) : err(`the workflow has no variants, so none is called '${named}'`);
  }
  const names = variants.map(({ name }) => name);
  if (named !== null) {
    if (names.includes(named)) return ok(named);
    const near = suggest(named, names);
    return err(
      `the workflow has no variant '${named}'; ${near === null ? `it has ${names.join(", ")}` : `did you mean '${near}'?`}`,
    );
  }
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  // 52 bits: exact in a double.
  let left = (Number.parseInt(sha256(`${plan.workflow.name}\n${key}`).slice(0, 13), 16) / 2 ** 52) * total;
  for (const { name, weight } of variants) {
    if (left < weight) return ok(name);
    left -= weight;
  }
  return ok(variants.findLast(({ weight }) => weight > 0)?.name ?? null);
}

/** The plan of the runs that take this variant: its step, those of `finally`, and its outputs. null: the plan as it is. */
export function chooseVariant(plan: Plan, name: string | null): Result<Plan, string> {
  if (name === null) return ok(plan);
  const picked = pickVariant(plan, name, "");
  if (!picked.ok) return picked;
  const [scope, ...others] = plan.scopes;
  const position = scope?.steps.findIndex(({ id }) => id === name) ?? -1;
  const body = scope?.steps[position]?.body;
  if (scope === undefined || body?.kind !== "uses") throw new InternalError(`variant '${name}' has no step`);
  const last = scope.steps.flatMap(({ isFinally }, index) => (isFinally ? [index] : []));
  const outputs = Object.keys(plan.scopes[body.scope]?.outputs ?? {}).map(
    (output) => [output, { kind: "cel", source: `steps.${name}.output.${output}` }] as const,
  );
  const top = { ...keepSteps(scope, [position, ...last]), outputs: Object.fromEntries(outputs) };
  return ok(changedPlan(plan, { variant: name, scopes: withoutUnused([top, ...others]) }));
}

import { suggest } from "../diagnostic/suggest.ts";
import { referencesOf } from "../expression/references.ts";
import type { Template } from "../expression/template.ts";
import { isJsonObject, type Json } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";
import { changedPlan } from "./plan-digest.ts";
import { EMPTY_SCOPE, type Plan, type PlannedScope, type PlannedStep } from "./types.ts";

/**
 * The plan with these steps and all that they need, directly or not, and nothing else: the others are not in it, as
 * if they had never been written. Outputs of the workflow that read a step that is left out are left out too.
 * `finally` steps are left out unless they are named. No ids: the plan as it is. The error is a sentence that names an
 * id the plan does not have.
 */
export function onlySteps(plan: Plan, ids: readonly string[]): Result<Plan, string> {
  const [scope] = plan.scopes;
  if (ids.length === 0 || scope === undefined) return ok(plan);
  const positions = new Map(scope.steps.map(({ id }, index) => [id, index]));
  const named: number[] = [];
  for (const id of ids) {
    const position = positions.get(id);
    if (position === undefined) {
      const near = suggest(id, [...positions.keys()]);
      return err(`the workflow has no step '${id}'${near === null ? "" : `; did you mean '${near}'?`}`);
    }
    named.push(position);
  }
  const kept = withNeeds(plan, scope, named, positions);
  const top = keepSteps(scope, kept);
  return ok(changedPlan(plan, { scopes: withoutUnused([top, ...plan.scopes.slice(1)]) }));
}

/** The steps named and all before them, in the order of the file. */
function withNeeds(
  plan: Plan,
  scope: PlannedScope,
  named: readonly number[],
  positions: ReadonlyMap<string, number>,
): number[] {
  const kept = new Set(named);
  for (const index of kept) {
    const step = scope.steps[index];
    if (step === undefined) continue;
    for (const need of step.needs.flatMap(({ of }) => of)) kept.add(need);
    // A `finally` step reads others without waiting for them by an edge.
    for (const id of readInside(plan, step)) {
      const read = positions.get(id);
      if (read !== undefined) kept.add(read);
    }
  }
  return [...kept].sort((a, b) => a - b);
}

/** The scope with these of its steps, in their order, and the outputs that can still be made. */
export function keepSteps(scope: PlannedScope, kept: readonly number[]): PlannedScope {
  const { score, ...rest } = scope;
  const left = new Set(kept.map((index) => scope.steps[index]?.id));
  const newPosition = new Map(kept.map((old, position) => [old, position]));
  const isGone = (id: string): boolean => !left.has(id) && scope.steps.some((step) => step.id === id);
  const moved = (step: PlannedStep): PlannedStep => ({
    ...step,
    ...(step.files === undefined
      ? {}
      : { files: { ...step.files, from: step.files.from.filter((id) => !isGone(id)) } }),
    needs: step.needs.map(({ of, required }) => ({ of: of.flatMap((need) => newPosition.get(need) ?? []), required })),
  });
  const isThere = (id: string): boolean => left.has(id);
  const hasScore = score !== undefined && stepsReadBy({ kind: "cel", source: score }).every(isThere);
  return {
    ...rest,
    ...(hasScore ? { score } : {}),
    steps: kept.flatMap((index) => {
      const step = scope.steps[index];
      return step === undefined ? [] : [moved(step)];
    }),
    outputs: Object.fromEntries(
      Object.entries(scope.outputs).filter(([, template]) => stepsReadBy(template as Json).every(isThere)),
    ),
  };
}

/** Parts of a planned step that are CEL without a template around. */
const BARE = ["condition", "until", "itemKey"] as const;

/** The scopes, each at its position; those that no step leads to any more are empty, so that nothing is asked for them. */
export function withoutUnused(scopes: readonly PlannedScope[]): readonly PlannedScope[] {
  const used = new Set([0]);
  for (const scope of used)
    for (const { body } of scopes[scope]?.steps ?? [])
      if (body.kind === "steps" || body.kind === "uses") used.add(body.scope);
  return scopes.map((scope, index) => (used.has(index) ? scope : EMPTY_SCOPE));
}

/** Ids of the steps that a step reads, and those inside of it when it is a group. */
function readInside(plan: Plan, step: PlannedStep): string[] {
  const own = [...stepsReadBy(step as unknown as Json), ...(step.files?.from ?? [])];
  if (step.body.kind !== "steps") return own;
  const inner = plan.scopes[step.body.scope]?.steps ?? [];
  return [...own, ...inner.flatMap((one) => readInside(plan, one))];
}

/** Ids of the steps that the templates anywhere in a part of the plan read. */
function stepsReadBy(part: Json): string[] {
  if (Array.isArray(part)) return part.flatMap(stepsReadBy);
  if (!isJsonObject(part)) return [];
  if (part["kind"] === "literal") return [];
  const isTemplate = (part["kind"] === "cel" || part["kind"] === "text") && typeof part["source"] === "string";
  if (isTemplate)
    return referencesOf(part as unknown as Template).flatMap(({ path: [root, id] }) =>
      root === "steps" && id !== undefined ? [id] : [],
    );
  const own = BARE.flatMap((key) => {
    const source = part[key];
    return typeof source === "string" ? stepsReadBy({ kind: "cel", source }) : [];
  });
  return [...own, ...Object.values(part).flatMap(stepsReadBy)];
}

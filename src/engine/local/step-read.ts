import type { Template } from "../../expression/template.ts";
import { referencesOf } from "../../expression/references.ts";
import { bodyTemplates, present } from "../../plan/body-templates.ts";
import { staticFingerprint } from "../../plan/step-digest.ts";
import type { Plan, PlannedStep } from "../../plan/types.ts";
import { Fingerprints } from "../../run/fingerprint.ts";
import { InternalError } from "../../util/internal-error.ts";
import { readsUnfinished } from "../../run/scheduler/plan-graph.ts";

/** What a step reads, told once from its templates. */
export interface StepRead {
  /** Names in the body: part of its fingerprint. `secrets` are not among them. */
  readonly body: readonly (readonly string[])[];
  /** The same as texts: `steps.draft.output`. */
  readonly bodyNames: readonly string[];
  /** `if`, null when there is none. */
  readonly condition: Template | null;
  readonly conditionPaths: readonly (readonly string[])[];
  /** The list of `for_each`, its `glob`, and `item_key`. */
  readonly itemPaths: readonly (readonly string[])[];
  readonly itemKey: Template | null;
  readonly itemKeyPaths: readonly (readonly string[])[];
  /** `repeat.until`, null when there is none. */
  readonly until: Template | null;
  readonly untilPaths: readonly (readonly string[])[];
  /** Of a `handoff`, by stage; null = every output is accepted. */
  readonly accepts: readonly (Template | null)[];
  readonly onErrorPaths: readonly (readonly string[])[];
  /** Names in `cache.key`. */
  readonly cachePaths: readonly (readonly string[])[];
  readonly secrets: boolean;
  /** S of the fingerprint of a unit; null = a step without units. */
  readonly staticDigest: (item: number | null) => string;
  /** Of its units. */
  readonly fingerprints: Fingerprints;
  /** Indices of needs that may still run when this step starts; null when it waits for all. */
  readonly unfinished: readonly number[] | null;
}

/** Tells what a step reads. `scope` and `index` are positions in the plan. */
export function stepRead(plan: Plan, scope: number, index: number): StepRead {
  const step = plan.scopes[scope]?.steps[index];
  if (step === undefined) throw new InternalError(`no step ${index} in scope ${scope}`);
  const paths = [...(step.files?.reads ?? []), ...(step.files?.writes ?? [])].map(({ path }) => path);
  const read = pathsOf([...bodyTemplates(plan, step), ...paths]);
  // A process sees all of the workflow's `env`, whether its script names it or not.
  const all = step.body.kind === "run" ? [...read, ["env"]] : read;
  const condition: Template | null = step.condition === null ? null : { kind: "cel", source: step.condition };
  const until: Template | null = step.repeat === null ? null : { kind: "cel", source: step.repeat.until };
  const accepts = (step.handoff ?? []).map(({ accept }): Template | null =>
    accept === null ? null : { kind: "cel", source: accept },
  );
  const { fan } = step;
  const itemKey: Template | null = fan === null || fan.itemKey === null ? null : { kind: "cel", source: fan.itemKey };
  const partial = step.needs.filter((group) => group.required < group.of.length);
  const body = all.filter((path) => path[0] !== "secrets");
  return {
    body,
    bodyNames: body.map((path) => path.join(".")),
    condition,
    conditionPaths: pathsOf(present(condition)),
    itemPaths: pathsOf(fan === null ? [] : [fan.items, ...present(fan.glob)]),
    itemKey,
    itemKeyPaths: pathsOf(present(itemKey)),
    until,
    untilPaths: pathsOf(present(until)),
    accepts,
    onErrorPaths: pathsOf(step.onError.kind === "output" ? [step.onError.output] : []),
    cachePaths: pathsOf(present(step.cache?.key)),
    secrets: all.some((path) => path[0] === "secrets"),
    staticDigest: digestOfUnit(plan, scope, index, step),
    fingerprints: new Fingerprints(),
    unfinished: readsUnfinished(step) ? partial.flatMap((group) => group.of) : null,
  };
}

/** S of a unit: one for all units, but where each combination of a matrix asks models of its own. */
function digestOfUnit(plan: Plan, scope: number, index: number, { body }: PlannedStep): StepRead["staticDigest"] {
  if (body.kind === "agent" && body.modelsByItem !== null) return (item) => staticFingerprint(plan, scope, index, item);
  const digest = staticFingerprint(plan, scope, index);
  return () => digest;
}

/** The distinct names that templates read, in order of their text. */
export function pathsOf(templates: readonly Template[]): (readonly string[])[] {
  const paths = new Map<string, readonly string[]>();
  for (const template of templates) {
    for (const { path } of referencesOf(template)) paths.set(path.join("\0"), path);
  }
  return [...paths.keys()].sort().map((key) => paths.get(key) as readonly string[]);
}

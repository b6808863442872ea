import type { Template } from "../../expression/template.ts";
import { referencesOf } from "../../expression/references.ts";
import { staticFingerprint } from "../../plan/step-digest.ts";
import type { Plan, PlannedStep } from "../../plan/types.ts";
import { InternalError } from "../../util/internal-error.ts";
import { readsUnfinished } from "../../run/scheduler/plan-graph.ts";

/** What a step reads, told once from its templates. */
export interface StepRead {
  /** Names in the body: part of its fingerprint. `secrets` are not among them. */
  readonly body: readonly (readonly string[])[];
  /** `if`, null when there is none. */
  readonly condition: Template | null;
  readonly conditionPaths: readonly (readonly string[])[];
  readonly itemPaths: readonly (readonly string[])[];
  readonly onErrorPaths: readonly (readonly string[])[];
  readonly secrets: boolean;
  /** S of the fingerprint. */
  readonly staticDigest: string;
  /** Indices of needs that may still run when this step starts; null when it waits for all. */
  readonly unfinished: readonly number[] | null;
}

/** Tells what a step reads. `scope` and `index` are positions in the plan. */
export function stepRead(plan: Plan, scope: number, index: number): StepRead {
  const step = plan.scopes[scope]?.steps[index];
  if (step === undefined) throw new InternalError(`no step ${index} in scope ${scope}`);
  const all = pathsOf(bodyTemplates(plan, step));
  const condition: Template | null = step.condition === null ? null : { kind: "cel", source: step.condition };
  const partial = step.needs.filter((group) => group.required < group.of.length);
  return {
    body: all.filter((path) => path[0] !== "secrets"),
    condition,
    conditionPaths: pathsOf(present(condition)),
    itemPaths: pathsOf(step.fan === null ? [] : [step.fan.items]),
    onErrorPaths: pathsOf(step.onError.kind === "output" ? [step.onError.output] : []),
    secrets: all.some((path) => path[0] === "secrets"),
    staticDigest: staticFingerprint(plan, scope, index),
    unfinished: readsUnfinished(step) ? partial.flatMap((group) => group.of) : null,
  };
}

/** Every template whose value goes into what a step does. */
function bodyTemplates(plan: Plan, step: PlannedStep): Template[] {
  const { body } = step;
  switch (body.kind) {
    case "value":
      return [body.value];
    case "agent":
      return [body.task, ...present(plan.agents[body.agent]?.instructions)];
    case "run": {
      const argv = "argv" in body.command ? body.command.argv : [];
      return [...argv, ...Object.values(body.env), ...Object.values(plan.env), ...present(body.stdin), ...present(body.cwd)];
    }
  }
}

function present(template: Template | null | undefined): Template[] {
  return template === null || template === undefined ? [] : [template];
}

/** The distinct names that templates read, in order of their text. */
export function pathsOf(templates: readonly Template[]): (readonly string[])[] {
  const paths = new Map<string, readonly string[]>();
  for (const template of templates) {
    for (const { path } of referencesOf(template)) paths.set(path.join("\0"), path);
  }
  return [...paths.keys()].sort().map((key) => paths.get(key) as readonly string[]);
}

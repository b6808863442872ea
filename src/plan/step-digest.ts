import { InternalError } from "../util/internal-error.ts";
import { digestOf } from "../util/digest.ts";
import type { Json } from "../util/json.ts";
import type { Plan, PlannedModel, PlannedStep, StepKind } from "./types.ts";

/**
 * What a kind of step does with its body, as a number. Raised when an outcome that was recorded earlier would no
 * longer be an answer, e.g. because the repair prompt of an agent step changed its meaning.
 * History: 1 = the first.
 */
const semantics: { readonly [kind in StepKind]: number } = { agent: 1, run: 1, value: 1 };

/**
 * The static half of a step's fingerprint (S of SEMANTICS.md, "Resume"): SHA-256 over its kind and semantics number,
 * body, output schema, and for an agent step the instructions and models that answer it. Equal for steps that ask
 * the same, whatever their retry, timeout, needs, `if`, join, effect, prices, limits and keys.
 * `scope` is a position in `plan.scopes`, `step` one in its `steps`.
 */
export function staticFingerprint(plan: Plan, scope: number, step: number): string {
  const planned = plan.scopes[scope]?.steps[step];
  if (planned === undefined) throw new InternalError(`no step ${step} in scope ${scope} of the plan`);
  return digestOf({
    kind: planned.body.kind,
    semantics: semantics[planned.body.kind],
    output: planned.output,
    body: bodyOf(plan, planned),
  });
}

function bodyOf(plan: Plan, step: PlannedStep): Json {
  const { body } = step;
  switch (body.kind) {
    case "agent":
      return {
        task: body.task as Json,
        instructions: (plan.agents[body.agent]?.instructions ?? null) as Json,
        models: modelsOf(plan, step).map(askedOf),
      };
    case "run":
      return {
        command: body.command as unknown as Json,
        env: { ...plan.env, ...body.env } as Json,
        stdin: body.stdin as Json,
        cwd: body.cwd as Json,
      };
    case "value":
      return body.value;
  }
}

/** The models that a step asks, in order: its own, else its agent's. Empty for steps that ask none. */
export function modelsOf(plan: Plan, step: PlannedStep): readonly PlannedModel[] {
  if (step.body.kind !== "agent") return [];
  return step.body.models ?? plan.agents[step.body.agent]?.models ?? [];
}

/** What of a model decides on its answer: neither the price nor the name of the key. */
function askedOf(model: PlannedModel): Json {
  const { id, baseUrl, maxTokens, temperature, effort } = model;
  return { id, baseUrl, maxTokens, temperature, effort };
}

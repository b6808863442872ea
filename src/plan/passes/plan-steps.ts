import { statusFunctionsOf } from "../../expression/references.ts";
import type { NormalManifest, NormalRetry, NormalStep } from "../../manifest/normal.ts";
import { staticSize } from "../fan-size.ts";
import type { Problems } from "../problems.ts";
import {
  defaultRetryOn,
  type Effect,
  type FailureClass,
  type PlannedRetry,
  type PlannedStep,
  type StepBody,
} from "../types.ts";
import type { StepEdges } from "./edges.ts";
import type { ParsedStep } from "./parse-templates.ts";
import type { Models } from "./resolve-models.ts";

/** Failures that no retry can mend, whatever `retry.on` says (SEMANTICS, "Nesting and attempts"). */
const NEVER_RETRIED: readonly FailureClass[] = ["budget", "cancelled", "internal"];

/** After these nobody knows whether the effect took place. */
const UNKNOWN_OUTCOME: readonly FailureClass[] = ["timeout", "network"];

/** Puts a step of the plan together from what the other passes found. */
export function planStep(
  parsed: ParsedStep,
  edges: StepEdges,
  manifest: NormalManifest,
  models: Models,
  problems: Problems,
): PlannedStep {
  const { step, condition } = parsed;
  const effect = effectOf(step);
  return {
    id: step.id,
    description: parsed.description,
    body: bodyOf(parsed, manifest, models),
    needs: edges.groups,
    condition,
    whenSettled: condition !== null && statusFunctionsOf(condition).some((name) => name !== "success"),
    fan:
      step.fan === null || parsed.items === null
        ? null
        : { ...step.fan, items: parsed.items, size: staticSize(parsed.items) },
    retry: retryOf(step, effect, problems),
    timeoutMs: step.timeoutMs,
    onError: parsed.onError,
    output: step.output,
    effect,
    isFinally: false,
  };
}

function bodyOf({ step, body }: ParsedStep, manifest: NormalManifest, models: Models): StepBody {
  if (body.kind !== "agent" || step.body.kind !== "agent") return body as StepBody;
  const { model } = step.body;
  const agent = Object.hasOwn(manifest.agents, body.agent) ? manifest.agents[body.agent] : undefined;
  return { ...body, models: model === null ? null : models.chain(model, agent?.maxTokens ?? null) };
}

/** What a second try of this step may do twice. Agents have no tools that write yet. */
function effectOf({ body, idempotent }: NormalStep): Effect {
  if (body.kind !== "run") return "none";
  return idempotent === true ? "idempotent" : "unsafe";
}

function retryOf(step: NormalStep, effect: Effect, problems: Problems): PlannedRetry {
  const { on, ...retry } = step.retry satisfies NormalRetry;
  const vain = on?.filter((name) => NEVER_RETRIED.includes(name)) ?? [];
  if (vain.length > 0) {
    problems.warn([...step.pointer, "retry"], {
      code: "WF3013",
      message: `step '${step.id}' asks to retry ${vain.map((name) => `'${name}'`).join(" and ")}, which is never tried again`,
      help: `leave ${vain.length === 1 ? "it" : "them"} out of \`retry.on\``,
    });
  }
  // A pure expression gives the same every time.
  const maxAttempts = step.body.kind === "value" ? 1 : retry.maxAttempts;
  const byDefault =
    effect === "unsafe" ? defaultRetryOn.filter((name) => !UNKNOWN_OUTCOME.includes(name)) : defaultRetryOn;
  return { ...retry, maxAttempts, on: on === null ? byDefault : on.filter((name) => !NEVER_RETRIED.includes(name)) };
}

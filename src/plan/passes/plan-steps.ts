import { statusFunctionsOf } from "../../expression/references.ts";
import type { Named, NormalManifest, NormalRetry, NormalStep } from "../../manifest/normal.ts";
import type { JsonObject } from "../../util/json.ts";
import type { Problems } from "../problems.ts";
import {
  defaultRetryOn,
  stateReads,
  type Effect,
  type FailureClass,
  type PlannedFallback,
  type PlannedFiles,
  type PlannedModel,
  type PlannedRetry,
  type PlannedStep,
  type StepBody,
} from "../types.ts";
import type { AgentChoices } from "./choose-agents.ts";
import { effectOfTools } from "../agent-tools.ts";
import type { AgentTools } from "./check-tools.ts";
import type { StepEdges } from "./edges.ts";
import type { ParsedStep } from "./parse-templates.ts";
import { NOTHING } from "./reader.ts";
import type { Models } from "./resolve-models.ts";

/** Failures that no retry can mend, whatever `retry.on` says (SEMANTICS, "Nesting and attempts"). */
const NEVER_RETRIED: readonly FailureClass[] = ["budget", "cancelled", "internal"];

/** After these nobody knows whether the effect took place. */
const UNKNOWN_OUTCOME: readonly FailureClass[] = ["timeout", "network"];

/** What is retried by default where a second try may do something twice. */
const unsafeRetryOn = defaultRetryOn.filter((name) => !UNKNOWN_OUTCOME.includes(name));

const NO_STAGES: readonly PlannedFallback[] = [];

/** What a step of the plan takes from the file around it. */
export interface StepSurroundings {
  readonly manifest: NormalManifest;
  readonly models: Models;
  readonly problems: Problems;
  readonly choices: AgentChoices;
  readonly tools: AgentTools;
  /** The name that an agent or a session of the file has in the plan. */
  readonly agentName: (name: string) => string;
  /** Position in the plan of the scope of a group or of the workflow that a step uses. */
  readonly scopeOf: (step: ParsedStep) => number;
  /** `limits.timeout` of the workflow that a step uses; null where it writes none. */
  readonly timeoutOf: (step: ParsedStep) => number | null;
}

/** Puts a step of the plan together from what the other passes found. */
export function planStep(
  parsed: ParsedStep,
  edges: StepEdges,
  files: PlannedFiles | null,
  around: StepSurroundings,
): PlannedStep {
  const { step, condition } = parsed;
  const effect = effectOf(parsed, around);
  const asksStatus = condition !== null && statusFunctionsOf(condition).some((name) => name !== "success");
  return {
    id: step.id,
    description: parsed.description,
    body: bodyOf(parsed, effect, around),
    needs: edges.groups,
    condition,
    whenSettled: step.isFinally || asksStatus,
    fan: parsed.fan,
    retry: retryOf(step, effect, around.problems),
    timeoutMs: step.timeoutMs ?? (parsed.body.kind === "uses" ? around.timeoutOf(parsed) : null),
    onError: parsed.onError,
    output: step.output,
    // Nothing is done by it: its turn is a step of its own.
    effect: isLeft(parsed) ? "none" : effect,
    isFinally: step.isFinally,
    repeat:
      step.repeat === null || parsed.until === null
        ? null
        : { until: parsed.until, max: step.repeat.max, delayMs: step.repeat.delayMs },
    fallback: fallbackOf(step, around),
    workspace: step.workspace,
    ...(files === null ? {} : { files }),
    ...(parsed.cache === null ? {} : { cache: parsed.cache }),
    simulate: step.simulate,
    ...(parsed.handoff === undefined ? {} : { handoff: parsed.handoff }),
  };
}

/** A message that nobody waits for. */
function isLeft({ body }: ParsedStep): boolean {
  return body.kind === "agent" && body.send?.waitMs === null;
}

function bodyOf(parsed: ParsedStep, effect: Effect, around: StepSurroundings): StepBody {
  const { step, body } = parsed;
  switch (body.kind) {
    case "agent": {
      if (isLeft(parsed))
        return {
          kind: "send",
          session: around.agentName(body.session ?? ""),
          agent: around.agentName(body.agent ?? ""),
          message: body.task,
          effect,
        };
      const { model, modelKey, batchApi } = step.body as Extract<NormalStep["body"], { kind: "agent" }>;
      const names = around.choices.get(step.id) ?? [];
      const choice = { by: body.choice ?? NOTHING, agents: entriesOf(names, around.agentName) };
      return {
        kind: body.kind,
        agent: body.agent === null ? null : around.agentName(body.choice === null ? body.agent : (names[0] ?? "")),
        ...(body.choice === null ? {} : { choice }),
        task: body.task,
        ...(body.session === undefined ? {} : { session: around.agentName(body.session) }),
        ...(body.send === undefined ? {} : { send: body.send }),
        models: model === null ? null : chainFor(body.agent, model, around),
        modelsByItem: modelKey === null ? null : modelsByItem(parsed, body.agent, modelKey, around),
        ...(batchApi ? { batchApi } : {}),
      };
    }
    case "steps":
      return { kind: "steps", scope: around.scopeOf(parsed) };
    case "uses":
      return { kind: "uses", scope: around.scopeOf(parsed), with: body.with };
    default:
      return body;
  }
}

function entriesOf(names: readonly string[], valueOf: (name: string) => string): { readonly [name: string]: string } {
  return Object.fromEntries(names.map((name) => [name, valueOf(name)]));
}

function chainFor(
  agent: string | null,
  names: readonly Named[],
  { manifest, models }: StepSurroundings,
): readonly PlannedModel[] {
  const own = agent !== null && Object.hasOwn(manifest.agents, agent) ? manifest.agents[agent] : undefined;
  return models.chain(names, own?.maxTokens ?? null);
}

/** `model: ${{ matrix.KEY }}`: each combination names its own. */
function modelsByItem(
  { step, fan }: ParsedStep,
  agent: string | null,
  key: string,
  around: StepSurroundings,
): readonly (readonly PlannedModel[])[] | null {
  const { problems } = around;
  const pointer = [...step.pointer, "model"];
  if (fan === null || fan.variable !== "matrix" || fan.items.kind !== "literal" || step.fan?.items.kind !== "matrix") {
    problems.error(pointer, {
      code: "WF4005",
      message: `step '${step.id}' takes its model from a \`matrix\` that it does not have`,
      help: `write \`matrix: { ${key}: [...] }\` at this step, or name the model`,
    });
    return null;
  }
  const { axes, include } = step.fan.items.matrix;
  const matrix = step.fan.pointer;
  // Where the name is written decides where an unknown one is reported.
  const placeOf = (name: string): Named["pointer"] => {
    const index = axes[key]?.indexOf(name) ?? -1;
    if (index >= 0) return [...matrix, key, index];
    const entry = include.findIndex((each) => each[key] === name);
    return entry >= 0 ? [...matrix, "include", entry, key] : pointer;
  };
  const known = new Map<string, readonly PlannedModel[]>();
  const chains: (readonly PlannedModel[])[] = [];
  for (const combination of fan.items.value as readonly JsonObject[]) {
    const name = Object.hasOwn(combination, key) ? combination[key] : undefined;
    if (typeof name !== "string") {
      problems.error(pointer, {
        code: "WF3026",
        message: `step '${step.id}' takes its model from matrix.${key}, which does not name a model in every combination`,
        help: `write \`${key}\` as a list of names of models`,
      });
      return null;
    }
    let chain = known.get(name);
    if (chain === undefined) known.set(name, (chain = chainFor(agent, [{ name, pointer: placeOf(name) }], around)));
    chains.push(chain);
  }
  return chains;
}

function fallbackOf(step: NormalStep, around: StepSurroundings): readonly PlannedFallback[] {
  if (step.fallback.length === 0) return NO_STAGES;
  return step.fallback.map(({ agent, models }) => {
    const name = agent?.name ?? (step.body.kind === "agent" ? step.body.agent : null);
    return {
      agent: agent === null ? null : around.agentName(agent.name),
      models: models === null ? null : chainFor(name, models, around),
    };
  });
}

/** What a second try of this step may do twice. What an agent that is a program does, only its author knows. */
function effectOf({ step, body }: ParsedStep, { manifest: { agents }, choices, tools }: StepSurroundings): Effect {
  const said: Effect = step.idempotent === true ? "idempotent" : "unsafe";
  switch (body.kind) {
    case "run":
      return said;
    case "agent": {
      const first = body.choice === null ? [body.agent].flatMap((name) => name ?? []) : (choices.get(step.id) ?? []);
      const stages = step.fallback.flatMap(({ agent }) => (agent === null ? [] : [agent.name]));
      const names = new Set([...first, ...stages].filter((name) => Object.hasOwn(agents, name)));
      // What whom it may start does, it does.
      for (const name of names)
        for (const child of agents[name]?.spawn?.agents ?? []) if (Object.hasOwn(agents, child)) names.add(child);
      const team = [...names].flatMap((name) => agents[name] ?? []);
      if (team.some(({ driver }) => driver !== null)) return said;
      return effectOfTools([...names].flatMap((name) => tools.get(name) ?? []));
    }
    case "http":
      if (body.method === "POST" || body.method === "PATCH" || step.idempotent !== null) return said;
      return "idempotent";
    case "sql":
      return body.isWrite ? said : "none";
    case "state":
      // A change is written together with the fact that it was: what was lost was not done.
      return stateReads.includes(body.operation) ? "none" : "idempotent";
    default:
      return "none";
  }
}

function retryOf(step: NormalStep, effect: Effect, problems: Problems): PlannedRetry {
  const { maxAttempts, backoff, delayMs, maxDelayMs, jitter, on } = step.retry satisfies NormalRetry;
  const vain = on?.filter((name) => NEVER_RETRIED.includes(name)) ?? [];
  if (vain.length > 0) {
    problems.warn([...step.pointer, "retry"], {
      code: "WF3013",
      message: `step '${step.id}' asks to retry ${vain.map((name) => `'${name}'`).join(" and ")}, which is never tried again`,
      help: `leave ${vain.length === 1 ? "it" : "them"} out of \`retry.on\``,
    });
  }
  // A pure expression gives the same every time, a wait has nothing that could fail, and a person has answered.
  const isPure = step.body.kind === "value" || step.body.kind === "wait" || step.body.kind === "approval";
  const byDefault = effect === "unsafe" ? unsafeRetryOn : defaultRetryOn;
  return {
    maxAttempts: isPure ? 1 : maxAttempts,
    backoff,
    delayMs,
    maxDelayMs,
    jitter,
    on: on === null ? byDefault : on.filter((name) => !NEVER_RETRIED.includes(name)),
  };
}

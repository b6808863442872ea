import { err, ok, type Result } from "../util/result.ts";
import { changedPlan } from "./plan-digest.ts";
import type { JsonSchema } from "../util/json.ts";
import type { Plan, PlannedSession, PlannedStep } from "./types.ts";

/** What somebody outside of any run wants of the agents of a file: a person, or another program. */
export type PlannedDelivery = SessionDelivery | AgentDelivery;

/** One task for one agent of the file. */
export interface AgentDelivery {
  /** Its name in the plan. */
  readonly agent: string;
  readonly text: string;
  /** The id of one that an agent of the file names; null = the agent's own. */
  readonly model: string | null;
  /** JSON Schema of the result; null = text. */
  readonly output: JsonSchema | null;
  readonly timeoutMs: number | null;
  /** For people; null = none. */
  readonly label: string | null;
}

/** A message to a session. */
export interface SessionDelivery {
  /** The name of the session in the plan; one of somebody else's that has none there brings its own. */
  readonly session: string;
  readonly text: string;
  /** The session that is meant, as the store knows it; null = the one of this name that belongs to the run itself, or the project's. */
  readonly existing: PlannedSession | null;
  /** How long the reply is waited for; null = as long as a step may take. */
  readonly waitMs: number | null;
}

/** The id of the one step of such a run. */
const STEP = "message";

const TIMEOUT_MS = 10 * 60_000;

/** The plan of a run that brings a message to a session, with the agents and bounds of a file. The error is a sentence. */
export function deliveryPlan(plan: Plan, delivery: PlannedDelivery | null): Result<Plan, string> {
  if (delivery === null) return ok(plan);
  return "agent" in delivery ? agentPlan(plan, delivery) : sessionPlan(plan, delivery);
}

function agentPlan(plan: Plan, { agent, text, model, output, timeoutMs, label }: AgentDelivery): Result<Plan, string> {
  if (!Object.hasOwn(plan.agents, agent))
    return err(`the workflow has no agent '${agent}'; it has ${Object.keys(plan.agents).join(", ")}`);
  const named = Object.values(plan.agents).flatMap(({ models }) => models);
  const found = model === null ? null : (named.find(({ id }) => id === model) ?? null);
  if (model !== null && found === null)
    return err(
      `no agent of the workflow asks '${model}'; they ask ${[...new Set(named.map(({ id }) => id))].join(", ")}`,
    );
  const step = stepOf({
    timeoutMs: timeoutMs ?? TIMEOUT_MS,
    output,
    // What a program does nobody knows; all else is on the record.
    effect: plan.agents[agent]?.driver === undefined ? "none" : "unsafe",
    body: {
      kind: "agent",
      agent,
      task: { kind: "literal", value: text },
      models: found === null ? null : [found],
      modelsByItem: null,
    },
  });
  return ok(changed(plan, label ?? agent.slice(agent.lastIndexOf("#") + 1), step, "result", plan.sessions));
}

function sessionPlan(plan: Plan, delivery: SessionDelivery): Result<Plan, string> {
  const { session: name, existing, text, waitMs } = delivery;
  const session = existing ?? (Object.hasOwn(plan.sessions ?? {}, name) ? plan.sessions?.[name] : undefined);
  if (session === undefined) {
    const names = Object.keys(plan.sessions ?? {});
    return err(
      `the workflow has no session '${name}'; ${names.length === 0 ? "it has none" : `it has ${names.join(", ")}`}`,
    );
  }
  if (!Object.hasOwn(plan.agents, session.agent))
    return err(`the workflow has no agent '${session.agent}' any more, and it answers in session '${name}'`);
  const step = stepOf({
    timeoutMs: TIMEOUT_MS,
    output: null,
    body: {
      kind: "agent",
      agent: session.agent,
      session: name,
      ...(waitMs === null ? {} : { send: { waitMs } }),
      task: { kind: "literal", value: text },
      models: null,
      modelsByItem: null,
    },
  });
  const sessions = { ...plan.sessions, [name]: session };
  return ok(changed(plan, name.slice(name.lastIndexOf("#") + 1), step, "reply", sessions));
}

/** The one step of such a run. */
function stepOf(
  own: Pick<PlannedStep, "body" | "output" | "timeoutMs"> & Partial<Pick<PlannedStep, "effect">>,
): PlannedStep {
  return {
    id: STEP,
    description: null,
    needs: [],
    condition: null,
    whenSettled: false,
    fan: null,
    retry: { maxAttempts: 1, backoff: "fixed", delayMs: 0, maxDelayMs: 0, jitter: false, on: [] },
    onError: { kind: "fail" },
    effect: "unsafe",
    isFinally: false,
    repeat: null,
    fallback: [],
    workspace: "repo",
    simulate: null,
    ...own,
  };
}

/** The plan with that step in place of all others; `gives` names its output. */
function changed(plan: Plan, name: string, step: PlannedStep, gives: string, sessions: Plan["sessions"]): Plan {
  const outputs = { [gives]: { kind: "cel" as const, source: `steps.${STEP}.output` } };
  return changedPlan(plan, {
    workflow: { ...plan.workflow, name: `${plan.workflow.name}/${name}` },
    ...(sessions === undefined ? {} : { sessions }),
    scopes: [{ steps: [step], outputs, workflow: null }],
    ...(plan.variants === undefined ? {} : { variants: [] }),
  });
}

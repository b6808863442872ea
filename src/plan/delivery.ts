import { err, ok, type Result } from "../util/result.ts";
import { changedPlan } from "./plan-digest.ts";
import type { Plan, PlannedSession, PlannedStep } from "./types.ts";

/** A message to a session from outside of any run: a person's, or another program's. */
export interface PlannedDelivery {
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
  const step: PlannedStep = {
    id: STEP,
    description: null,
    body: {
      kind: "agent",
      agent: session.agent,
      session: name,
      ...(waitMs === null ? {} : { send: { waitMs } }),
      task: { kind: "literal", value: text },
      models: null,
      modelsByItem: null,
    },
    needs: [],
    condition: null,
    whenSettled: false,
    fan: null,
    retry: { maxAttempts: 1, backoff: "fixed", delayMs: 0, maxDelayMs: 0, jitter: false, on: [] },
    timeoutMs: TIMEOUT_MS,
    onError: { kind: "fail" },
    output: null,
    effect: "unsafe",
    isFinally: false,
    repeat: null,
    fallback: [],
    workspace: "repo",
    simulate: null,
  };
  const outputs = { reply: { kind: "cel" as const, source: `steps.${STEP}.output` } };
  return ok(
    changedPlan(plan, {
      workflow: { ...plan.workflow, name: `${plan.workflow.name}/${name.slice(name.lastIndexOf("#") + 1)}` },
      sessions: { ...plan.sessions, [name]: session },
      scopes: [{ steps: [step], outputs, workflow: null }],
      ...(plan.variants === undefined ? {} : { variants: [] }),
    }),
  );
}

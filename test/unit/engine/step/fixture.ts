import { openGate } from "../../../../src/agent/call-gate.ts";
import { memoryToolJournal, noTickets } from "../../../rig/call-journal.ts";
import { err } from "../../../../src/util/result.ts";
import type {
  AttemptContext,
  AttemptResult,
  PrepareContext,
  StepHandler,
} from "../../../../src/engine/step/handler.ts";
import { createEvaluator } from "../../../../src/expression/evaluate.ts";
import type { Failure } from "../../../../src/run/failure.ts";
import { grantOf } from "../../../../src/plan/permissions.ts";
import { createRedactor } from "../../../../src/run/redact.ts";
import { systemClock } from "../../../../src/util/clock.ts";
import type { Json, JsonObject } from "../../../../src/util/json.ts";
import { planOfText } from "../../../rig/engine/story.ts";

/** The step `x` of a manifest whose steps are given as YAML, with the values that it sees. */
export interface StepCase {
  /** `run: echo` and the like: the keys of the step, one to a line. */
  readonly step: string;
  /** Other top-level keys. */
  readonly head?: string;
  readonly values?: JsonObject;
  readonly workflowEnv?: { readonly [name: string]: string };
}

/** What a handler makes of a step. */
export function prepare(
  handler: StepHandler,
  { step, head = "", values = {}, workflowEnv = {} }: StepCase,
): ReturnType<StepHandler["prepare"]> {
  const plan = planOfText(`muster: 1\nname: w\n${head}\nsteps:\n  x:\n    ${step.split("\n").join("\n    ")}\n`);
  const planned = plan.scopes[0]?.steps[0];
  if (planned === undefined) throw new Error("the plan has no step");
  const none = (path: string) => err(`no file ${path} in this test`);
  const resources = { file: none, artifact: none };
  const grant = grantOf(plan.permissions ?? null);
  const place = [{ scope: 0, step: 0 }];
  const evaluator = createEvaluator();
  const context: PrepareContext = { plan, evaluator, values, workflowEnv, grant, place, unit: null, resources };
  return handler.prepare(planned, context);
}

/** Why a step cannot start. */
export function refusal(handler: StepHandler, stepCase: StepCase): Failure {
  const work = prepare(handler, stepCase);
  if (work.ok) throw new Error("it can start");
  return work.error;
}

/** What a step that is known at once gives. */
export function valueOf(handler: StepHandler, stepCase: StepCase): Json {
  const work = prepare(handler, stepCase);
  if (!work.ok || work.value.kind !== "now") throw new Error(`it is not known at once: ${JSON.stringify(work)}`);
  return work.value.output;
}

/** One attempt of a step, carried out. */
export function attempt(
  handler: StepHandler,
  stepCase: StepCase,
  more: Partial<AttemptContext> = {},
): Promise<AttemptResult> {
  const work = prepare(handler, stepCase);
  if (!work.ok || work.value.kind !== "later") throw new Error(`it cannot be carried out: ${JSON.stringify(work)}`);
  return work.value.run({ ...attemptContext(), ...more });
}

const noChildren: AttemptContext["children"] = {
  count: () => 0,
  isKnown: () => false,
  start() {
    throw new Error("nobody may start a child here");
  },
  wait: async () => true,
};

function attemptContext(): AttemptContext {
  const redactor = createRedactor(new Map([["TOKEN", "s3cr3t-value"]]));
  if (!redactor.ok) throw new Error("the secret is too short");
  return {
    runId: "R",
    label: "x",
    attempt: 1,
    goesOn: false,
    idempotencyKey: "the-key",
    signal: new AbortController().signal,
    clock: systemClock,
    since: 0,
    wait: async () => true,
    idle: async () => true,
    key: "x/1.0.1",
    park: async () => null,
    redactor: redactor.value,
    gate: openGate,
    pause: async () => true,
    away() {},
    calls: { recall: () => null, record() {}, ...noTickets },
    toolCalls: memoryToolJournal(),
    steering: () => [],
    children: noChildren,
    state: { get: () => null, list: () => null, change: () => null, changeNow: () => null },
    sessions: noSessions,
    event() {},
  };
}

/** A run that is over. */
const noSessions: AttemptContext["sessions"] = {
  draft: () => null,
  own: () => null,
  put: () => null,
  take: () => null,
  answer: () => null,
  withdraw() {},
  turns: () => null,
  reply: () => null,
  changed: async () => {},
};

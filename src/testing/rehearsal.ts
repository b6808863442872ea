import { answerMisfit } from "../manifest/approval-answer.ts";
import type { Rehearsal } from "../compose.ts";
import type { Surroundings } from "../engine/local/surroundings.ts";
import {
  plainResult,
  type AttemptContext,
  type AttemptResult,
  type PrepareContext,
  type StepHandler,
  type Work,
} from "../engine/step/handler.ts";
import { idsOfPath } from "../run/attempt-key.ts";
import type { Plan, PlannedStep } from "../plan/types.ts";
import { failure, type Failure } from "../run/failure.ts";
import { sleep } from "../util/sleep.ts";
import { ok } from "../util/result.ts";
import type { SchemaCheck } from "../util/schema-check.ts";
import { createStubProvider, type ModelAnswers } from "./stub-provider.ts";
import { isUnitOf, parseStepName, pathOfPlace } from "./step-name.ts";
import type { Stub, StubAnswer, StubOutcome } from "./test-file.ts";

type Handlers = Surroundings["handlers"];

export interface RehearsalOptions extends Pick<Rehearsal, "clock" | "check" | "evaluator"> {
  readonly plan: Plan;
  readonly stubs: readonly Stub[];
  /** A recording answers for agents that no stub answers for. */
  readonly isRecorded: boolean;
  /** An approval waits for an answer that never comes. */
  readonly onUnanswered: () => void;
}

/**
 * What a test does to its run. A stubbed agent step is carried out as always, with a model that answers what the stub
 * says, so that its schema, its budget and its chain of models count; other steps answer at once. `wait` takes its time,
 * for it is the test's own. What no stub names behaves as under `--simulate`.
 */
export function createRehearsal({ plan, stubs, isRecorded, onUnanswered, ...shared }: RehearsalOptions): Rehearsal {
  const answers = new StubAnswers(stubs);
  const stubbed = new Set(stubs.map(({ step }) => step.ids.join("/")));
  const wrap = (simulated: StepHandler, real: StepHandler): StepHandler => ({
    prepare(step, context) {
      if (!stubbed.has(pathOfPlace(plan, context.place)))
        return unstubbed(step, simulated, real).prepare(step, context);
      return stubbedWork(step, context, { simulated: unstubbed(step, simulated, real), real });
    },
  });
  const unstubbed = (step: PlannedStep, simulated: StepHandler, real: StepHandler): StepHandler => {
    const isReal = step.body.kind === "wait" || (step.body.kind === "agent" && isRecorded);
    return isReal && step.simulate === null ? real : simulated;
  };
  const stubbedWork = (
    step: PlannedStep,
    context: PrepareContext,
    { simulated, real }: { readonly simulated: StepHandler; readonly real: StepHandler },
  ): ReturnType<StepHandler["prepare"]> => {
    const asIs = simulated.prepare(step, context);
    const live = real.prepare(step, context);
    if (!live.ok) return live;
    if (!asIs.ok) return asIs;
    const { kind } = step.body;
    const run = async (attempt: AttemptContext): Promise<AttemptResult> => {
      const answer = answers.next(attempt);
      if (answer !== null && kind === "approval" && answer.outcome.kind !== "default")
        return approval(answer, step, live.value, attempt, { ...shared, onUnanswered });
      const late = answer === null ? null : await delayed(answer, attempt);
      if (late !== null) return late;
      if (answer === null || answer.outcome.kind === "default") return carriedOut(asIs.value, attempt);
      if (kind === "agent" && isVerdict(answer.outcome)) return failed(notAsked(step.id));
      if (kind === "agent") return answers.forModel(attempt, answer.outcome, () => carriedOut(live.value, attempt));
      return withFiles(answered(answer.outcome, step, attempt, shared.check), asIs.value);
    };
    const model = live.value.kind === "later" ? live.value.model : null;
    const isWaiting = live.value.kind === "later" && live.value.isWaiting;
    const bound = live.value.kind === "later" ? live.value.bound : undefined;
    return ok({ kind: "later", model, isWaiting, run, ...(bound === undefined ? {} : { bound }) });
  };
  return {
    ...shared,
    providerFor: (otherwise) => createStubProvider(answers, otherwise),
    handlers: (simulated, real) => {
      const kinds = Object.keys(real) as (keyof Handlers)[];
      return Object.fromEntries(kinds.map((kind) => [kind, wrap(simulated[kind], real[kind])])) as Handlers;
    },
  };
}

/** Which answer is next for each unit, and what the model is to say for the attempts under way. */
class StubAnswers implements ModelAnswers {
  readonly #stubs: readonly Stub[];
  readonly #attempts = new Map<string, number>();
  readonly #models = new Map<string, StubOutcome>();

  constructor(stubs: readonly Stub[]) {
    this.#stubs = stubs;
  }

  /** The answer to the next attempt of a unit; null where no stub names it. */
  next({ label }: AttemptContext): StubAnswer | null {
    const unit = parseStepName(label);
    const named = unit === null ? [] : this.#stubs.filter(({ step }) => isUnitOf(step, unit));
    // A name with an item says more than one without.
    const [stub] = named.toSorted((a, b) => itemsIn(b) - itemsIn(a));
    if (stub === undefined) return null;
    const before = this.#attempts.get(label) ?? 0;
    this.#attempts.set(label, before + 1);
    return stub.answers[before] ?? stub.answers.at(-1) ?? null;
  }

  /** Carries out an attempt whose model answers so. */
  async forModel(
    { idempotencyKey }: AttemptContext,
    outcome: StubOutcome,
    carryOut: () => Promise<AttemptResult>,
  ): Promise<AttemptResult> {
    this.#models.set(idempotencyKey, outcome);
    try {
      return await carryOut();
    } finally {
      this.#models.delete(idempotencyKey);
    }
  }

  answerTo(idempotencyKey: string): StubOutcome | null {
    return this.#models.get(idempotencyKey) ?? null;
  }
}

function itemsIn({ step }: Stub): number {
  return step.items.filter((item) => item !== null).length;
}

async function delayed({ delayMs }: StubAnswer, attempt: AttemptContext): Promise<AttemptResult | null> {
  if (delayMs === 0 || (await sleep(attempt.clock, delayMs, attempt.signal))) return null;
  return failed(failure("cancelled", "cancelled", `'${attempt.label}' was stopped`));
}

async function carriedOut(work: Work, attempt: AttemptContext): Promise<AttemptResult> {
  if (work.kind === "later") return work.run(attempt);
  const { output, artifacts = [], extra = null } = work;
  return { ...plainResult({ ok: true, output }, extra), artifacts };
}

function answered(
  outcome: StubOutcome,
  { id, body, output: schema }: Pick<PlannedStep, "id" | "body" | "output">,
  { label }: AttemptContext,
  check: SchemaCheck,
): AttemptResult {
  if (outcome.kind === "fail") return failed(failure(outcome.class, outcome.code, outcome.message));
  if (outcome.kind !== "output") return failed(failure("internal", "bug", `a stub '${outcome.kind}' for '${label}'`));
  const problems = schema === null ? [] : check(schema, outcome.output);
  if (problems.length > 0) return failed(misfit(id, problems));
  const { exit_code, status_code } = outcome.extra;
  const isExit = typeof exit_code === "number" && exit_code !== 0;
  const extra = Object.keys(outcome.extra).length === 0 ? null : outcome.extra;
  if (isExit)
    return plainResult(
      { ok: false, failure: failure("exit", `exit_${exit_code}`, `'${label}' ended with exit code ${exit_code}`) },
      extra,
    );
  const isExpected = (status: number): boolean =>
    body.kind !== "http" || (body.expect?.includes(status) ?? (status >= 200 && status < 300));
  if (typeof status_code === "number" && !isExpected(status_code))
    return failed(misfit(id, [`status ${status_code} is a failure of this step: say so by 'fail'`]));
  return plainResult({ ok: true, output: outcome.output }, extra);
}

/** The files that the step would have written: empty ones, as under `--simulate`. */
function withFiles(result: AttemptResult, work: Work): AttemptResult {
  return result.ok && work.kind === "now" && work.artifacts !== undefined
    ? { ...result, artifacts: work.artifacts }
    : result;
}

/** An answer that only people give. */
function isVerdict({ kind }: StubOutcome): boolean {
  return kind === "approve" || kind === "reject" || kind === "unanswered";
}

function notAsked(id: string): Failure {
  const message = `the test answers for a person, and an agent of '${id}' is asked`;
  const help = "give a list of stubs: one for each attempt, in the order of the `handoff`";
  return failure("internal", "stub_for_a_person", message, { help });
}

function misfit(id: string, problems: readonly string[]): Failure {
  const message = `what the test says for '${id}' does not fit its output schema: ${problems.join("; ")}`;
  return failure("output", "schema_mismatch", message, { help: "mend the stub: the step could not answer so" });
}

/** The question is asked as always, and waits as always; the answer comes from the test, or never. */
async function approval(
  { delayMs, outcome }: StubAnswer,
  { id, body }: PlannedStep,
  work: Work,
  attempt: AttemptContext,
  { check, onUnanswered }: Pick<RehearsalOptions, "check" | "onUnanswered">,
): Promise<AttemptResult> {
  if (work.kind !== "later" || body.kind !== "approval") return carriedOut(work, attempt);
  if (outcome.kind === "unanswered") {
    if (body.timeoutMs === null) onUnanswered();
    return work.run(attempt);
  }
  if (outcome.kind !== "approve" && outcome.kind !== "reject")
    return answered(outcome, { id, body, output: body.givesInput === true ? body.input : null }, attempt, check);
  const { by, comment } = outcome;
  const input = outcome.kind === "approve" ? outcome.input : null;
  const problem = outcome.kind === "approve" ? answerMisfit({ by, comment, input }, body.input, check) : null;
  if (problem !== null) return failed(misfit(id, [problem]));
  const verdict = outcome.kind === "approve" ? "approved" : "rejected";
  const path = idsOfPath(attempt.label);
  const park: AttemptContext["park"] = async (what) => {
    const never = attempt.park(what);
    const isTime = await Promise.race([sleep(attempt.clock, delayMs, attempt.signal), never]);
    const at = attempt.clock.now();
    return isTime === true ? { request: what.request, path, verdict, by, comment, input, at } : null;
  };
  return work.run({ ...attempt, park });
}

function failed(why: Failure): AttemptResult {
  return plainResult({ ok: false, failure: why });
}

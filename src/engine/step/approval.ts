import type { Evaluator } from "../../expression/evaluate.ts";
import { referencesOf } from "../../expression/references.ts";
import { ownField } from "../../expression/text/interpreter.ts";
import { letsThrough, type LetThrough } from "../../plan/lets-through.ts";
import type { ApprovalBody } from "../../plan/types.ts";
import { answerJson, type Answer } from "../../run/answer.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { Identity, Issuer } from "../../run/identity.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import { sha256 } from "../../util/digest.ts";
import { formatDuration } from "../../util/duration.ts";
import { asText, type Json, type JsonObject } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { sleepUntil } from "../../util/sleep.ts";
import type { Values } from "../local/context.ts";
import { expressionFailure } from "./expression-failure.ts";
import {
  plainResult,
  type AttemptContext,
  type AttemptResult,
  type PrepareContext,
  type StepHandler,
} from "./handler.ts";

/** `approval` steps: a person is asked, and waited for without a slot. `trust`: who vouches for people. */
export function createApprovalStep(trust: readonly Issuer[] = []): StepHandler {
  return {
    prepare(step, context) {
      const { body } = step;
      if (body.kind !== "approval") return err(failure("internal", "bug", "not an approval step"));
      const question = questionOf(step.id, body, context);
      if (!question.ok) return question;
      return ok({
        kind: "later",
        model: null,
        isWaiting: true,
        // An answer lets these steps through as they are, and no others.
        bound: question.value.letsThrough.map(({ path, digest }) => `${path} ${digest}`),
        run: (attempt) => ask(body, question.value, trust, attempt),
      });
    },
  };
}

/** What a person is shown. */
export interface Question {
  readonly prompt: string;
  /** What the prompt refers to, by name. */
  readonly values: JsonObject;
  readonly letsThrough: readonly LetThrough[];
}

/** Resolves what is asked. An empty question is a failure. */
export function questionOf(
  id: string,
  body: ApprovalBody,
  {
    plan,
    evaluator,
    values,
    resources,
    place,
  }: Pick<PrepareContext, "plan" | "values" | "resources" | "place"> & {
    readonly evaluator: Evaluator;
  },
): Result<Question, Failure> {
  const prompt = evaluator.evaluate(body.prompt, values, undefined, resources);
  if (!prompt.ok) return err(expressionFailure("approval.prompt", id, prompt.error));
  const text = asText(prompt.value);
  if (text.trim() === "") {
    const help = "look at the values that it is made of";
    return err(failure("invalid", "empty_prompt", `the prompt of '${id}' is empty`, { help }));
  }
  const names = referencesOf(body.prompt).map(({ path }) => shownValue(values, path));
  return ok({ prompt: text, values: Object.fromEntries(names), letsThrough: letsThrough(plan, place) });
}

/** What a name comes to, as texts read it; where it goes over a list: the list, under its own name. */
function shownValue(values: Values, path: readonly string[]): readonly [name: string, value: Json] {
  let value = values as Json;
  for (const [depth, part] of path.entries()) {
    const field = ownField(value, part);
    if (field === undefined)
      return Array.isArray(value) ? [path.slice(0, depth).join("."), value] : [path.join("."), null];
    value = field;
  }
  return [path.join("."), value];
}

/** Asks, and waits for an answer until the deadline. */
async function ask(
  body: ApprovalBody,
  question: Question,
  trust: readonly Issuer[],
  attempt: AttemptContext,
): Promise<AttemptResult> {
  const { clock, since, label, signal } = attempt;
  const deadline = body.timeoutMs === null ? null : since + body.timeoutMs;
  const request = sha256(`${attempt.runId}/${attempt.idempotencyKey}/${since}`).slice(0, 16);
  const details = detailsOf(body, question, label, deadline);
  attempt.event("approval.requested", { request, ...shortened(details), ...vouchers(trust) });
  const asked: WaitsFor = {
    kind: "approval",
    request,
    message: firstLine(question.prompt),
    help: null,
    deadline,
    details: trust.length === 0 ? details : { ...details, issuers: trust as unknown as Json },
  };
  const over = new AbortController();
  const answered = attempt.park(asked);
  const expired = deadline === null ? new Promise<never>(() => {}) : sleepUntil(clock, deadline, over.signal);
  const answer = await Promise.race([answered, expired.then(() => null)]);
  over.abort();
  if (answer !== null && (deadline === null || answer.at <= deadline))
    return outcomeOf(body, answer, label, attempt, request);
  if (signal.aborted) {
    if (signal.reason === "cancelled") tell(attempt, request, "withdrawn", null, null);
    return plainResult({ ok: false, failure: failure("cancelled", "cancelled", `'${label}' was stopped`) });
  }
  tell(attempt, request, "timed_out", null, null);
  return plainResult({ ok: false, failure: timedOut(body, label) });
}

function outcomeOf(
  body: ApprovalBody,
  answer: Answer,
  label: string,
  attempt: AttemptContext,
  request: string,
): AttemptResult {
  // What a person types may hold a secret, too.
  const { by, comment, input } = attempt.redactor.value(answerJson(answer)) as unknown as Answer;
  const { verdict } = answer;
  tell(attempt, request, verdict, by, comment, answer.identity ?? null);
  if (verdict === "approved" && body.givesInput === true) return plainResult({ ok: true, output: input }, { by });
  if (verdict === "approved") return plainResult({ ok: true, output: { by, comment, input } });
  const why = comment === null ? "" : `: ${comment}`;
  return plainResult({ ok: false, failure: failure("refused", "rejected", `${by} rejected '${label}'${why}`) });
}

/** Who vouches for people, as the event of a question tells it. */
function vouchers(trust: readonly Issuer[]): JsonObject {
  return trust.length === 0 ? {} : { issuers: trust.map(({ issuer }) => issuer) };
}

function tell(
  attempt: AttemptContext,
  request: string,
  verdict: Answer["verdict"] | "timed_out" | "withdrawn",
  by: string | null,
  comment: string | null,
  identity: Identity | null = null,
): void {
  const vouched = identity === null ? {} : { identity: { issuer: identity.issuer, subject: identity.subject } };
  attempt.event("approval.answered", { request, verdict, by, comment, ...vouched });
}

function timedOut({ onTimeout, timeoutMs }: ApprovalBody, label: string): Failure {
  const message = `nobody answered '${label}' within ${formatDuration(timeoutMs ?? 0)}`;
  const help = "raise `approval.timeout`, or leave it out: then the question stays open";
  return failure(onTimeout === "fail" ? "timeout" : "refused", "approval_timeout", message, { help });
}

function detailsOf(body: ApprovalBody, question: Question, label: string, deadline: number | null): JsonObject {
  return {
    path: label,
    prompt: question.prompt,
    values: question.values,
    lets_through: question.letsThrough.map(({ path, does }) => ({ step: path, does })),
    deadline: deadline === null ? null : new Date(deadline).toISOString(),
    on_timeout: deadline === null ? null : body.onTimeout,
    input: body.input,
    approvers: body.approvers,
    not_initiator: body.notInitiator,
  };
}

/** Characters of a prompt, and of all its values as JSON, that an event holds. `muster show` has all of them. */
const SHOWN_IN_EVENT = 16_384;

/** The question as an event tells it: a long one is cut, and says so. */
function shortened({ prompt, values, ...rest }: JsonObject): { readonly [name: string]: Json } {
  const text = asText(prompt as Json);
  const isPromptCut = text.length > SHOWN_IN_EVENT;
  const areValuesCut = JSON.stringify(values).length > SHOWN_IN_EVENT;
  return {
    ...rest,
    prompt: isPromptCut ? text.slice(0, SHOWN_IN_EVENT) : text,
    values: areValuesCut ? {} : (values as Json),
    ...(isPromptCut || areValuesCut ? { cut: true } : {}),
  };
}

/** The beginning of a prompt for a line. */
function firstLine(prompt: string): string {
  const line = prompt.trim().split("\n", 1)[0] ?? "";
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}

import { callPriceOf, costOf } from "../plan/price/price.ts";
import type { PlannedModel } from "../plan/types.ts";
import type { CallDeferral, Message, ModelReply, ModelRequest, Provider } from "../provider/provider.ts";
import type { EventType } from "../run/event.ts";
import type { Fact } from "../run/fact.ts";
import { failure, type Failure } from "../run/failure.ts";
import type { Redactor } from "../run/redact.ts";
import { addUsage, unknownUsage, type Usage } from "../util/usage.ts";
import { digestOf } from "../util/digest.ts";
import type { Json, JsonSchema } from "../util/json.ts";
import type { SchemaCheck } from "../util/schema-check.ts";
import { callModel, type CallSurroundings } from "./model-call.ts";
import { repairPrompt, typedReply } from "./typed-reply.ts";

/** One task for one agent, everything resolved. */
export interface Task {
  readonly system: string | null;
  readonly prompt: string;
  /** In order of preference, never empty. */
  readonly models: readonly PlannedModel[];
  /** null = text. */
  readonly output: JsonSchema | null;
  /** Its calls go through batch endpoints: at their price, and the answers may take a day. */
  readonly isBatch: boolean;
}

export interface TaskSurroundings extends CallSurroundings {
  /** Who answers for a model. */
  readonly providerFor: (model: PlannedModel) => Provider;
  readonly check: SchemaCheck;
  readonly redactor: Redactor;
  readonly calls: {
    recall(n: number, fingerprint: string): Json | null;
    record(n: number, fingerprint: string, reply: Json, spend: Spend): void;
    ticket(n: number, fingerprint: string): Json | null;
    keepTicket(n: number, fingerprint: string, ticket: Json | null, isLasting: boolean): void;
    commit(): boolean;
  };
  pause(until: Promise<unknown>): Promise<boolean>;
  away(what: { readonly request: string; readonly message: string }): void;
  event(type: EventType, data: { readonly [name: string]: Json }): void;
}

export type Spend = Pick<Fact, "model" | "usage" | "costUsd">;

/** What came of a task. The spend is that of this attempt's calls that are not recorded as facts of their own. */
export type TaskResult = Spend &
  ({ readonly ok: true; readonly output: Json } | { readonly ok: false; readonly failure: Failure });

/** Failures after which the next model of the chain is asked, inside the same attempt. SEMANTICS.md, "Model list". */
const FAIL_OVER: ReadonlySet<string> = new Set(["rate_limit", "overloaded", "server", "network", "auth"]);

/**
 * Carries out a task: asks the models of the chain until one answers, and checks a typed reply; one that does not fit
 * is shown its errors once. Never rejects.
 */
export async function runTask(task: Task, around: TaskSurroundings): Promise<TaskResult> {
  const first = await askChain(task, [{ role: "user", text: task.prompt }], 1, around);
  if (!first.ok) return first;
  const { reply, model, spend } = first;
  const stopped = stopFailure(reply, around.label, model);
  if (stopped !== null) return { ok: false, failure: stopped, ...spend };
  if (task.output === null) return { ok: true, output: reply.text, ...spend };
  const typed = typedReply(reply.text, task.output, around.check);
  if (typed.ok) return { ok: true, output: typed.value, ...spend };
  return repair(task, first, typed.error, around);
}

/** The second and last turn of a typed task: the model sees what was wrong. */
async function repair(
  task: Task,
  first: Answered,
  problems: readonly string[],
  around: TaskSurroundings,
): Promise<TaskResult> {
  if (!first.isRecalled) around.calls.record(1, first.requestDigest, first.reply as unknown as Json, first.spend);
  const messages: Message[] = [
    { role: "user", text: task.prompt },
    // The API refuses an empty message.
    { role: "assistant", text: first.reply.text.trim() === "" ? "(empty)" : first.reply.text },
    { role: "user", text: repairPrompt(problems) },
  ];
  const second = await askChain({ ...task, models: [first.model] }, messages, 2, around);
  if (!second.ok) return second;
  const stopped = stopFailure(second.reply, around.label, second.model);
  if (stopped !== null) return { ok: false, failure: stopped, ...second.spend };
  const typed = typedReply(second.reply.text, task.output as JsonSchema, around.check);
  if (typed.ok) return { ok: true, output: typed.value, ...second.spend };
  const why = failure(
    "output",
    "schema_mismatch",
    `the reply of ${second.model.id} in '${around.label}' does not fit the output schema, even after one repair: ${typed.error.join("; ")}`,
    {
      help: "say in the task what the fields mean, loosen the schema, or use a stronger model",
      partial: second.reply.text.slice(0, 16 * 1024),
    },
  );
  return { ok: false, failure: why, ...second.spend };
}

interface Answered {
  readonly ok: true;
  readonly reply: ModelReply;
  readonly model: PlannedModel;
  readonly spend: Spend;
  readonly requestDigest: string;
  readonly isRecalled: boolean;
}

async function askChain(
  task: Task,
  messages: readonly Message[],
  n: number,
  around: TaskSurroundings,
): Promise<Answered | (TaskResult & { ok: false })> {
  let failed: { failure: Failure; spend: Spend } | null = null;
  let lost: Spend = { model: null, usage: null, costUsd: null };
  for (let left = task.models; left.length > 0;) {
    const [first] = left as [PlannedModel];
    const recorded = recalled(task, first, messages, n, around);
    if (recorded !== null) return recorded;
    const chosen = await around.gate.choose(left);
    if (!chosen.ok) {
      failed = { failure: chosen.error, spend: kept(lost, around) };
      break;
    }
    const model = left[chosen.value] as PlannedModel;
    left = left.slice(chosen.value + 1);
    const { request, requestDigest } = requestOf(task, model, messages);
    const outcome = await callModel(around.providerFor(model), model, request, {
      ...around,
      ...(task.isBatch && { deferral: deferralOf(n, requestDigest, around) }),
    });
    around.gate.asked(model, outcome.ok ? null : outcome.failure);
    if (outcome.ok) {
      const reply = { ...outcome.reply, text: around.redactor.text(outcome.reply.text) };
      const own = spendOf(task, model, reply.usage, reply.model);
      tellCall(model, reply, own, outcome.durationMs, around);
      return { ok: true, reply, model, spend: kept(addSpend(lost, own), around), requestDigest, isRecalled: false };
    }
    if (outcome.usage !== null) lost = addSpend(lost, spendOf(task, model, outcome.usage, model.model));
    failed = { failure: redacted(outcome.failure, around.redactor), spend: kept(lost, around) };
    if (!FAIL_OVER.has(outcome.failure.class) || around.signal.aborted) break;
  }
  return {
    ok: false,
    failure: failed?.failure ?? failure("internal", "no_model", `'${around.label}' has no model`),
    ...(failed?.spend ?? kept(lost, around)),
  };
}

function requestOf(
  { system, output }: Task,
  { model, maxTokens, temperature, effort, provider, baseUrl }: PlannedModel,
  messages: readonly Message[],
): { readonly request: ModelRequest; readonly requestDigest: string } {
  const request: ModelRequest = { model, system, messages, maxTokens, temperature, effort, outputSchema: output };
  return { request, requestDigest: digestOf({ provider, baseUrl, request: request as unknown as Json }) };
}

/** The reply that was paid for before a crash; null = there is none. Its spend stands with the recorded call. */
function recalled(
  task: Task,
  model: PlannedModel,
  messages: readonly Message[],
  n: number,
  around: TaskSurroundings,
): Answered | null {
  const { requestDigest } = requestOf(task, model, messages);
  const reply = around.calls.recall(n, requestDigest) as ModelReply | null;
  if (reply === null) return null;
  const spend = { model: `${model.provider}/${reply.model}`, usage: null, costUsd: null };
  return { ok: true, reply, model, spend, requestDigest, isRecalled: true };
}

function tellCall(
  model: PlannedModel,
  reply: ModelReply,
  spend: Spend,
  durationMs: number,
  around: TaskSurroundings,
): void {
  const usage = reply.usage;
  const tokens =
    usage === null
      ? {}
      : {
          input_tokens: usage.inputTokens,
          output_tokens: usage.outputTokens,
          cache_read_tokens: usage.cacheReadTokens,
          cache_write_tokens: usage.cacheWriteTokens,
        };
  around.event("model.called", {
    model: model.id,
    answered: `${model.provider}/${reply.model}`,
    ...tokens,
    cost_usd: spend.costUsd,
    duration_ms: Math.round(durationMs),
  });
  if (reply.model !== model.model)
    around.event("model.substituted", { asked: model.id, answered: `${model.provider}/${reply.model}` });
}

/** A reply that is cut or refused is no answer, however good it looks. */
function stopFailure(reply: ModelReply, label: string, model: PlannedModel): Failure | null {
  const partial = reply.text === "" ? null : reply.text.slice(0, 16 * 1024);
  if (reply.stopReason === "refusal") {
    return failure("refused", "refusal", `${model.id} refused the task of '${label}'`, {
      help: "reword the task, or give it to another model by 'fallback' or by hand",
      partial,
    });
  }
  if (reply.stopReason === "max_tokens") {
    return failure(
      "output",
      "max_tokens",
      `the reply of ${model.id} in '${label}' was cut at max_tokens (${model.maxTokens})`,
      { help: "raise 'max_tokens' of the model or agent, or ask for less", partial },
    );
  }
  return null;
}

/** The record of a call whose answer may come in another life of this process. */
function deferralOf(n: number, digest: string, around: TaskSurroundings): CallDeferral {
  const { calls } = around;
  return {
    ticket: () => calls.ticket(n, digest),
    keep: (ticket, isLasting = false) => calls.keepTicket(n, digest, ticket, isLasting),
    commit: () => calls.commit(),
    pause: (until) => around.pause(until),
    away: (what) => around.away(what),
  };
}

function spendOf({ isBatch }: Task, model: PlannedModel, usage: Usage | null, answered: string): Spend {
  const price = callPriceOf(model, isBatch);
  return {
    model: `${model.provider}/${answered}`,
    usage: usage ?? unknownUsage,
    costUsd: usage === null || price === null ? null : costOf(price, usage),
  };
}

/** What the attempt itself has to account for. */
function kept(spend: Spend, { gate }: TaskSurroundings): Spend {
  return gate.keepsSpend ? { model: spend.model, usage: null, costUsd: null } : spend;
}

function addSpend(before: Spend, next: Spend): Spend {
  if (before.usage === null) return next;
  if (next.usage === null) return { ...before, model: next.model ?? before.model };
  const isKnown = before.costUsd !== null && next.costUsd !== null;
  return {
    model: next.model,
    usage: addUsage(before.usage, next.usage),
    costUsd: isKnown ? before.costUsd + next.costUsd : null,
  };
}

function redacted(why: Failure, redactor: Redactor): Failure {
  return {
    ...why,
    message: redactor.text(why.message),
    help: why.help === null ? null : redactor.text(why.help),
    partial: why.partial === null ? null : redactor.text(why.partial),
  };
}

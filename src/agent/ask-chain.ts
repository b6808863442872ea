import type { PlannedModel } from "../plan/types.ts";
import type { CallDeferral, Message, ModelReply, ModelRequest } from "../provider/provider.ts";
import { failure, type Failure } from "../run/failure.ts";
import type { Redactor } from "../run/redact.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import { digestOf } from "../util/digest.ts";
import type { Json } from "../util/json.ts";
import { callModel } from "./model-call.ts";
import { addSpend, kept, nothingSpent, spendOf, type Spend } from "./spend.ts";
import type { Task, TaskResult, TaskSurroundings } from "./assignment.ts";

/** Failures after which the next model of the chain is asked, inside the same attempt. SEMANTICS.md, "Model list". */
const FAIL_OVER: ReadonlySet<string> = new Set(["rate_limit", "overloaded", "server", "network", "auth"]);

/** A reply, and what it cost. */
export interface Answered {
  readonly ok: true;
  readonly reply: ModelReply;
  readonly model: PlannedModel;
  readonly spend: Spend;
  readonly requestDigest: string;
  readonly isRecalled: boolean;
}

/** One turn: a conversation, and whom to ask, in order of preference. */
export interface Turn {
  readonly task: Pick<Task, "system" | "output" | "isBatch" | "tools">;
  readonly models: readonly PlannedModel[];
  readonly messages: readonly Message[];
  /** The number of the call within the attempt, from 1. */
  readonly n: number;
}

/** Asks the models of a chain until one answers. */
export async function askChain(turn: Turn, around: TaskSurroundings): Promise<Answered | (TaskResult & { ok: false })> {
  const { task, n } = turn;
  const recorded = recalled(turn, around);
  if (recorded !== null) return recorded;
  let failed: { failure: Failure; spend: Spend } | null = null;
  let lost = nothingSpent;
  for (let left = turn.models; left.length > 0;) {
    const chosen = await around.gate.choose(left);
    if (!chosen.ok) {
      failed = { failure: chosen.error, spend: kept(lost, around.gate) };
      break;
    }
    const model = left[chosen.value] as PlannedModel;
    left = left.slice(chosen.value + 1);
    const { request, requestDigest } = requestOf(turn, model);
    const provider = around.providerFor(model);
    const outcome = await callModel(provider, model, request, {
      ...around,
      requestDigest,
      ...(task.isBatch && { deferral: deferralOf(n, requestDigest, around) }),
    });
    around.gate.asked(model, outcome.ok ? null : outcome.failure);
    if (outcome.ok) {
      const reply = redactedReply(outcome.reply, around.redactor);
      // What a person wrote into a recording cost nothing.
      const isScripted = provider.origin === "scripted" && reply.usage === null;
      const own = isScripted
        ? { ...nothingSpent, model: `${model.provider}/${reply.model}` }
        : spendOf(task.isBatch, model, reply.usage, reply.model, reply.costUsd);
      tellCall(model, reply, own, outcome.durationMs, around);
      return {
        ok: true,
        reply,
        model,
        spend: kept(addSpend(lost, own), around.gate),
        requestDigest,
        isRecalled: false,
      };
    }
    if (outcome.usage !== null) lost = addSpend(lost, spendOf(task.isBatch, model, outcome.usage, model.model));
    failed = { failure: redacted(outcome.failure, around.redactor), spend: kept(lost, around.gate) };
    if (!FAIL_OVER.has(outcome.failure.class) || around.signal.aborted) break;
  }
  return {
    ok: false,
    failure: failed?.failure ?? failure("internal", "no_model", `'${around.label}' has no model`),
    ...(failed?.spend ?? kept(lost, around.gate)),
  };
}

/** The reply of any of the models that was paid for before a crash; null = there is none. Its spend stands with the recorded call. */
function recalled(turn: Turn, { calls }: TaskSurroundings): Answered | null {
  for (const model of turn.models) {
    const { requestDigest } = requestOf(turn, model);
    const reply = calls.recall(turn.n, requestDigest) as ModelReply | null;
    if (reply === null) continue;
    const spend = { ...nothingSpent, model: `${model.provider}/${reply.model}` };
    return { ok: true, reply, model, spend, requestDigest, isRecalled: true };
  }
  return null;
}

function requestOf({ task, messages }: Turn, model: PlannedModel): { request: ModelRequest; requestDigest: string } {
  const request: ModelRequest = {
    model: model.model,
    system: task.system,
    messages,
    maxTokens: model.maxTokens,
    temperature: model.temperature,
    effort: model.effort,
    outputSchema: task.output,
    ...(task.tools !== undefined && { tools: task.tools.specs }),
  };
  const { provider, baseUrl } = model;
  return { request, requestDigest: digestOf({ provider, baseUrl, request: request as unknown as Json }) };
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

function redacted(why: Failure, redactor: Redactor): Failure {
  return {
    ...why,
    message: redactor.text(why.message),
    help: why.help === null ? null : redactor.text(why.help),
    partial: why.partial === null ? null : redactor.text(why.partial),
  };
}

/** Before anything of it is kept or done. What the provider wants back unchanged is left out where it would change. */
function redactedReply(reply: ModelReply, redactor: Redactor): ModelReply {
  const { toolCalls, opaque, ...rest } = reply;
  const isClean = opaque !== undefined && canonicalJson(redactor.value(opaque)) === canonicalJson(opaque);
  return {
    ...rest,
    text: redactor.text(reply.text),
    ...(toolCalls !== undefined && { toolCalls: redactor.value(toolCalls as unknown as Json) as unknown as ToolCalls }),
    ...(isClean && { opaque }),
  };
}

type ToolCalls = NonNullable<ModelReply["toolCalls"]>;

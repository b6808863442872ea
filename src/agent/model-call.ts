import type { PlannedModel } from "../plan/types.ts";
import { failure, type Failure } from "../run/failure.ts";
import type { CallGate, CallPass } from "./call-gate.ts";
import { addUsage, type Usage } from "../util/usage.ts";
import type { CallDeferral, ModelReply, ModelRequest, Provider } from "../provider/provider.ts";
import type { Clock } from "../util/clock.ts";
import { sha256 } from "../util/digest.ts";

/** How often a call waits for `retry-after` before its 429 or 529 becomes the attempt's failure. SEMANTICS.md, "429/529". */
const MOST_WAITS = 5;
/** Waits of a call that names no time. */
const DEFAULT_WAIT_MS = 1_000;
/** Nobody waits longer than this for one model: then it has failed. */
const LONGEST_WAIT_MS = 5 * 60_000;

export interface CallSurroundings {
  readonly label: string;
  readonly attempt: number;
  /** Constant over the attempts of the unit. */
  readonly idempotencyKey: string;
  /** Tells the request from the others of the unit: a second turn is not a repeated first one. */
  readonly requestDigest: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Lets each call in. */
  readonly gate: CallGate;
  /** For a call that is answered much later. */
  readonly deferral?: CallDeferral;
  /** Waits without a slot and with the attempt's clock stopped; false when it was told to stop meanwhile. */
  wait(ms: number): Promise<boolean>;
}

export type CallOutcome =
  | { readonly ok: true; readonly reply: ModelReply; readonly durationMs: number }
  | { readonly ok: false; readonly failure: Failure; readonly usage: Usage | null };

/** Asks one model once, waiting where it says that it is busy. Never rejects. */
export async function callModel(
  provider: Provider,
  model: PlannedModel,
  request: ModelRequest,
  around: CallSurroundings,
): Promise<CallOutcome> {
  let paid: Usage | null = null;
  for (let waits = 0; ; waits += 1) {
    const isOut = (): boolean => (around.deferral?.ticket() ?? null) !== null;
    const way = { isBatch: around.deferral !== undefined, isHandedIn: isOut() };
    const pass = await around.gate.enter(model, request, way);
    if (!pass.ok) return { ok: false, failure: pass.error, usage: paid };
    const end = await callOnce(provider, request, around, pass.value);
    const usage = end.ok ? end.reply.usage : end.usage;
    const answered = `${model.provider}/${end.ok ? end.reply.model : model.model}`;
    // What is still to be answered elsewhere may cost what it may cost.
    if (end.ok || !isOut())
      pass.value.settle({
        failure: end.ok ? null : end.failure,
        usage,
        answered,
        ...(end.ok && end.reply.costUsd !== undefined && { costUsd: end.reply.costUsd }),
      });
    const outcome = withPaid(end, paid);
    if (outcome.ok || !isBusy(outcome.failure) || waits === MOST_WAITS || around.signal.aborted) return outcome;
    const waitMs = outcome.failure.retryAfterMs ?? DEFAULT_WAIT_MS * 2 ** waits;
    if (waitMs > LONGEST_WAIT_MS) return outcome;
    paid = outcome.usage;
    if (!(await around.wait(waitMs)))
      return {
        ok: false,
        failure: failure("cancelled", "cancelled", `the call of ${model.id} was stopped`),
        usage: paid,
      };
  }
}

/** An overloaded model may have begun to answer: what that cost counts too. */
function withPaid(outcome: CallOutcome, paid: Usage | null): CallOutcome {
  if (paid === null) return outcome;
  const sum = (usage: Usage | null): Usage => (usage === null ? paid : addUsage(paid, usage));
  if (outcome.ok) return { ...outcome, reply: { ...outcome.reply, usage: sum(outcome.reply.usage) } };
  return { ...outcome, usage: sum(outcome.usage) };
}

async function callOnce(
  provider: Provider,
  request: ModelRequest,
  around: CallSurroundings,
  pass: CallPass,
): Promise<CallOutcome> {
  const startedAt = around.clock.monotonic();
  const context = {
    signal: around.signal,
    idempotencyKey: sha256(`${around.idempotencyKey}/${around.requestDigest}`).slice(0, 32),
    unit: around.idempotencyKey,
    step: around.label,
    attempt: around.attempt,
    sent: () => pass.sent(),
    again: () => pass.again(),
    ...(around.deferral !== undefined && { deferral: around.deferral }),
  };
  for await (const event of provider.call(request, context)) {
    pass.begun();
    if (event.type === "done")
      return { ok: true, reply: event.reply, durationMs: around.clock.monotonic() - startedAt };
    if (event.type === "failed") return { ok: false, failure: event.failure, usage: event.usage };
  }
  return {
    ok: false,
    failure: failure("internal", "no_reply", `provider '${provider.name}' ended without an answer`),
    usage: null,
  };
}

function isBusy({ class: failureClass }: Failure): boolean {
  return failureClass === "rate_limit" || failureClass === "overloaded";
}

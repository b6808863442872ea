import type { CallContext, ModelEvent, ModelReply, ModelRequest, Provider } from "../../src/provider/provider.ts";
import type { FailureClass } from "../../src/plan/types.ts";
import { failure } from "../../src/run/failure.ts";
import type { Clock } from "../../src/util/clock.ts";
import { InternalError } from "../../src/util/internal-error.ts";
import type { Json } from "../../src/util/json.ts";
import type { Usage } from "../../src/util/usage.ts";

/** One call that is expected, and its answer: exactly one of `reply`, `fail` and `hang`. */
export interface ScriptedAnswer {
  /** `draft`, or `draft[2]` for an item. */
  readonly step: string;
  /** Default: any. */
  readonly attempt?: number;
  /** The model that must be asked, without its provider; default: any. */
  readonly model?: string;
  /** A text, or a value that is sent as JSON. */
  readonly reply?: Json;
  /** Default `end`. */
  readonly stop?: ModelReply["stopReason"];
  /** Calls of tools beside the text; `stop` is `tools` then. */
  readonly calls?: ModelReply["toolCalls"];
  /** The model that answers; default: the one asked. */
  readonly answered?: string;
  readonly fail?: {
    readonly class: FailureClass;
    readonly code?: string;
    readonly message?: string;
    readonly retryAfterMs?: number;
    /** What was paid for although it failed; default: nothing. */
    readonly usage?: TokenPair;
  };
  /** Never answers: only an abort ends the call, which then costs its `usage`, if it has any. */
  readonly hang?: true;
  /** How long the answer takes; default 100. */
  readonly afterMs?: number;
  /** Tokens in and out; default [100, 10]. */
  readonly usage?: TokenPair;
}

type TokenPair = readonly [input: number, output: number];

/** What was asked, in order. */
export interface ScriptedCall {
  readonly request: ModelRequest;
  readonly context: CallContext;
}

export interface ScriptedProvider extends Provider {
  readonly calls: readonly ScriptedCall[];
  /** Calls that nobody expected and answers that nobody asked for; empty when the script was played as written. */
  problems(): readonly string[];
}

/** A model that answers by a script, each entry once: the first entry that fits a call answers it. */
export function createScriptedProvider(script: readonly ScriptedAnswer[], clock: Clock): ScriptedProvider {
  const left = [...script];
  const calls: ScriptedCall[] = [];
  const unexpected: string[] = [];
  return {
    name: "anthropic",
    origin: "scripted",
    calls,
    problems: () => [...unexpected, ...left.map((answer) => `nobody asked for ${JSON.stringify(answer)}`)],
    async *call(request, context): AsyncIterable<ModelEvent> {
      calls.push({ request, context });
      const index = left.findIndex(
        ({ step, attempt, model }) =>
          step === context.step &&
          (attempt ?? context.attempt) === context.attempt &&
          (model ?? request.model) === request.model,
      );
      const [answer] = index < 0 ? [] : left.splice(index, 1);
      if (answer === undefined) {
        const what = `an unexpected call of ${request.model} by ${context.step}, attempt ${context.attempt}`;
        unexpected.push(what);
        yield { type: "failed", failure: failure("invalid", "unexpected_call", what), usage: null };
        return;
      }
      const wasAborted = await pass(clock, answer.hang === true ? null : (answer.afterMs ?? 100), context.signal);
      yield wasAborted
        ? {
            type: "failed",
            failure: failure("cancelled", "cancelled", "the call was stopped"),
            usage: stoppedUsage(answer),
          }
        : eventOf(answer, request);
    },
  };
}

/** The last event of a call as the script has it. */
function eventOf(answer: ScriptedAnswer, request: ModelRequest): ModelEvent {
  const { fail, reply } = answer;
  if (fail !== undefined) {
    const { class: failureClass, code, message, retryAfterMs = null, usage } = fail;
    return {
      type: "failed",
      failure: failure(failureClass, code ?? `scripted_${failureClass}`, message ?? `the script says ${failureClass}`, {
        retryAfterMs,
      }),
      usage: usage === undefined ? null : usageOf(usage),
    };
  }
  if (reply === undefined)
    throw new InternalError(`a scripted answer without 'reply', 'fail' or 'hang': ${JSON.stringify(answer)}`);
  return {
    type: "done",
    reply: {
      text: typeof reply === "string" ? reply : JSON.stringify(reply),
      stopReason: answer.stop ?? (answer.calls === undefined ? "end" : "tools"),
      model: answer.answered ?? request.model,
      usage: usageOf(answer.usage ?? [100, 10]),
      ...(answer.calls && { toolCalls: answer.calls }),
    },
  };
}

function stoppedUsage({ hang, usage }: ScriptedAnswer): Usage | null {
  return hang === true && usage !== undefined ? usageOf(usage) : null;
}

function usageOf([inputTokens, outputTokens]: TokenPair): Usage {
  return { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 };
}

/** Waits so long on the clock, for ever when null; true when the signal ended it before. */
export function pass(clock: Clock, ms: number | null, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (wasAborted: boolean): void => {
      signal.removeEventListener("abort", onAbort);
      cancel();
      resolve(wasAborted);
    };
    const onAbort = (): void => end(true);
    const cancel = ms === null ? (): void => {} : clock.after(ms, () => end(false));
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) end(true);
  });
}

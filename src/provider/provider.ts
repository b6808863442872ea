import type { Json, JsonObject, JsonSchema } from "../util/json.ts";
import type { Failure } from "../run/failure.ts";
import type { Usage } from "../util/usage.ts";

/** One turn of a conversation. A turn has text, or calls (`assistant`), or results (`user`); a model may say something beside its calls. */
export interface Message {
  readonly role: "user" | "assistant";
  readonly text: string;
  /** What the model wants done. Left out = nothing. */
  readonly toolCalls?: readonly ToolCall[];
  /** What came of all calls of the message before, in their order. Left out = it had none. */
  readonly toolResults?: readonly ToolResult[];
  /** Blocks that the provider wants back as they were, in front of the rest. Left out = none. */
  readonly opaque?: readonly JsonObject[];
}

/** A tool that the model may call. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** Of an object. */
  readonly inputSchema: JsonObject;
  /** The provider does it by itself, in the middle of a reply. */
  readonly isServed?: true;
}

/** A call of a tool as the model asks for it. Nothing of it is checked. */
export interface ToolCall {
  /** Unique within its message. */
  readonly id: string;
  readonly name: string;
  /** null = what the model wrote is no JSON object. */
  readonly input: JsonObject | null;
}

/** What the model is told of a call. */
export interface ToolResult {
  readonly id: string;
  readonly text: string;
  readonly isError: boolean;
}

/** One call of a model, in no provider's dialect. Its canonical JSON is what a recording is keyed by. */
export interface ModelRequest {
  /** Without the provider's prefix, e.g. `claude-haiku-5-5`. */
  readonly model: string;
  /** The agent's instructions; null = none. */
  readonly system: string | null;
  /** Starts and ends with `user`, alternating. */
  readonly messages: readonly Message[];
  readonly maxTokens: number;
  readonly temperature: number | null;
  readonly effort: string | null;
  /** What the reply must fit; the provider may use its structured output for it. null = text. */
  readonly outputSchema: JsonSchema | null;
  /** What the model may call; left out = nothing: such requests keep their hash. */
  readonly tools?: readonly ToolSpec[];
}

export interface CallContext {
  /** Aborting ends the stream with a failure `cancelled` (the caller knows why it aborted). */
  readonly signal: AbortSignal;
  /** Constant over attempts for one request of one unit, and no other's; sent as `Idempotency-Key`. */
  readonly idempotencyKey: string;
  /** The key of the unit, constant over its attempts: what a program that answers is told. */
  readonly unit: string;
  /** Where the call belongs, for recordings and messages: `STEP`, `STEP[2]`, and the attempt. */
  readonly step: string;
  readonly attempt: number;
  /** To be called when a request of the call has left this process; left out = nobody asks. */
  readonly sent?: () => void;
  /** Before any further request of the same call: waits until it may be sent; false = told to stop. Left out = at once. */
  readonly again?: () => Promise<boolean>;
  /** For providers whose answers may take a day; the others do not look at it. */
  readonly deferral?: CallDeferral;
}

/** How a call is handed in now and answered later, maybe in another life of this process. */
export interface CallDeferral {
  /** What was kept of this very request; null = nothing. */
  ticket(): Json | null;
  /**
   * Puts on the record, with the next commit, where the answer is to be found. null = nowhere any more: the next try
   * asks anew. `isLasting`: it holds even when the step is tried anew after a failed run.
   */
  keep(ticket: Json | null, isLasting?: boolean): void;
  /** Makes durable what all calls of the run have kept; false = it cannot be, and nothing may be done on its ground. */
  commit(): boolean;
  /** Waits without a slot and with the clock stopped; goes on with a slot. False = told to stop meanwhile. */
  pause(until: Promise<unknown>): Promise<boolean>;
  /** Nothing of the call is in flight here any more: says what is waited for. `request` names it. */
  away(what: { readonly request: string; readonly message: string }): void;
}

export interface ModelReply {
  /** All text of the reply. */
  readonly text: string;
  /** `tools`: it waits for what comes of `toolCalls`. */
  readonly stopReason: "end" | "tools" | "max_tokens" | "refusal" | "other";
  /** The model that answered as the provider names it. */
  readonly model: string;
  /** What the provider said of its use; null when it said nothing. */
  readonly usage: Usage | null;
  /** What it says that it cost, USD; left out = its usage at the price of the model. */
  readonly costUsd?: number;
  /** In order; left out = none. */
  readonly toolCalls?: readonly ToolCall[];
  /** See `Message.opaque`. */
  readonly opaque?: readonly JsonObject[];
}

/** What comes of a call: text as it arrives, then exactly one `done` or `failed`, and nothing after it. */
export type ModelEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "done"; readonly reply: ModelReply }
  | { readonly type: "failed"; readonly failure: Failure; readonly usage: Usage | null };

/** Somebody who answers model calls. One request, one try: retries belong to the engine. */
export interface Provider {
  /** The prefix of its model ids, e.g. `anthropic`. */
  readonly name: string;
  /** Where answers come from: shown and recorded. */
  readonly origin: "live" | "recorded" | "scripted" | "simulated";
  /** Never rejects and never throws: every failure is the last event. */
  call(request: ModelRequest, context: CallContext): AsyncIterable<ModelEvent>;
  /** Asks to stop a batch that an earlier process handed in; a few seconds at most. Left out where there are none. */
  cancelBatch?(id: string): Promise<void>;
}

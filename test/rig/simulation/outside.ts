import { plainResult, type StepHandler } from "../../../src/engine/step/handler.ts";
import type { ModelEvent, ModelRequest, Provider } from "../../../src/provider/provider.ts";
import { failure, type Failure } from "../../../src/run/failure.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { err, ok } from "../../../src/util/result.ts";
import type { Usage } from "../../../src/util/usage.ts";
import { pass } from "../scripted-provider.ts";
import { chanceOf } from "./draw.ts";

/** Something that happens outside: a call of a model, a process. */
export interface Effect {
  /** Which start of the run does it. */
  readonly epoch: number;
  /** `group[1]/draft[2]`. */
  readonly label: string;
  /** What nothing else is: the unit with its round and stage, the attempt, the call in it, the model. */
  readonly identity: string;
  /** Stands in what comes back of it, whatever that is. */
  readonly mark: string;
  readonly isModel: boolean;
  readonly system: string | null;
  /** What it costs in tokens, whether or not anybody hears of it; null = it is turned away. */
  readonly tokens: number | null;
  /** It was turned away before for a moment, and is tried again. */
  readonly isSecondTry: boolean;
}

export interface OutsideOptions {
  readonly clock: Clock;
  /** What is answered. */
  readonly seed: number;
  /** When it is answered. */
  readonly pace: number;
  /** So large a part of the answers are failures. */
  readonly breaks: number;
  /** Told before anything takes place, and when it is over. */
  readonly begins: (effect: Effect) => void;
  readonly ends: (effect: Effect) => void;
}

type End = "done" | "down" | "refused" | "broken off" | "lost" | "late";

/**
 * All models and processes. What they answer depends on what they are asked by whom and on nothing else, so it is the same
 * in every life of a run; when, depends on the pace. Answers get lost, come late, come twice, break off.
 */
export class Outside {
  readonly #o: OutsideOptions;
  readonly #turnedAway = new Map<string, number>();

  constructor(options: OutsideOptions) {
    this.#o = options;
  }

  /** The models as a start of the run reaches them. */
  provider(epoch: number): Provider {
    return {
      name: "anthropic",
      origin: "scripted",
      call: (request, { step, attempt, idempotencyKey, signal }) => {
        const turn = (request.messages.length + 1) / 2;
        const identity = `${idempotencyKey} ${attempt} ${turn} ${request.model}`;
        return this.#call(request, { epoch, label: step, identity }, turn, signal);
      },
    };
  }

  /** `run` steps: nothing is started, but it is an effect. */
  runStep(epoch: number): StepHandler {
    return {
      prepare: (step, { evaluator, values }) => {
        if (step.body.kind !== "run") throw new Error("not a run step");
        const text = evaluator.evaluate(step.body.env["TEXT"] ?? { kind: "literal", value: "" }, values);
        if (!text.ok) return err(failure("invalid", text.error.code, text.error.message));
        return ok({
          kind: "later",
          model: null,
          isWaiting: false,
          run: async ({ attempt, label, idempotencyKey, signal }) => {
            const identity = `${idempotencyKey} ${attempt}`;
            const mark = this.#mark(identity);
            const effect: Effect = {
              epoch,
              label,
              identity,
              mark,
              isModel: false,
              system: null,
              tokens: 0,
              isSecondTry: false,
            };
            this.#o.begins(effect);
            const end = this.#end(identity);
            const wasStopped = await pass(this.#o.clock, end === "lost" ? null : this.#delay(identity), signal);
            this.#o.ends(effect);
            if (wasStopped) return plainResult({ ok: false, failure: failure("cancelled", "cancelled", "stopped") });
            if (end === "done" || end === "late") return plainResult({ ok: true, output: `did ${mark}` });
            return plainResult({ ok: false, failure: failureOf(end, mark) });
          },
        });
      },
    };
  }

  async *#call(
    request: ModelRequest,
    by: Pick<Effect, "epoch" | "label" | "identity">,
    turn: number,
    signal: AbortSignal,
  ): AsyncIterable<ModelEvent> {
    const { identity } = by;
    const mark = this.#mark(identity);
    const end = this.#end(identity);
    const usage = this.#usage(request, identity);
    const tries = this.#turnedAway.get(identity) ?? 0;
    const isTurnedAway = tries < (this.#chance("limited", identity) < 0.04 ? 2 : 0);
    const tokens = isTurnedAway || end === "down" ? null : usage.inputTokens + usage.outputTokens;
    const effect: Effect = { ...by, mark, isModel: true, system: request.system, tokens, isSecondTry: tries > 0 };
    this.#o.begins(effect);
    const wasStopped = await pass(
      this.#o.clock,
      end === "lost" && !isTurnedAway ? null : this.#delay(identity),
      signal,
    );
    this.#o.ends(effect);
    if (isTurnedAway && !wasStopped) {
      this.#turnedAway.set(identity, tries + 1);
      const why = failure("rate_limit", "429", "too many", { retryAfterMs: 2000 });
      yield { type: "failed", failure: why, usage: null };
    } else if (wasStopped && end !== "late") {
      yield { type: "failed", failure: failure("cancelled", "cancelled", "stopped"), usage: null };
    } else if (end === "done" || end === "late") {
      const reply = this.#reply(request, identity, mark, turn, usage);
      yield { type: "text", text: "said " };
      yield reply;
      // The network said it twice.
      if (this.#chance("twice", identity) < 0.1) yield reply;
    } else {
      const isPaid = end === "refused" && this.#chance("paid", identity) < 0.5;
      yield { type: "failed", failure: failureOf(end, mark), usage: isPaid ? usage : null };
    }
  }

  #reply(request: ModelRequest, identity: string, mark: string, turn: number, usage: Usage): ModelEvent {
    const { model, outputSchema, tools } = request;
    if (tools !== undefined && turn <= 2 && this.#chance("tools", identity) < 0.7) {
      const key = `kept_${mark.replaceAll("~", "")}`;
      const toolCalls =
        turn === 1
          ? [{ id: `t${mark}`, name: "state_set", input: { key, value: mark } }]
          : [{ id: `t${mark}`, name: "state_get", input: { key } }];
      return { type: "done", reply: { text: `looks ${mark}`, stopReason: "tools", model, usage, toolCalls } };
    }
    const long = this.#chance("long", identity) < 0.02 ? " and so on".repeat(1200) : "";
    const isTyped = outputSchema !== null && this.#chance("fits", identity) < 0.85;
    const n = Math.floor(this.#chance("n", identity) * 100);
    const text = isTyped ? JSON.stringify({ n, said: `${mark}${long}` }) : `said ${mark}${long}`;
    return { type: "done", reply: { text, stopReason: "end", model, usage } };
  }

  #usage({ system, messages, maxTokens }: ModelRequest, identity: string): Usage {
    const bytes = messages.reduce((sum, { text }) => sum + text.length, system?.length ?? 0);
    return {
      inputTokens: 1 + Math.floor(this.#chance("input", identity) * bytes),
      outputTokens: 1 + Math.floor(this.#chance("output", identity) * maxTokens),
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      calls: 1,
    };
  }

  #end(identity: string): End {
    const chance = this.#chance("end", identity) / Math.max(this.#o.breaks, 1e-9);
    if (chance < 0.45) return "down";
    if (chance < 0.65) return "refused";
    if (chance < 0.8) return "broken off";
    if (chance < 0.9) return "lost";
    return chance < 1 ? "late" : "done";
  }

  /** 0 to 300 ms in steps of 50, some seconds at times: several things end at the same instant. */
  #delay(identity: string): number {
    const chance = chanceOf(this.#o.pace, `delay ${identity}`);
    return chance < 0.04 ? 11_000 : Math.floor(chance * 7) * 50;
  }

  #mark(identity: string): string {
    const part = (what: string): string =>
      Math.floor(this.#chance(what, identity) * 36 ** 5)
        .toString(36)
        .padStart(5, "0");
    return `~${part("mark")}${part("more")}~`;
  }

  #chance(what: string, identity: string): number {
    return chanceOf(this.#o.seed, `${what} ${identity}`);
  }
}

function failureOf(end: Exclude<End, "done" | "late">, mark: string): Failure {
  switch (end) {
    case "down":
      return failure("server", "down", `it is down ${mark}`);
    case "refused":
      return failure("refused", "no", `it says no ${mark}`);
    default:
      return failure("network", "broken_off", `the answer broke off ${mark}`);
  }
}

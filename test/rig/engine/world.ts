import type { StepHandler } from "../../../src/engine/step/handler.ts";
import { plainResult } from "../../../src/engine/step/handler.ts";
import type { ModelEvent, Provider } from "../../../src/provider/provider.ts";
import { attemptKey, itemNames, unitKey } from "../../../src/run/attempt-key.ts";
import { failure, type Failure } from "../../../src/run/failure.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { err, ok } from "../../../src/util/result.ts";
import { sha256 } from "../../../src/util/digest.ts";
import type { Json } from "../../../src/util/json.ts";
import type { Usage } from "../../../src/util/usage.ts";
import { pass } from "../scripted-provider.ts";

/** Something that happened outside: a process that was started, a call that was made. */
export interface Effect {
  /** The key of the attempt it belongs to. */
  readonly key: string;
  readonly text: string;
  /** Which call of its attempt: 1, or 2 for a repair. */
  readonly call: number;
  /** What was paid for it; null until it is answered, and for processes. */
  usage: Usage | null;
}

/**
 * Everything outside of a run: what it answers depends on nothing but what it is asked and the attempt, and it keeps
 * a list of all that happened to it. `onEffect` is told before an effect takes place.
 */
export class World {
  readonly effects: Effect[] = [];
  readonly provider: Provider;
  readonly runStep: StepHandler;
  onEffect: (effect: Effect) => void = () => {};
  readonly #clock: Clock;

  /** Equal seeds answer equally. `sees` is what an answer depends on; default: the whole text. */
  constructor(seed: number, clock: Clock, sees: (text: string) => string = (text) => text) {
    this.#clock = clock;
    const chance = (what: string, of: string): number =>
      Number.parseInt(sha256(`${seed} ${what} ${of}`).slice(0, 8), 16) / 2 ** 32;

    this.provider = {
      name: "anthropic",
      origin: "scripted",
      call: (request, { attempt, signal }) => {
        const text = request.messages[0]?.text ?? "";
        const call = request.messages.length === 1 ? 1 : 2;
        return this.#call(text, call, attempt, signal, () => {
          const of = `${sees(text)} ${call} ${attempt}`;
          const usage = {
            inputTokens: 1 + Math.floor(chance("input", of) * 1000),
            outputTokens: 7,
            cacheReadTokens: 0,
            cacheWriteTokens: 0,
            calls: 1,
          };
          const why = failureOf(chance("end", of));
          if (why !== null) return { type: "failed", failure: why, usage: chance("paid", of) < 0.5 ? usage : null };
          const isTyped = request.outputSchema !== null;
          const typed = chance("fits", of) < 0.6 ? JSON.stringify({ n: Math.floor(chance("n", of) * 100) }) : "no JSON";
          const reply = {
            text: isTyped ? typed : `said ${sha256(of).slice(0, 6)}`,
            stopReason: "end",
            model: request.model,
            usage,
          } as const;
          return { type: "done", reply };
        });
      },
    };

    this.runStep = {
      prepare: (step, { evaluator, values }) => {
        if (step.body.kind !== "run") throw new Error("not a run step");
        const text = evaluator.evaluate(step.body.env["TEXT"] ?? { kind: "literal", value: "" }, values);
        if (!text.ok) return err(failure("invalid", text.error.code, text.error.message));
        return ok({
          kind: "later",
          model: null,
          isWaiting: false,
          run: async ({ attempt, signal }) => {
            const told = text.value as string;
            const of = `${sees(told)} ${attempt}`;
            this.#begin(told, 1, attempt);
            const wasAborted = await pass(this.#clock, delayOf(chance("time", of)), signal);
            const why = wasAborted ? failure("cancelled", "cancelled", "stopped") : failureOf(chance("end", of));
            return plainResult(
              why === null ? { ok: true, output: `did ${sha256(of).slice(0, 6)}` } : { ok: false, failure: why },
            );
          },
        });
      },
    };
    this.#time = (of) => delayOf(chance("time", of));
  }

  readonly #time: (of: string) => number;

  async *#call(
    text: string,
    call: number,
    attempt: number,
    signal: AbortSignal,
    answer: () => ModelEvent,
  ): AsyncIterable<ModelEvent> {
    const effect = this.#begin(text, call, attempt);
    if (await pass(this.#clock, this.#time(`${text} ${call} ${attempt}`), signal)) {
      yield { type: "failed", failure: failure("cancelled", "cancelled", "stopped"), usage: null };
      return;
    }
    const event = answer();
    effect.usage = event.type === "done" ? event.reply.usage : event.type === "failed" ? event.usage : null;
    yield event;
  }

  #begin(text: string, call: number, attempt: number): Effect {
    const [path = "", item = ""] = text.split("|");
    const name = item === "" ? null : (itemNames([JSON.parse(item) as Json])[0] as string);
    // The step's name may carry a version, as in `s3.v2`.
    const key = attemptKey(unitKey("", path.replace(/\..*/, ""), name), { iteration: 1, stage: 0, attempt });
    const effect: Effect = { key, text, call, usage: null };
    this.onEffect(effect);
    this.effects.push(effect);
    return effect;
  }
}

/** Two of three things succeed; what fails does so in a way that is tried again, or not. */
function failureOf(chance: number): Failure | null {
  if (chance < 0.67) return null;
  return chance < 0.85 ? failure("server", "down", "it is down") : failure("refused", "no", "it says no");
}

/** 0 to 300 ms in steps of 50: several things end at the same instant. */
function delayOf(chance: number): number {
  return Math.floor(chance * 7) * 50;
}

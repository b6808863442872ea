import type { StoredEvent } from "../../../src/run/event.ts";
import { ANSWER, answerJson } from "../../../src/run/answer.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { chanceOf } from "./draw.ts";

/** Whoever answers an approval is called so; whoever comes too late is not. */
export const FIRST = "ann";

/** People who look at questions, some soon and some after hours, and at times twice; at some nobody looks. */
export class People {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #seed: number;
  readonly #pace: number;
  readonly #asked = new Set<string>();
  #busy = 0;
  #idle: (() => void)[] = [];

  constructor(clock: Clock, store: Store, seed: number, pace: number) {
    this.#clock = clock;
    this.#store = store;
    this.#seed = seed;
    this.#pace = pace;
  }

  see(events: readonly StoredEvent[]): void {
    for (const { type, data } of events) {
      const { request, path, prompt } = data ?? {};
      if (type !== "approval.requested" || typeof request !== "string" || typeof path !== "string") continue;
      if (typeof prompt !== "string" || prompt.startsWith("Nobody") || this.#asked.has(request)) continue;
      this.#asked.add(request);
      this.#answer(request, path, chanceOf(this.#seed, `verdict ${path} ${prompt}`) < 0.75 ? "approved" : "rejected");
    }
  }

  /** Settles when everybody has said what they had to say. */
  done(): Promise<void> {
    return this.#busy === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #answer(request: string, path: string, verdict: "approved" | "rejected"): void {
    const chance = chanceOf(this.#pace, `person ${request}`);
    this.#say(chance < 0.06 ? 7_200_000 : Math.floor(chance * 20) * 1000, request, path, verdict, FIRST);
    // Somebody else says the opposite, later.
    if (chance > 0.3 && chance < 0.6)
      this.#say(25_000, request, path, verdict === "approved" ? "rejected" : "approved", "ben");
  }

  #say(afterMs: number, request: string, path: string, verdict: "approved" | "rejected", by: string): void {
    this.#busy += 1;
    this.#clock.after(afterMs, () => {
      const answer = { request, path, verdict, by, comment: null, input: null, at: this.#clock.now() };
      this.#store.post("R", { at: this.#clock.now(), kind: ANSWER, body: answerJson(answer) });
      this.#busy -= 1;
      if (this.#busy > 0) return;
      for (const tell of this.#idle) tell();
      this.#idle = [];
    });
  }
}

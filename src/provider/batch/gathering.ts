import type { Clock } from "../../util/clock.ts";

/** Collects what comes within a short while, by key, and hands it on together. */
export class Gathering<Value> {
  readonly #clock: Clock;
  readonly #quietMs: number;
  readonly #handOn: (key: string, values: ReadonlySet<Value>) => void;
  readonly #open = new Map<string, { readonly values: Set<Value>; cancel: () => void }>();

  /** `quietMs` after the last one nothing more is expected. */
  constructor(clock: Clock, quietMs: number, handOn: (key: string, values: ReadonlySet<Value>) => void) {
    this.#clock = clock;
    this.#quietMs = quietMs;
    this.#handOn = handOn;
  }

  add(key: string, value: Value): void {
    const open = this.#open.get(key) ?? { values: new Set<Value>(), cancel: () => {} };
    this.#open.set(key, open);
    open.values.add(value);
    open.cancel();
    open.cancel = this.#clock.after(this.#quietMs, () => {
      this.#open.delete(key);
      this.#handOn(key, open.values);
    });
  }

  /** True when it was still here. */
  remove(value: Value): boolean {
    for (const [key, { values, cancel }] of this.#open) {
      if (!values.delete(value)) continue;
      if (values.size === 0) {
        cancel();
        this.#open.delete(key);
      }
      return true;
    }
    return false;
  }
}

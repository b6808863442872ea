import type { Clock } from "../../util/clock.ts";
import type { Json } from "../../util/json.ts";
import { changed, type StateChange, type StateOutcome, type StateScope } from "../state-change.ts";
import type { StateEntry, StateStore } from "../store.ts";

/** Values by key; in a copy null stands for one that was taken away. */
type Values = Map<string, StateEntry | null>;

/** The values of a project and of its runs, in memory. What is given back is a copy, as from a disk. */
export class MemoryState {
  readonly project: StateStore;
  readonly #clock: Clock;
  readonly #values: Values = new Map();
  /** By `SCOPE RUN`. */
  readonly #ofRuns = new Map<string, Values>();

  constructor(clock: Clock) {
    this.#clock = clock;
    const look = this.#look([this.#values]);
    this.project = {
      ...look,
      set: (key, value) => {
        this.#apply([this.#values], { kind: "set", key, value });
        return look.get(key) as StateEntry;
      },
      delete: (key) => this.#apply([this.#values], { kind: "delete", key }).isGone,
      compareAndSet: (key, from, to) =>
        this.#apply([this.#values], { kind: "compare_and_set", key, from, to }).outcome.kind === "changed"
          ? look.get(key)
          : null,
    };
  }

  ofRun(runId: string, scope: StateScope): Pick<StateStore, "get" | "list"> {
    return this.#look(this.#layers(runId, scope));
  }

  /** What a change would come to. */
  preview(runId: string, scope: StateScope, change: StateChange): StateOutcome {
    return structuredClone(changed(this.#find(this.#layers(runId, scope), change.key)?.value, change).outcome);
  }

  change(runId: string, scope: StateScope, change: StateChange): StateOutcome {
    return this.#apply(this.#layers(runId, scope), change).outcome;
  }

  forget(runId: string): void {
    for (const scope of ["run", "copy"]) this.#ofRuns.delete(`${scope} ${runId}`);
  }

  /** The layer that is written first, what shows through behind it. */
  #layers(runId: string, scope: StateScope): readonly Values[] {
    if (scope === "project") return [this.#values];
    const name = `${scope} ${runId}`;
    const own: Values = this.#ofRuns.get(name) ?? new Map<string, StateEntry | null>();
    this.#ofRuns.set(name, own);
    return scope === "run" ? [own] : [own, this.#values];
  }

  #find(layers: readonly Values[], key: string): StateEntry | null {
    return layers.find((layer) => layer.has(key))?.get(key) ?? null;
  }

  #look(layers: readonly Values[]): Pick<StateStore, "get" | "list"> {
    return {
      get: (key) => structuredClone(this.#find(layers, key)),
      list: (prefix, limit) =>
        [...new Set(layers.flatMap((layer) => [...layer.keys()]))]
          .filter((key) => key.startsWith(prefix))
          .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          .flatMap((key) => this.#find(layers, key) ?? [])
          .slice(0, limit)
          .map((entry) => structuredClone(entry)),
    };
  }

  #apply(layers: readonly Values[], change: StateChange): { outcome: StateOutcome; isGone: boolean } {
    const [own = new Map<string, StateEntry | null>(), ...behind] = layers;
    const current = this.#find(layers, change.key);
    const { outcome, write } = changed(current?.value, change);
    const value: Json | undefined = structuredClone(write?.value);
    if (value !== undefined) {
      const version = (current?.version ?? 0) + 1;
      own.set(change.key, { key: change.key, value, version, updatedAt: this.#clock.now() });
    } else if (write !== undefined) {
      if (behind.length > 0) own.set(change.key, null);
      else own.delete(change.key);
    }
    return { outcome: structuredClone(outcome), isGone: current !== null };
  }
}

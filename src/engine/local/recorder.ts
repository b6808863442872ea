import type { StoredEvent } from "../../run/event.ts";
import type { DeadLetter } from "../../run/dead-letter.ts";
import type { Fact } from "../../run/fact.ts";
import type { Batch, CacheEntry, Lease, Store } from "../../store/store.ts";
import type { EventDraft } from "./sink.ts";

/** Collects what happened and writes it in one transaction; hands out events only once they are durable. */
export class Recorder {
  readonly #store: Store;
  readonly #lease: Lease;
  readonly #now: () => number;
  #seq: number;
  #events: StoredEvent[] = [];
  #facts: Fact[] = [];
  #taken: number[] = [];
  readonly #letters = new Map<string, DeadLetter | null>();
  #cached: CacheEntry[] = [];

  constructor(store: Store, lease: Lease, now: () => number) {
    this.#store = store;
    this.#lease = lease;
    this.#now = now;
    this.#seq = store.lastSeq(lease.runId);
  }

  event(draft: EventDraft): void {
    this.#seq += 1;
    this.#events.push({ seq: this.#seq, at: this.#now(), ...draft });
  }

  fact(fact: Fact): void {
    this.#facts.push(fact);
  }

  /** An outcome for other runs. */
  cached(entry: CacheEntry): void {
    this.#cached.push(entry);
  }

  /** An inbox message is dealt with. */
  taken(id: number): void {
    this.#taken.push(id);
  }

  /** What becomes of the letter of a unit; null = it is none any more. The last word of a batch holds. */
  letter(key: string, letter: DeadLetter | null): void {
    this.#letters.set(key, letter);
  }

  /**
   * Makes everything collected so far durable and gives the events back, in order.
   * Throws StoreError or LeaseLostError, and then nothing of it was written.
   */
  commit(more: Omit<Batch, "events" | "facts" | "taken" | "cache"> = {}): readonly StoredEvent[] {
    const events = this.#events;
    const facts = this.#facts;
    const taken = this.#taken;
    const cache = this.#cached;
    if (events.length + facts.length + taken.length + this.#letters.size === 0 && Object.keys(more).length === 0)
      return events;
    this.#events = [];
    this.#facts = [];
    this.#taken = [];
    this.#cached = [];
    this.#store.commit(this.#lease, {
      ...more,
      events,
      facts,
      ...this.#takeLetters(),
      ...(taken.length === 0 ? {} : { taken }),
      ...(cache.length === 0 ? {} : { cache }),
    });
    return events;
  }

  #takeLetters(): Pick<Batch, "deadLetters" | "revived"> {
    if (this.#letters.size === 0) return {};
    const letters = [...this.#letters];
    this.#letters.clear();
    return {
      deadLetters: letters.flatMap(([, letter]) => letter ?? []),
      revived: letters.flatMap(([key, letter]) => (letter === null ? [key] : [])),
    };
  }
}

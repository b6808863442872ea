import type { StoredEvent } from "../../run/event.ts";
import type { Fact } from "../../run/fact.ts";
import type { Batch, Lease, Store } from "../../store/store.ts";
import type { EventDraft } from "./sink.ts";

/** Collects what happened and writes it in one transaction; hands out events only once they are durable. */
export class Recorder {
  readonly #store: Store;
  readonly #lease: Lease;
  readonly #now: () => number;
  #seq: number;
  #events: StoredEvent[] = [];
  #facts: Fact[] = [];

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

  /**
   * Makes everything collected so far durable and gives the events back, in order.
   * Throws StoreError or LeaseLostError, and then nothing of it was written.
   */
  commit(more: Omit<Batch, "events" | "facts"> = {}): readonly StoredEvent[] {
    const events = this.#events;
    const facts = this.#facts;
    if (events.length === 0 && facts.length === 0 && Object.keys(more).length === 0) return events;
    this.#events = [];
    this.#facts = [];
    this.#store.commit(this.#lease, { ...more, events, facts });
    return events;
  }
}

import { randomUUID } from "node:crypto";
import type { Clock } from "../../util/clock.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { err } from "../../util/result.ts";
import { sleep } from "../../util/sleep.ts";
import type { BatchApi, BatchState } from "./batch-api.ts";
import { Collector, HOPELESS } from "./collector.ts";
import { Gathering } from "./gathering.ts";
import { readTicket, ticketJson, type Ticket } from "./ticket.ts";
import type { Want } from "./want.ts";

/** So long after the last call nothing more is expected to come along with it. */
const QUIET_MS = 500;
/** Before it is asked whether a batch was taken whose answer got lost. */
const SETTLE_MS = 2_000;
/** How long after its ticket a batch may have been taken: a machine may have slept in between. */
const LATEST_MS = 2 * 60 * 60_000;
/** How far the clocks of the provider and of this machine may be apart. */
const SKEW_MS = 15 * 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** What one batch may have. Below the API's 100,000 requests and 256 MB: its answers must fit as well. */
export interface BatchLimits {
  readonly requests: number;
  readonly bytes: number;
}

const usualLimits: BatchLimits = { requests: 10_000, bytes: 64 * 1024 * 1024 };

/** What is done for some calls together at this moment. */
interface Errand {
  /** Those that somebody still waits for. */
  readonly wants: Set<Want>;
  /** Fires when there are none. */
  readonly stop: AbortController;
  done: Promise<void>;
}

/** What is known of a group that may have been handed in. */
type Found =
  | { readonly kind: "batch"; readonly id: string }
  | { readonly kind: "none" }
  /** Nobody wants to know any more. */
  | { readonly kind: "stopped" }
  /** The provider does not tell. */
  | { readonly kind: "untold"; readonly failure: Failure };

/**
 * Where calls are handed in together and their answers collected. Nothing is handed in twice, whenever the process dies:
 *
 *   ticket "about to be handed in"  -commit->  POST  ->  ticket with the batch's id  -commit->  look, collect
 *
 * Between the two commits nobody knows whether the batch was taken. Whoever comes back to such a ticket lists the batches
 * of that time and looks for the ids of its requests, which are like no others; only when they are in none, it asks anew.
 */
export class BatchDesk {
  readonly #api: BatchApi;
  readonly #clock: Clock;
  readonly #limits: BatchLimits;
  readonly #new: Gathering<Want>;
  readonly #unknown: Gathering<Want>;
  readonly #collectors = new Map<string, Collector>();
  readonly #underway = new Map<Want, Errand>();

  constructor(api: BatchApi, clock: Clock, limits: BatchLimits = usualLimits) {
    this.#api = api;
    this.#clock = clock;
    this.#limits = limits;
    this.#new = new Gathering(clock, QUIET_MS, (_, wants) => this.#handIn(wants));
    this.#unknown = new Gathering(clock, QUIET_MS, (_, wants) =>
      this.#run([...wants], (errand) => this.#find([...wants], errand)),
    );
  }

  /** Sees to it that a call is answered: from the batch that it is in, or from a new one. */
  ask(want: Want): void {
    const ticket = readTicket(want.deferral.ticket());
    if (ticket === null) this.#new.add(JSON.stringify(want.headers), want);
    else if (ticket.batch === null) this.#unknown.add(ticket.group, want);
    else this.#collect(want, ticket);
  }

  /**
   * Nobody waits for this call any more. `isOver`: it is not to be answered later either, so a batch that nobody else
   * waits for is stopped. Settles when nothing of it is under way.
   */
  async drop(want: Want, isOver: boolean): Promise<void> {
    this.#new.remove(want);
    this.#unknown.remove(want);
    const errand = this.#underway.get(want);
    errand?.wants.delete(want);
    if (errand?.wants.size === 0) errand.stop.abort();
    await errand?.done;
    for (const [id, collector] of this.#collectors) {
      if (!collector.remove(want)) continue;
      if (collector.isWanted) break;
      this.#collectors.delete(id);
      if (isOver) await this.#api.cancel(id);
      break;
    }
    if (isOver && want.answer === null) want.deferral.keep(null);
  }

  #handIn(wants: Iterable<Want>): void {
    let chunk: Want[] = [];
    let bytes = 0;
    const close = (): void => {
      const together = chunk;
      if (together.length > 0) this.#run(together, (errand) => this.#submit(together, errand));
      chunk = [];
      bytes = 0;
    };
    for (const want of wants) {
      const size = Buffer.byteLength(JSON.stringify(want.params));
      if (chunk.length === this.#limits.requests || (chunk.length > 0 && bytes + size > this.#limits.bytes)) close();
      chunk.push(want);
      bytes += size;
    }
    close();
  }

  #run(wants: readonly Want[], work: (errand: Errand) => Promise<void>): void {
    const errand: Errand = { wants: new Set(wants), stop: new AbortController(), done: Promise.resolve() };
    for (const want of wants) this.#underway.set(want, errand);
    errand.done = work(errand).finally(() => {
      for (const want of wants) if (this.#underway.get(want) === errand) this.#underway.delete(want);
    });
  }

  async #submit(wants: readonly Want[], errand: Errand): Promise<void> {
    const group = randomUUID().replaceAll("-", "");
    const at = this.#clock.now();
    const tickets = wants.map((_, i) => ({ group, customId: `${group}-${i}`, size: wants.length, at, batch: null }));
    if (!this.#keepAll(wants, tickets)) return;
    const requests = wants.map(({ params }, i) => ({ customId: (tickets[i] as Ticket).customId, params }));
    const batch = await this.#api.submit(requests, wants[0]?.headers ?? {}, group);
    if (batch.ok) return this.#handedIn(wants, tickets, batch.value.id);
    if (batch.error.isUnknown) {
      await sleep(this.#clock, SETTLE_MS, errand.stop.signal);
      const found = await this.#search(tickets, errand.stop.signal);
      if (found.kind === "stopped") return;
      if (found.kind === "batch") return this.#handedIn(wants, tickets, found.id);
      if (found.kind === "untold") return this.#inDoubt(wants, tickets, found.failure);
    }
    for (const want of wants) {
      want.deferral.keep(null);
      want.give(err(batch.error.failure));
    }
  }

  /** Whether a group was taken before its runner died; what was not is handed in now. */
  async #find(wants: readonly Want[], errand: Errand): Promise<void> {
    const tickets = wants.flatMap(({ deferral }) => readTicket(deferral.ticket()) ?? []);
    const found = await this.#search(tickets, errand.stop.signal);
    if (found.kind === "stopped") return;
    if (found.kind === "batch") return this.#handedIn(wants, tickets, found.id);
    if (found.kind === "untold") return this.#inDoubt(wants, tickets, found.failure);
    for (const want of errand.wants) {
      want.deferral.keep(null);
      this.#new.add(JSON.stringify(want.headers), want);
    }
  }

  /** The batch that has these requests. */
  async #search(tickets: readonly Ticket[], signal: AbortSignal): Promise<Found> {
    const [first] = tickets;
    if (first === undefined) return { kind: "none" };
    const ids = new Set(tickets.map(({ customId }) => customId));
    let pauseMs = FIRST_PAUSE_MS;
    const others = new Set<string>();
    while (!signal.aborted) {
      const listed = await this.#api.since(first.at - SKEW_MS);
      if (listed.ok) {
        const candidates = listed.value.filter(
          ({ id, size, createdAtMs }) =>
            size === first.size && !others.has(id) && !this.#collectors.has(id) && createdAtMs <= first.at + LATEST_MS,
        );
        for (const batch of candidates.filter(({ isEnded }) => isEnded)) {
          const verdict = await this.#has(batch, ids);
          if (verdict === true) return { kind: "batch", id: batch.id };
          if (verdict === false) others.add(batch.id);
        }
        // What is still at work cannot be looked into: it may be the one.
        if (candidates.every(({ id }) => others.has(id))) return { kind: "none" };
      } else if (HOPELESS.has(listed.error.class)) return { kind: "untold", failure: listed.error };
      await sleep(this.#clock, pauseMs, signal);
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
    return { kind: "stopped" };
  }

  /** Whether a batch that has ended has one of these requests; null = it cannot be read now. */
  async #has({ id }: BatchState, ids: ReadonlySet<string>): Promise<boolean | null> {
    let has = false;
    const broken = await this.#api.read(id, ({ customId }) => (has ||= ids.has(customId)));
    return has || (broken === null ? false : null);
  }

  /** It may be under way and paid: it is not handed in again unless a person says so. */
  #inDoubt(wants: readonly Want[], tickets: readonly Ticket[], why: Failure): void {
    const message = `whether a batch was taken before the connection or the process broke is not known, and cannot be looked up: ${why.message}`;
    const help =
      "when the list of batches can be read again: 'muster resume'; to hand it in anew whatever became of it: 'muster resume --rerun STEP'";
    for (const [i, want] of wants.entries()) {
      want.deferral.keep(ticketJson(tickets[i] as Ticket), true);
      want.give(err(failure("invalid", "batch_unknown", message, { help })));
    }
  }

  #handedIn(wants: readonly Want[], tickets: readonly Ticket[], batch: string): void {
    const kept = tickets.map((ticket) => ({ ...ticket, batch }));
    this.#keepAll(wants, kept);
    for (const [i, want] of wants.entries()) this.#collect(want, kept[i] as Ticket);
  }

  #keepAll(wants: readonly Want[], tickets: readonly Ticket[]): boolean {
    for (const [i, { deferral }] of wants.entries()) deferral.keep(ticketJson(tickets[i] as Ticket));
    return wants[0]?.deferral.commit() ?? false;
  }

  #collect(want: Want, ticket: Ticket): void {
    const id = ticket.batch ?? "";
    const collector = this.#collectors.get(id) ?? new Collector(this.#api, this.#clock, id);
    this.#collectors.set(id, collector);
    collector.add(want, ticket);
  }
}

import type { StoredEvent } from "../../run/event.ts";
import type { Fact } from "../../run/fact.ts";
import type { Clock } from "../../util/clock.ts";
import { InternalError } from "../../util/internal-error.ts";
import type { Batch, Lease, Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { insertEvents } from "./event-row.ts";
import { encodeFact, factCrc, packFingerprint } from "./fact-row.ts";
import { writeAccount } from "./account-table.ts";
import { writeCache } from "./cache-table.ts";
import { writeLetters } from "./dead-letter-table.ts";
import type { FactPlaces, KeyPlaces } from "./fact-places.ts";
import { dropMessages } from "./inbox-table.ts";
import { HeldRows, saveRow, type RunRow, type UncheckedRunRow } from "./run-row.ts";
import { spanOf } from "./run-span.ts";
import { forgetAnswers } from "./session-table.ts";

/**
 * One transaction that starts with the fence: does the work, and writes the batch that it asks for (null: none).
 * Whatever is thrown undoes both.
 */
export type WriteBatch = <Result>(
  lease: Lease,
  work: () => { readonly result: Result; readonly batch: Batch | null },
) => Result;

/** Writes batches, each with what has to happen together with it. */
export function batchWriter(connection: Connection, clock: Clock, factPlaces: FactPlaces): WriteBatch {
  const rows = new HeldRows(connection);
  const write: WriteBatch = (lease, work) => {
    let saved: UncheckedRunRow | null = null;
    const done = connection.write(() => {
      const row = rows.of(lease);
      const { result, batch } = work();
      if (batch === null) return result;
      const { events, facts, forget = [], taken = [], status, activeMs } = batch;
      const places = factPlaces.under(lease, row);
      writeLetters(connection, row, batch);
      writeAccount(connection, row, batch);
      writeCache(connection, batch.cache ?? []);
      forgetAnswers(connection, row, batch);
      const forgotten = forgetFacts(connection, row, forget, places);
      const added = writeFacts(connection, row, facts, places);
      dropMessages(connection, row, taken);
      saved = saveRow(connection, row, {
        status: status ?? row.status,
        updated_at: clock.now(),
        active_ms: activeMs ?? row.active_ms,
        last_seq: writeEvents(connection, row, events),
        last_place: row.last_place + added,
        fact_count: row.fact_count - forgotten + added,
      });
      return result;
    });
    if (saved !== null) rows.remember(lease, saved);
    return done;
  };
  return (lease, work) => {
    try {
      return write(lease, work);
    } catch (error) {
      factPlaces.forget(lease);
      rows.forget(lease);
      throw error;
    }
  };
}

/** Writes batches alone. */
export function committer(writeBatch: WriteBatch): Store["commit"] {
  return (lease, batch) => writeBatch(lease, () => ({ result: undefined, batch }));
}

/** Returns the new last `seq`. */
function writeEvents(connection: Connection, run: RunRow, events: readonly StoredEvent[]): number {
  let last = run.last_seq;
  for (const { seq } of events) {
    if (seq !== last + 1) throw new InternalError(`event ${seq} does not follow event ${last}`);
    last = seq;
  }
  insertEvents(connection, run.id, events);
  return last;
}

/** Returns how many facts there were under these keys. */
function forgetFacts({ sql }: Connection, run: RunRow, keys: readonly string[], places: KeyPlaces): number {
  const forget = sql("DELETE FROM fact WHERE id = ?");
  const [first] = spanOf(run.id);
  let forgotten = 0;
  for (const key of keys) {
    for (const place of places.of(key)) forgotten += Number(forget.run(first + place).changes);
    places.delete(key);
  }
  return forgotten;
}

/** Returns how many facts were not there before. */
function writeFacts({ sql }: Connection, run: RunRow, facts: readonly Fact[], places: KeyPlaces): number {
  const insert = sql("INSERT INTO fact (id, key, fingerprint, body, crc) VALUES (?, ?, ?, ?, ?)");
  const update = sql("UPDATE fact SET body = ?, crc = ? WHERE id = ? AND fingerprint = ?");
  const [first] = spanOf(run.id);
  let added = 0;
  for (const fact of facts) {
    const { key } = fact;
    const fingerprint = packFingerprint(fact.fingerprint);
    const body = encodeFact(fact);
    const crcAt = (place: number): number => factCrc(key, fact.fingerprint, body, place);
    const isKnown = places
      .of(key)
      .some((place) => update.run(body, crcAt(place), first + place, fingerprint).changes === 1);
    if (isKnown) continue;
    const place = run.last_place + ++added;
    insert.run(first + place, key, fingerprint, body, crcAt(place));
    places.add(key, place);
  }
  return added;
}

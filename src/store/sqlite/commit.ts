import type { StoredEvent } from "../../run/event.ts";
import type { Fact } from "../../run/fact.ts";
import { InternalError } from "../../util/internal-error.ts";
import type { Clock } from "../../util/clock.ts";
import type { Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { encodeEvent } from "./event-row.ts";
import { encodeFact, factCrc, packed } from "./fact-row.ts";
import { HELD, leaseLost } from "./lease-table.ts";
import { lastIdOf, OF_RUN, RUN_SPAN, spanOf } from "./run-span.ts";

/** Writes batches; the first statement of each transaction is the fence. */
export function committer(connection: Connection, clock: Clock): Store["commit"] {
  const { sql, write } = connection;
  return (lease, { events, facts, forget = [], status, activeMs }) =>
    write(() => {
      const run = sql(
        `UPDATE run SET updated_at = ?3, status = coalesce(?4, status), active_ms = coalesce(?5, active_ms)
         WHERE ${HELD} RETURNING id`,
      ).get(lease.runId, lease.epoch, clock.now(), status ?? null, activeMs ?? null)?.["id"] as number | undefined;
      if (run === undefined) throw leaseLost(lease);
      writeEvents(connection, run, events);
      for (const key of forget) sql(`DELETE FROM fact WHERE ${OF_RUN} AND key = ?3`).run(...spanOf(run), key);
      writeFacts(connection, run, facts);
    });
}

function writeEvents(connection: Connection, run: number, events: readonly StoredEvent[]): void {
  if (events.length === 0) return;
  const insert = connection.sql("INSERT INTO event (id, at, type, step, item, attempt, data, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  let id = lastIdOf(connection, "event", run);
  for (const event of events) {
    id++;
    if (event.seq !== id % RUN_SPAN) throw new InternalError(`event ${event.seq} does not follow event ${(id - 1) % RUN_SPAN}`);
    const row = encodeEvent(event);
    insert.run(id, row.at, row.type, row.step, row.item, row.attempt, row.data, row.crc);
  }
}

function writeFacts(connection: Connection, run: number, facts: readonly Fact[]): void {
  if (facts.length === 0) return;
  const { sql } = connection;
  const find = sql(`SELECT id FROM fact WHERE ${OF_RUN} AND key = ?3 AND fingerprint = ${packed("?4")}`);
  const insert = sql(`INSERT INTO fact (id, key, fingerprint, body, crc) VALUES (?1, ?2, ${packed("?3")}, ?4, ?5)`);
  const update = sql("UPDATE fact SET body = ?, crc = ? WHERE id = ?");
  const [first, end] = spanOf(run);
  let last = lastIdOf(connection, "fact", run);
  for (const fact of facts) {
    const { key, fingerprint } = fact;
    const body = encodeFact(fact);
    const known = find.get(first, end, key, fingerprint)?.["id"] as number | undefined;
    const id = known ?? ++last;
    const crc = factCrc(key, fingerprint, body, id % RUN_SPAN);
    if (known === undefined) insert.run(id, key, fingerprint, body, crc);
    else update.run(body, crc, id);
  }
}

import type { Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { decodeEvents, type EventRow } from "./event-row.ts";
import { decodeFact, UNPACKED, type FactRow } from "./fact-row.ts";
import { KeyPlaces, type FactPlaces } from "./fact-places.ts";
import { findRow } from "./run-row.ts";
import { OF_RUN, spanOf } from "./run-span.ts";

/** Rows read at once: no cursor stays open between them, so readers never hold up the writer or each other. */
const PAGE_ROWS = 256;

const EVENTS = `SELECT * FROM event WHERE ${OF_RUN} ORDER BY id LIMIT ?`;
const FACTS = `SELECT id, key, ${UNPACKED} AS fingerprint, body, crc FROM fact WHERE ${OF_RUN} ORDER BY id LIMIT ?`;

/**
 * What was written about a run, read in pages. Beside the checksum of each row it is checked that none is missing:
 * a lost fact would be paid for again.
 */
export function history(
  connection: Connection,
  factPlaces: FactPlaces,
): Pick<Store, "readFacts" | "readEvents" | "lastSeq"> {
  const { sql, read } = connection;
  const damaged = (reason: string): never =>
    read(() => {
      throw new DamagedRow(reason);
    });

  return {
    *readFacts(runId) {
      const run = read(() => findRow(connection, runId));
      if (run === null) return;
      const [first, end] = spanOf(run.id);
      let last = first;
      let count = 0;
      const places = new KeyPlaces();
      for (let size = PAGE_ROWS; size === PAGE_ROWS;) {
        const page = read(() => sql(FACTS).all(last, end, PAGE_ROWS) as unknown as FactRow[]);
        size = page.length;
        count += size;
        for (const row of page) {
          if (row.id <= last) damaged(`the facts of run ${runId} are out of order`);
          last = row.id;
          places.add(row.key, row.id - first);
          yield read(() => decodeFact(row));
        }
      }
      // What another process has changed meanwhile may have been missed, and is no damage.
      const now = read(() => findRow(connection, runId));
      const still = now?.fact_count === run.fact_count && now.last_place === run.last_place;
      if (still && count !== run.fact_count) damaged(`run ${runId} has ${count} of its ${run.fact_count} facts`);
      if (still) factPlaces.remember({ run, places });
    },
    *readEvents(runId, { after = 0, limit = Infinity } = {}) {
      const run = read(() => findRow(connection, runId));
      if (run === null) return;
      const [first, end] = spanOf(run.id);
      let seq = after;
      for (const stop = after + limit; seq < stop;) {
        const size = Math.min(stop - seq, PAGE_ROWS);
        const page = read(() => sql(EVENTS).all(first + seq, end, size) as unknown as EventRow[]);
        for (const row of page) {
          for (const event of read(() => decodeEvents(row, seq + 1))) {
            if (event.seq <= seq) continue;
            if (seq === stop) return;
            seq += 1;
            yield event;
          }
        }
        if (page.length === size) continue;
        if (seq < run.last_seq) damaged(`event ${seq + 1} is missing`);
        return;
      }
    },
    lastSeq: (runId) => read(() => findRow(connection, runId)?.last_seq ?? 0),
  };
}

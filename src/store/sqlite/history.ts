import type { Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { decodeEvent, type EventRow } from "./event-row.ts";
import { decodeFact, UNPACKED, type FactRow } from "./fact-row.ts";
import { lastIdOf, OF_RUN, RUN_SPAN, spanOf } from "./run-span.ts";
import { rowOf } from "./run-table.ts";

/** Rows read at once: no cursor stays open between them, so readers never hold up the writer or each other. */
const PAGE_ROWS = 256;

/** What was written about a run, read in pages. */
export function history(connection: Connection): Pick<Store, "readFacts" | "readEvents" | "lastSeq"> {
  const { sql, read } = connection;

  function* pages<Row extends { readonly id: number }>(
    columns: string, runId: string, after: number, limit: number,
  ): Generator<Row[]> {
    const run = read(() => rowOf(connection, runId));
    if (run === null) return;
    const [before, end] = spanOf(run);
    let last = before + after;
    for (let left = limit; left > 0; left -= PAGE_ROWS) {
      const size = Math.min(left, PAGE_ROWS);
      const page = read(() => sql(`SELECT ${columns} WHERE ${OF_RUN} ORDER BY id LIMIT ?3`).all(last, end, size) as unknown as Row[]);
      yield page;
      if (page.length < size) return;
      last = (page.at(-1) as Row).id;
    }
  }

  return {
    *readFacts(runId) {
      for (const page of pages<FactRow>(FACT_COLUMNS, runId, 0, Infinity)) yield* read(() => page.map(decodeFact));
    },
    *readEvents(runId, { after = 0, limit = Infinity } = {}) {
      for (const page of pages<EventRow>("* FROM event", runId, after, limit)) yield* read(() => page.map(decodeEvent));
    },
    lastSeq: (runId) =>
      read(() => {
        const run = rowOf(connection, runId);
        return run === null ? 0 : lastIdOf(connection, "event", run) % RUN_SPAN;
      }),
  };
}

const FACT_COLUMNS = `id, key, ${UNPACKED} AS fingerprint, body, crc FROM fact`;

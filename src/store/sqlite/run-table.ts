import { crc32 } from "node:zlib";
import type { Clock } from "../../util/clock.ts";
import { StoreError, type RunRecord, type RunSummary, type Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { checkRow, insertRow, leaseColumns, ownerOf, sureMissing, type UncheckedRunRow } from "./run-row.ts";

type SummaryRow = UncheckedRunRow & { readonly record: string | null; readonly record_crc: number };

const SUMMARY =
  "SELECT run.*, record.body AS record, record.crc AS record_crc FROM run LEFT JOIN record ON record.id = run.id";

/** The runs themselves: created once, looked up, listed. */
export function runTable(
  connection: Connection,
  clock: Clock,
): Pick<Store, "createRun" | "findRun" | "listRuns" | "findRunsByPrefix"> {
  const { sql, read, write } = connection;
  return {
    createRun: (record, owner) =>
      write(() => {
        const { runId } = record;
        if (sql("SELECT 1 FROM run WHERE run_id = ?").get(runId) !== undefined) {
          throw new StoreError(
            "taken",
            `there is a run ${runId} already; choose another id, or go on with 'muster resume ${runId}'`,
          );
        }
        const body = JSON.stringify(record);
        const { lastInsertRowid } = sql("INSERT INTO record (body, crc) VALUES (?, ?)").run(body, crc32(body));
        insertRow(connection, {
          id: Number(lastInsertRowid),
          run_id: runId,
          started_at: record.startedAt,
          status: "running",
          updated_at: clock.now(),
          epoch: 1,
          active_ms: 0,
          last_seq: 0,
          last_place: 0,
          fact_count: 0,
          ...leaseColumns(owner),
        });
        return { runId, epoch: 1 };
      }),
    findRun: (runId) =>
      read(() => {
        const row = sql(`${SUMMARY} WHERE run_id = ?`).get(runId);
        return row === undefined ? sureMissing(connection, runId) : summaryOf(row);
      }),
    listRuns: ({ status, limit } = {}) =>
      read(() => {
        const among = status === undefined ? "" : "WHERE status IN (SELECT value FROM json_each(?))";
        return sql(`${SUMMARY} ${among} ORDER BY started_at DESC, run.id DESC LIMIT ?`)
          .all(...(status === undefined ? [] : [JSON.stringify(status)]), limit ?? -1)
          .map(summaryOf);
      }),
    findRunsByPrefix: (prefix, limit) =>
      read(() =>
        // The last code point there is ends the range of all that starts so; unlike LIKE it has no wildcards.
        sql(`${SUMMARY} WHERE run_id >= ? AND run_id < ? ORDER BY run_id LIMIT ?`)
          .all(prefix, `${prefix}\u{10ffff}`, limit)
          .map(summaryOf),
      ),
  };
}

function summaryOf(columns: { readonly [name: string]: unknown }): RunSummary {
  const row = checkRow(columns as unknown as SummaryRow);
  if (row.record === null || crc32(row.record) !== row.record_crc) {
    throw new DamagedRow(`the record of run ${row.run_id} is missing or does not match its checksum`);
  }
  return {
    ...(JSON.parse(row.record) as RunRecord),
    status: row.status,
    updatedAt: row.updated_at,
    epoch: row.epoch,
    activeMs: row.active_ms,
    lease: ownerOf(row),
  };
}

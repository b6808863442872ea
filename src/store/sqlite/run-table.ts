import { InternalError } from "../../util/internal-error.ts";
import type { Store } from "../store.ts";
import { StoreError } from "../store.ts";
import type { Clock } from "../../util/clock.ts";
import type { Connection } from "./connection.ts";
import { decodeRun, encodeRecord, type RunRow } from "./run-row.ts";

const SUMMARY = "SELECT run.*, record.body, record.crc FROM run JOIN record ON record.id = run.id";

/** The runs themselves: created once, looked up, listed. */
export function runTable(connection: Connection, clock: Clock): Pick<Store, "createRun" | "findRun" | "listRuns" | "findRunsByPrefix"> {
  const { sql, read, write } = connection;
  const summaries = (rows: unknown[]) => (rows as RunRow[]).map(decodeRun);
  return {
    createRun: (record, owner) =>
      write(() => {
        if (rowOf(connection, record.runId) !== null) {
          throw new StoreError("taken", `there is a run ${record.runId} already; choose another id, or go on with 'muster resume ${record.runId}'`);
        }
        const { lastInsertRowid } = sql(
          `INSERT INTO run (run_id, started_at, status, updated_at, epoch, active_ms, lease_host, lease_pid, lease_process_start, lease_renewed_at)
           VALUES (?, ?, 'running', ?, 1, 0, ?, ?, ?, ?)`,
        ).run(record.runId, record.startedAt, clock.now(), owner.host, owner.pid, owner.processStart, owner.renewedAt);
        const { body, crc } = encodeRecord(record);
        sql("INSERT INTO record (id, body, crc) VALUES (?, ?, ?)").run(lastInsertRowid, body, crc);
        return { runId: record.runId, epoch: 1 };
      }),
    findRun: (runId) =>
      read(() => {
        const row = sql(`${SUMMARY} WHERE run_id = ?`).get(runId);
        return row === undefined ? null : decodeRun(row as unknown as RunRow);
      }),
    listRuns: ({ status, limit } = {}) =>
      read(() =>
        summaries(
          sql(
            `${SUMMARY} WHERE ?1 IS NULL OR status IN (SELECT value FROM json_each(?1))
             ORDER BY started_at DESC, run.id DESC LIMIT ?2`,
          ).all(status === undefined ? null : JSON.stringify(status), limit ?? -1),
        ),
      ),
    findRunsByPrefix: (prefix, limit) =>
      read(() =>
        // The last code point there is ends the range of all that starts so; unlike LIKE it has no wildcards.
        summaries(sql(`${SUMMARY} WHERE run_id >= ?1 AND run_id < ?1 || char(0x10ffff) ORDER BY run_id LIMIT ?2`).all(prefix, limit)),
      ),
  };
}

/** The internal number of a run, null when there is none. */
export function rowOf(connection: Connection, runId: string): number | null {
  return (connection.sql("SELECT id FROM run WHERE run_id = ?").get(runId)?.["id"] as number | undefined) ?? null;
}

/** The internal number of a run that must be there. Throws InternalError. */
export function existingRowOf(connection: Connection, runId: string): number {
  const row = rowOf(connection, runId);
  if (row === null) throw new InternalError(`there is no run ${runId} in the store`);
  return row;
}

import { crc32 } from "node:zlib";
import type { RunRecord, RunStatus, RunSummary } from "../store.ts";
import { DamagedRow } from "./error.ts";

/** The columns of `run` and `record` that make a summary. */
export interface RunRow {
  readonly run_id: string;
  readonly status: string;
  readonly updated_at: number;
  readonly epoch: number;
  readonly active_ms: number;
  readonly lease_host: string | null;
  readonly lease_pid: number | null;
  readonly lease_process_start: string | null;
  readonly lease_renewed_at: number | null;
  readonly body: string;
  readonly crc: number;
}

/** The frozen part as JSON text and its checksum. */
export function encodeRecord(record: RunRecord): { body: string; crc: number } {
  const body = JSON.stringify(record);
  return { body, crc: crc32(body) };
}

/** The summary of a run. Throws DamagedRow. */
export function decodeRun(row: RunRow): RunSummary {
  if (crc32(row.body) !== row.crc) throw new DamagedRow(`the record of run ${row.run_id} does not match its checksum`);
  if (!Object.hasOwn(STATUS, row.status)) throw new DamagedRow(`run ${row.run_id} has the unknown status '${row.status}'`);
  return {
    ...(JSON.parse(row.body) as RunRecord),
    status: row.status as RunStatus,
    updatedAt: row.updated_at,
    epoch: row.epoch,
    activeMs: row.active_ms,
    lease: decodeLease(row),
  };
}

const STATUS: Record<RunStatus, true> = {
  running: true, waiting: true, succeeded: true, failed: true, cancelled: true, interrupted: true,
};

/** The owner of the lease, null when it is free. */
export function decodeLease(
  row: Pick<RunRow, "lease_host" | "lease_pid" | "lease_process_start" | "lease_renewed_at">,
): RunSummary["lease"] {
  if (row.lease_host === null || row.lease_pid === null || row.lease_renewed_at === null) return null;
  return {
    host: row.lease_host,
    pid: row.lease_pid,
    processStart: row.lease_process_start,
    renewedAt: row.lease_renewed_at,
  };
}

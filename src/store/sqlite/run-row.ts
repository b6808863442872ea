import { crc32 } from "node:zlib";
import { InternalError } from "../../util/internal-error.ts";
import { LeaseLostError, type Lease, type LeaseOwner, type RunStatus } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";

/** A row of `run` without its checksum: what changes about a run. */
export interface RunRow {
  readonly id: number;
  readonly run_id: string;
  readonly started_at: number;
  readonly status: RunStatus;
  readonly updated_at: number;
  readonly epoch: number;
  readonly active_ms: number;
  /** The `seq` of the last event; 0 = none. */
  readonly last_seq: number;
  /** The place of the fact that came last. Places are never used again. */
  readonly last_place: number;
  /** How many facts answer. */
  readonly fact_count: number;
  readonly lease_host: string | null;
  readonly lease_pid: number | null;
  readonly lease_process_start: string | null;
  readonly lease_renewed_at: number | null;
}

/** A row as it was read, not yet compared with its checksum. */
export type UncheckedRunRow = RunRow & { readonly crc: number };

const COLUMNS = [
  "run_id",
  "started_at",
  "status",
  "updated_at",
  "epoch",
  "active_ms",
  "last_seq",
  "last_place",
  "fact_count",
  "lease_host",
  "lease_pid",
  "lease_process_start",
  "lease_renewed_at",
] as const satisfies readonly (keyof RunRow)[];

/** Those that never change; left out of an update so that it need not touch their indexes. */
const FIXED = 2;

const marks = (count: number): string => Array.from({ length: count }, () => "?").join(", ");
const INSERT = `INSERT INTO run (${COLUMNS.join(", ")}, id, crc) VALUES (${marks(COLUMNS.length + 2)})`;
const UPDATE = `UPDATE run SET (${COLUMNS.slice(FIXED).join(", ")}, crc) = (${marks(COLUMNS.length - FIXED + 1)}) WHERE id = ?`;

/** Writes a row that is new, within a transaction. */
export function insertRow({ sql }: Connection, row: RunRow): void {
  const values = COLUMNS.map((name) => row[name]);
  sql(INSERT).run(...values, row.id, crcOf(row.id, values));
}

/** Writes a row that was read before, within the same transaction, with what has changed. Gives it as it is now. */
export function saveRow({ sql }: Connection, row: RunRow, changes: Partial<RunRow> = {}): UncheckedRunRow {
  const saved = { ...row, ...changes };
  const values = COLUMNS.map((name) => saved[name]);
  const crc = crcOf(row.id, values);
  sql(UPDATE).run(...values.slice(FIXED), crc, row.id);
  return { ...saved, crc };
}

/** A run's row, null when there is none. */
export function findRow(connection: Connection, runId: string): RunRow | null {
  const row = connection.sql("SELECT * FROM run WHERE run_id = ?").get(runId) as UncheckedRunRow | undefined;
  return row === undefined ? sureMissing(connection, runId) : checkRow(row);
}

/** Asks the table itself about a run that the index does not know: a damaged index must not hide a run. */
export function sureMissing({ sql }: Connection, runId: string): null {
  if (sql("SELECT 1 FROM run NOT INDEXED WHERE run_id = ?").get(runId) === undefined) return null;
  throw new DamagedRow(`the index of runs does not find run ${runId}`);
}

/** The row of a run that must be there. Throws InternalError. */
export function existingRow(connection: Connection, runId: string): RunRow {
  const row = findRow(connection, runId);
  if (row === null) throw new InternalError(`there is no run ${runId} in the store`);
  return row;
}

/** The fence: the row of a run that the lease may write to. Throws LeaseLostError. */
export function heldRow(connection: Connection, lease: Lease): RunRow {
  const row = findRow(connection, lease.runId);
  if (row !== null && row.epoch === lease.epoch && row.lease_host !== null) return row;
  throw new LeaseLostError(
    `start ${lease.epoch} of run ${lease.runId} may not write any more: its lease was given back, or another process took it over`,
  );
}

/**
 * Rows of runs as the holders of their leases wrote them last. Nobody else writes a row while its lease is held, so
 * of a row that is still the same only the marks are read again.
 */
export class HeldRows {
  readonly #connection: Connection;
  readonly #known = new WeakMap<Lease, UncheckedRunRow>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The same as `heldRow`, within a transaction. */
  of(lease: Lease): RunRow {
    const known = this.#known.get(lease);
    if (known !== undefined) {
      const now = this.#connection.sql("SELECT epoch, lease_host, crc FROM run WHERE id = ?").get(known.id);
      if (now?.["crc"] === known.crc && now["epoch"] === lease.epoch && now["lease_host"] !== null) return known;
    }
    return heldRow(this.#connection, lease);
  }

  /** The transaction that wrote it is durable. */
  remember(lease: Lease, row: UncheckedRunRow): void {
    this.#known.set(lease, row);
  }

  /** A transaction failed: what it wrote is not there. */
  forget(lease: Lease): void {
    this.#known.delete(lease);
  }
}

/** The same row, its checksum compared. Throws DamagedRow. */
export function checkRow<Row extends UncheckedRunRow>(row: Row): Row {
  if (
    row.crc !==
    crcOf(
      row.id,
      COLUMNS.map((name) => row[name]),
    )
  ) {
    throw new DamagedRow(`the state of run ${row.run_id} does not match its checksum`);
  }
  return row;
}

function crcOf(id: number, values: readonly unknown[]): number {
  // String, not join alone: a column that a damaged schema has lost must not pass for null.
  let text = String(id);
  for (const value of values) text += `\n${String(value)}`;
  return crc32(text);
}

/** Who holds the lease, null when it is free. */
export function ownerOf(row: RunRow): LeaseOwner | null {
  if (row.lease_host === null) return null;
  return {
    host: row.lease_host,
    pid: row.lease_pid as number,
    processStart: row.lease_process_start,
    renewedAt: row.lease_renewed_at as number,
  };
}

/** The columns of a lease. */
export function leaseColumns(
  owner: LeaseOwner | null,
): Pick<RunRow, "lease_host" | "lease_pid" | "lease_process_start" | "lease_renewed_at"> {
  return {
    lease_host: owner?.host ?? null,
    lease_pid: owner?.pid ?? null,
    lease_process_start: owner?.processStart ?? null,
    lease_renewed_at: owner?.renewedAt ?? null,
  };
}

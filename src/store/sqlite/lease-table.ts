import { LeaseLostError, type Lease, type Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { decodeLease, type RunRow } from "./run-row.ts";
import { existingRowOf } from "./run-table.ts";

/** The condition under which a lease holds, as SQL over `run`: same epoch, not given back. */
export const HELD = "run_id = ?1 AND epoch = ?2 AND lease_host IS NOT NULL";

/** Who may write to a run. */
export function leaseTable(connection: Connection): Pick<Store, "acquireLease" | "renewLease" | "releaseLease"> {
  const { sql, write } = connection;
  return {
    acquireLease: (runId, owner, mayTake) =>
      write(() => {
        const id = existingRowOf(connection, runId);
        const row = sql("SELECT * FROM run WHERE id = ?").get(id) as unknown as RunRow;
        const current = decodeLease(row);
        if (current !== null && !mayTake(current)) return { ok: false, owner: current };
        const epoch = row.epoch + 1;
        sql(
          `UPDATE run SET epoch = ?2, lease_host = ?3, lease_pid = ?4, lease_process_start = ?5, lease_renewed_at = ?6
           WHERE id = ?1`,
        ).run(id, epoch, owner.host, owner.pid, owner.processStart, owner.renewedAt);
        return { ok: true, lease: { runId, epoch }, takenFrom: current };
      }),
    renewLease: (lease, at) =>
      write(() => {
        const { changes } = sql(`UPDATE run SET lease_renewed_at = ?3 WHERE ${HELD}`).run(lease.runId, lease.epoch, at);
        if (changes === 0) throw leaseLost(lease);
      }),
    releaseLease: (lease) =>
      write(() => {
        sql(
          `UPDATE run SET lease_host = NULL, lease_pid = NULL, lease_process_start = NULL, lease_renewed_at = NULL
           WHERE ${HELD}`,
        ).run(lease.runId, lease.epoch);
      }),
  };
}

/** What a runner is told that may not write any more. */
export function leaseLost(lease: Lease): LeaseLostError {
  return new LeaseLostError(
    `start ${lease.epoch} of run ${lease.runId} may not write any more: its lease was given back or taken over by another process`,
  );
}

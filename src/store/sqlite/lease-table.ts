import { LeaseLostError, type LeaseOwner, type Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { existingRow, heldRow, leaseColumns, ownerOf, saveRow } from "./run-row.ts";

/** Who may write to a run. */
export function leaseTable(connection: Connection): Pick<Store, "acquireLease" | "renewLease" | "releaseLease"> {
  const { write } = connection;
  return {
    acquireLease: (runId, owner, mayTake) =>
      write(() => {
        const row = existingRow(connection, runId);
        const current = ownerOf(row);
        if (current !== null && !mayTake(current)) return { ok: false, owner: current };
        const epoch = row.epoch + 1;
        saveRow(connection, { ...row, epoch, ...leaseColumns(owner) });
        return { ok: true, lease: { runId, epoch }, takenFrom: current };
      }),
    renewLease: (lease, at) =>
      write(() => {
        const row = heldRow(connection, lease);
        saveRow(connection, { ...row, ...leaseColumns({ ...(ownerOf(row) as LeaseOwner), renewedAt: at }) });
      }),
    releaseLease(lease) {
      try {
        write(() => saveRow(connection, { ...heldRow(connection, lease), ...leaseColumns(null) }));
      } catch (error) {
        if (!(error instanceof LeaseLostError)) throw error;
      }
    },
  };
}

import { StoreError, type Batch, type Store } from "../../../src/store/store.ts";

/** When a process dies: at its n-th commit (0 = the first), just before it is durable or just after. */
export interface Death {
  readonly atCommit: number;
  readonly isDurable: boolean;
}

/** A store as seen by a process that dies: from then on every write is refused, as nobody is there to make it. */
export function createMortalStore(
  store: Store,
  death: Death | null,
  onCommit: (batch: Batch) => void = () => {},
): Store {
  let commits = 0;
  let isDead = false;
  const refuse = (): never => {
    isDead = true;
    throw new StoreError("io", "the process is dead");
  };
  const alive = (): void => void (isDead && refuse());
  return {
    ...store,
    commit(lease, batch) {
      alive();
      const dies = commits === death?.atCommit;
      commits += 1;
      if (dies && !death.isDurable) refuse();
      store.commit(lease, batch);
      onCommit(batch);
      if (dies) refuse();
    },
    renewLease(lease, at) {
      alive();
      store.renewLease(lease, at);
    },
    releaseLease(lease) {
      if (!isDead) store.releaseLease(lease);
    },
  };
}

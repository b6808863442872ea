import { StoreError, type Batch, type Store } from "../../../src/store/store.ts";

/** What happens to a start of a run at its n-th commit, 0 = the first. */
export interface Trouble {
  readonly atCommit: number;
  /**
   * `lost`: its process dies and the commit with it. `dies`: its process dies right behind the commit. `overtaken`: another
   * runner takes the run, and this one does not know. `interrupted`: it is told to stop, as by Ctrl+C.
   */
  readonly kind: "lost" | "dies" | "overtaken" | "interrupted";
}

export interface StoreWatcher {
  /** A batch is durable. */
  committed(batch: Batch): void;
  /** The trouble has come. */
  troubled(kind: Trouble["kind"]): void;
  /** The runner tries to write behind its death: as nobody is there to make it, it is refused. */
  readonly isDead: boolean;
}

/** The store as one start of a run sees it. */
export function createTroubledStore(store: Store, trouble: Trouble | null, watcher: StoreWatcher): Store {
  let commits = 0;
  const refuse = (): never => {
    throw new StoreError("io", "the process is dead");
  };
  const alive = (): void => void (watcher.isDead && refuse());
  const write = <T>(work: () => { readonly batch: Batch | null; readonly result: T }): T => {
    alive();
    const kind = commits === trouble?.atCommit ? trouble.kind : null;
    commits += 1;
    if (kind === "lost") {
      watcher.troubled(kind);
      refuse();
    }
    const { batch, result } = work();
    if (batch !== null) watcher.committed(batch);
    if (kind !== null) watcher.troubled(kind);
    if (kind === "dies") refuse();
    return result;
  };
  return {
    ...store,
    commit: (lease, batch) =>
      write(() => {
        store.commit(lease, batch);
        return { batch, result: undefined };
      }),
    changeState: (lease, scope, change, batchOf) =>
      write(() => {
        let batch: Batch | null = null;
        const result = store.changeState(lease, scope, change, (value) => (batch = batchOf(value)));
        return { batch, result };
      }),
    renewLease(lease, at) {
      alive();
      store.renewLease(lease, at);
    },
    releaseLease(lease) {
      if (!watcher.isDead) store.releaseLease(lease);
    },
  };
}

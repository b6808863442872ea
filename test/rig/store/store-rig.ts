import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Clock } from "../../../src/util/clock.ts";

/** Opens a connection to one and the same state; the memory store has only one. */
export interface StoreRig {
  open(): Store;
  remove(): void;
}

/** Every store, by its name. */
export function storeRigs(clock: Clock): { readonly [adapter: string]: () => StoreRig } {
  return {
    memory() {
      const store = createMemoryStore({ clock });
      return { open: () => store, remove() {} };
    },
    sqlite() {
      const folder = mkdtempSync(join(tmpdir(), "muster-store-"));
      const opened: Store[] = [];
      return {
        open() {
          const store = openSqliteStore({ path: join(folder, ".muster", "state.db"), clock });
          opened.push(store);
          return store;
        },
        remove() {
          for (const store of opened) store.close();
          rmSync(folder, { recursive: true });
        },
      };
    },
  };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Fact } from "../../../../src/run/fact.ts";
import { openSqliteStore, type SqliteStoreOptions } from "../../../../src/store/sqlite/open.ts";
import type { LeaseOwner, RunRecord, Store } from "../../../../src/store/store.ts";
import { sha256 } from "../../../../src/util/digest.ts";

const T0 = 1_790_000_000_000;
export const clock = { now: () => T0, monotonic: () => T0, after: () => () => {} };
export const owner: LeaseOwner = { host: "ann", pid: 4, processStart: null, renewedAt: T0 };

/** A folder of its own for each test, and stores in it that are closed after the test. */
export class TempState {
  folder = "";
  readonly #opened: Store[] = [];

  constructor() {
    beforeEach(() => {
      this.folder = mkdtempSync(join(tmpdir(), "muster-sqlite-"));
    });
    afterEach(() => {
      for (const store of this.#opened.splice(0)) store.close();
      rmSync(this.folder, { recursive: true });
    });
  }

  get path(): string {
    return join(this.folder, ".muster", "state.db");
  }

  open(options: Partial<SqliteStoreOptions> = {}): Store {
    const store = openSqliteStore({ path: this.path, clock, ...options });
    this.#opened.push(store);
    return store;
  }

  /** Writes a run with `size` events and facts, closes, and returns what a reader sees. */
  fill(size: number): unknown {
    const store = this.open();
    const lease = store.createRun(record("R1"), owner);
    for (let index = 1; index <= size; index++) {
      store.commit(lease, {
        events: [
          {
            seq: index,
            at: T0 + index,
            type: "step.succeeded",
            step: `step_${index}`,
            data: { text: "x".repeat(index) },
          },
        ],
        facts: [fact(`step_${index}/i1/s0/a1`)],
      });
    }
    store.close();
    return this.readAll();
  }

  /** Everything that can be read about R1. */
  readAll(): unknown {
    const store = this.open();
    try {
      return [
        store.listRuns(),
        store.findRun("R1"),
        store.lastSeq("R1"),
        [...store.readEvents("R1")],
        [...store.readFacts("R1")],
      ];
    } finally {
      store.close();
    }
  }
}

export function record(runId: string): RunRecord {
  return {
    runId,
    workflow: "w",
    workflowVersion: null,
    manifestPath: "w.yaml",
    startedAt: T0,
    frozen: { inputs: { n: 1 } },
  };
}

export function fact(key: string): Fact {
  return {
    key,
    fingerprint: sha256(key),
    state: "succeeded",
    starts: 1,
    startedAt: T0,
    endedAt: T0 + 9,
    output: { inline: key },
    extra: null,
    failure: null,
    model: null,
    usage: null,
    costUsd: null,
  };
}

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredEvent } from "../../../src/run/event.ts";
import type { Fact } from "../../../src/run/fact.ts";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import { StoreError, type Lease, type LeaseOwner, type Store } from "../../../src/store/store.ts";
import { sha256 } from "../../../src/util/digest.ts";
import type { Json } from "../../../src/util/json.ts";

const T0 = 1_790_000_000_000;
export const stillClock = { now: () => T0, monotonic: () => T0, after: () => () => {} };
const owner: LeaseOwner = { host: "ann", pid: 4, processStart: null, renewedAt: T0 };

export const RUNS = ["R1", "R2", "R3"] as const;
const FACTS = 60;

/** A state folder with something in every table, and blobs that name others. */
export class RichState {
  readonly folder = mkdtempSync(join(tmpdir(), "muster-rich-"));
  /** Names of all blobs. */
  readonly blobs: readonly string[];

  constructor() {
    mkdirSync(this.sound);
    const store = openSqliteStore({ path: join(this.sound, "state.db"), clock: stillClock });
    try {
      this.blobs = fill(store);
    } finally {
      store.close();
    }
  }

  /** The folder as it was written. */
  get sound(): string {
    return join(this.folder, "sound");
  }

  /** A copy that may be damaged; the one before is gone. */
  copy(): string {
    const copy = join(this.folder, "copy");
    rmSync(copy, { recursive: true, force: true });
    cpSync(this.sound, copy, { recursive: true });
    return copy;
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** What can be read of a state, each by its name: the value, or the error. */
export function readEach(folder: string, blobs: readonly string[]): ReadonlyMap<string, unknown> {
  const seen = new Map<string, unknown>();
  const look = (name: string, read: () => unknown): void => {
    try {
      seen.set(name, read());
    } catch (error) {
      seen.set(name, error);
    }
  };
  let store: Store;
  try {
    store = openSqliteStore({ path: join(folder, "state.db"), clock: stillClock });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return new Map([["open", error]]);
  }
  look("runs", () => store.listRuns());
  look("accounts", () => store.listAccounts());
  look("letters", () => store.listDeadLetters());
  look("values", () => store.state.list(""));
  look("cache", () => ["c1", "c2"].map((key) => store.cache.find(key)));
  for (const run of RUNS) {
    look(`run ${run}`, () => store.findRun(run));
    look(`events of ${run}`, () => [...store.readEvents(run)]);
    look(`last seq of ${run}`, () => store.lastSeq(run));
    look(`facts of ${run}`, () => [...store.readFacts(run)]);
    look(`inbox of ${run}`, () => store.readInbox(run));
    look(`copied of ${run}`, () => store.copiedSeq(run));
    look(`values of ${run}`, () => store.stateOfRun(run, "run").list(""));
  }
  for (const name of blobs) look(`blob ${name}`, () => Buffer.from(store.getBlob(name)).toString("latin1"));
  store.close();
  return seen;
}

/** Every file of blobs, relative to the state folder. */
export function blobFiles(folder: string): string[] {
  return readdirSync(join(folder, "blobs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.length > 60)
    .map((path) => join("blobs", path));
}

function fill(store: Store): string[] {
  const leaf = store.putBlob(Buffer.from(JSON.stringify("x".repeat(9000))));
  const list = store.putBlob(Buffer.from(JSON.stringify([{ blob: leaf, bytes: 9002 }])));
  const alone = store.putBlob(Buffer.from(JSON.stringify("y".repeat(9000))));
  for (const runId of RUNS) {
    const frozen = { inputs: { n: 1, text: "z".repeat(300) } };
    const record = { runId, workflow: "w", workflowVersion: "1.0.0", manifestPath: "w.yaml", startedAt: T0, frozen };
    const lease = store.createRun(record, owner);
    for (let n = 1; n <= FACTS; n += 1) commit(store, lease, n, { 7: list, 11: alone }[n] ?? null);
    store.changeState(lease, "run", { kind: "set", key: "own", value: runId }, () => ({ events: [], facts: [] }));
    store.post(runId, { at: T0, kind: "steer", body: { message: `to ${runId}` } });
    if (runId === "R3") continue;
    store.commit(lease, { events: [], facts: [], status: "succeeded", copied: FACTS, activeMs: 1234 });
    store.releaseLease(lease);
  }
  for (let n = 0; n < 20; n += 1) store.state.set(`key_${n}`, "v".repeat(n * 40));
  return [leaf, list, alone];
}

function commit(store: Store, lease: Lease, n: number, blob: string | null): void {
  const step = `step_${n}`;
  const output = blob === null ? { inline: "o".repeat((n * 37) % 700) as Json } : { blob, bytes: 9 };
  const event: StoredEvent = { seq: n, at: T0 + n, type: "attempt.started", step, data: { text: "e".repeat(n * 5) } };
  store.commit(lease, {
    events: [event],
    facts: [fact(`${step}/i1/s0/a1`, output)],
    cache:
      n <= 2 && lease.runId === "R1"
        ? [{ key: `c${n}`, output, extra: null, artifacts: null, model: null, createdAt: T0 }]
        : [],
    deadLetters: n % 20 === 0 ? [letter(`${step}/0`)] : [],
  });
}

function letter(key: string) {
  const failure = { class: "server", code: "down", message: "it is down" } as const;
  return {
    key,
    path: key,
    item: null,
    kind: "agent",
    agent: "a",
    model: null,
    failure: { ...failure, help: "wait", retryAfterMs: null, partial: null },
    caught: false,
    attempts: 3,
    failedAt: T0,
    inputs: { inline: key },
  } as const;
}

function fact(key: string, output: Fact["output"]): Fact {
  return {
    key,
    fingerprint: sha256(key),
    state: "succeeded",
    starts: 1,
    startedAt: T0,
    endedAt: T0 + 9,
    output,
    extra: null,
    failure: null,
    model: null,
    usage: null,
    costUsd: null,
  };
}

import { openSync } from "node:fs";
import { join } from "node:path";
import type { StoredEvent } from "../../../src/run/event.ts";
import type { Fact } from "../../../src/run/fact.ts";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import type { Batch, LeaseOwner, Store } from "../../../src/store/store.ts";
import { sha256 } from "../../../src/util/digest.ts";

const T0 = 1_790_000_000_000;
export const stillClock = { now: () => T0, monotonic: () => T0, after: () => () => {} };
export const owner: LeaseOwner = { host: "ann", pid: 4, processStart: null, renewedAt: T0 };
export const RUN = {
  runId: "R",
  workflow: "w",
  workflowVersion: null,
  manifestPath: "w.yaml",
  startedAt: T0,
  frozen: { inputs: {} },
};

export const openAt = (folder: string): Store =>
  openSqliteStore({ path: join(folder, ".muster/state.db"), clock: stillClock });

/** The content of the n-th value that is too large for a row. */
export const valueOf = (n: number): Buffer => Buffer.from(JSON.stringify(`value ${n} `.repeat(900)));
const hasValue = (n: number): boolean => n % 10 === 0;

/** What the n-th commit writes. */
export function batchOf(
  n: number,
): Batch & { readonly events: readonly [StoredEvent]; readonly facts: readonly [Fact] } {
  const key = `step_${n}/i1/s0/a1`;
  const inline = `output ${n} `.repeat((n * 7) % 300);
  return {
    events: [{ seq: n, at: T0 + n, type: "step.succeeded", step: `step_${n}`, data: { text: "e".repeat(n % 97) } }],
    facts: [
      {
        key,
        fingerprint: sha256(key),
        state: "succeeded",
        starts: 1,
        startedAt: T0,
        endedAt: T0 + n,
        output: hasValue(n) ? { blob: sha256(valueOf(n)), bytes: valueOf(n).length } : { inline },
        extra: null,
        failure: null,
        model: null,
        usage: null,
        costUsd: null,
      },
    ],
    activeMs: n,
  };
}

/** Makes the n-th commit: its large value first. */
export function commit(store: Store, lease: Parameters<Store["commit"]>[0], n: number): void {
  if (hasValue(n)) store.putBlob(valueOf(n));
  store.commit(lease, batchOf(n));
}

/** Tells the shim something: `.mark.TEXT` for its log, `.fail.KIND.N.ERRNO.COUNT` for calls to come. */
export function tell(folder: string, what: string): void {
  try {
    openSync(join(folder, what), "r");
  } catch {
    // It is never there.
  }
}

/** What is wrong with the run: something acknowledged is missing, something is there by half, or was never begun. */
export function problemsOf(store: Store, acknowledged: number, begun: number): string[] {
  const last = store.lastSeq("R");
  if (last < acknowledged) return [`${last} commits are there, ${acknowledged} were acknowledged`];
  if (last > begun) return [`${last} commits are there, ${begun} were begun`];
  const problems: string[] = [];
  const same = (what: string, is: unknown, should: unknown): void =>
    void (JSON.stringify(is) === JSON.stringify(should) || problems.push(`${what} is not what was written`));
  const [events, facts] = [[...store.readEvents("R")], [...store.readFacts("R")]];
  if (events.length !== last || facts.length !== last)
    problems.push(`${events.length} events, ${facts.length} facts of ${last}`);
  for (let n = 1; n <= last; n += 1) {
    const batch = batchOf(n);
    same(`event ${n}`, events[n - 1], batch.events[0]);
    const fact = facts[n - 1];
    if (fact === undefined) continue;
    same(`fact ${n}`, { ...fact, output: null }, { ...batch.facts[0], output: null });
    if (fact.output !== null && "blob" in fact.output)
      same(`value ${n}`, Buffer.from(store.getBlob(fact.output.blob)), valueOf(n));
    else same(`output ${n}`, fact.output, batch.facts[0].output);
  }
  return problems;
}

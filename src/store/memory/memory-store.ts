import { memoryRates } from "./memory-rates.ts";
import type { StoredEvent } from "../../run/event.ts";
import type { KeptLetter } from "../../run/dead-letter.ts";
import type { Fact } from "../../run/fact.ts";
import type { RunFigures } from "../../run/figures.ts";
import { sha256 } from "../../util/digest.ts";
import type { Clock } from "../../util/clock.ts";
import { InternalError } from "../../util/internal-error.ts";
import { MemorySessions } from "./memory-sessions.ts";
import { MemoryState } from "./memory-state.ts";
import {
  LeaseLostError,
  StoreError,
  type CacheEntry,
  type InboxMessage,
  type Lease,
  type LeaseOwner,
  type RunRecord,
  type RunStatus,
  type RunSummary,
  type Store,
} from "../store.ts";

/** All there is about one run. */
interface Entry {
  readonly record: RunRecord;
  status: RunStatus;
  updatedAt: number;
  epoch: number;
  activeMs: number;
  lease: LeaseOwner | null;
  readonly events: StoredEvent[];
  /** By key, then fingerprint, each with its place in the order of writing. */
  readonly facts: Map<string, Map<string, { fact: Fact; readonly place: number }>>;
  factCount: number;
  inbox: InboxMessage[];
  readonly letters: Map<string, KeptLetter>;
  figures: RunFigures | null;
  copied: number;
}

/**
 * The store without a disk, for the library and for tests. Same contract, but nothing outlives the object;
 * `close` keeps what was written, so handing the same object to the next runner plays a restart.
 */
export function createMemoryStore(options: { readonly clock: Clock }): Store {
  const { clock } = options;
  const entries = new Map<string, Entry>();
  const blobs = new Map<string, { readonly bytes: Uint8Array; storedAt: number }>();
  const state = new MemoryState(clock);
  const cached = new Map<string, CacheEntry>();
  let lastMessageId = 0;

  const existing = (runId: string): Entry => {
    const entry = entries.get(runId);
    if (entry === undefined) throw new InternalError(`there is no run ${runId} in the store`);
    return entry;
  };
  const byStart = (): Entry[] =>
    [...entries.values()].reverse().sort((a, b) => b.record.startedAt - a.record.startedAt);
  const held = (lease: Lease): Entry | null => {
    const entry = entries.get(lease.runId);
    return entry !== undefined && entry.lease !== null && entry.epoch === lease.epoch ? entry : null;
  };
  const fenced = (lease: Lease): Entry => {
    const entry = held(lease);
    if (entry === null) throw new LeaseLostError(`start ${lease.epoch} of run ${lease.runId} may not write any more`);
    return entry;
  };
  const sessions = new MemorySessions({
    clock,
    fence: (lease) => void fenced(lease),
    isLive: (sender, mayTake) => {
      const owner = held(sender)?.lease ?? null;
      return owner !== null && !mayTake(owner);
    },
  });

  const store: Store = {
    createRun(record, owner) {
      if (entries.has(record.runId)) throw new StoreError("taken", `there is a run ${record.runId} already`);
      entries.set(record.runId, {
        record,
        status: "running",
        updatedAt: clock.now(),
        epoch: 1,
        activeMs: 0,
        lease: owner,
        events: [],
        facts: new Map(),
        factCount: 0,
        inbox: [],
        letters: new Map(),
        figures: null,
        copied: 0,
      });
      return { runId: record.runId, epoch: 1 };
    },
    findRun(runId) {
      const entry = entries.get(runId);
      return entry === undefined ? null : summaryOf(entry);
    },
    listRuns: ({ status, limit } = {}) =>
      byStart()
        .filter((entry) => status === undefined || status.includes(entry.status))
        .slice(0, limit)
        .map(summaryOf),
    findRunsByPrefix: (prefix, limit) =>
      [...entries.keys()]
        .filter((runId) => runId.startsWith(prefix))
        .sort()
        .slice(0, limit)
        .map((runId) => summaryOf(existing(runId))),
    acquireLease(runId, owner, mayTake) {
      const entry = existing(runId);
      const current = entry.lease;
      if (current !== null && !mayTake(current)) return { ok: false, owner: current };
      entry.epoch++;
      entry.lease = owner;
      return { ok: true, lease: { runId, epoch: entry.epoch }, takenFrom: current };
    },
    renewLease(lease, at) {
      const entry = fenced(lease);
      entry.lease = { ...(entry.lease as LeaseOwner), renewedAt: at };
    },
    releaseLease(lease) {
      const entry = held(lease);
      if (entry !== null) entry.lease = null;
    },
    commit(
      lease,
      {
        events,
        facts,
        forget = [],
        taken = [],
        status,
        activeMs,
        revived = [],
        deadLetters = [],
        cache = [],
        figures,
        copied,
      },
    ) {
      const entry = fenced(lease);
      events.forEach(({ seq }, index) => {
        const before = entry.events.length + index;
        if (seq !== before + 1) throw new InternalError(`event ${seq} does not follow event ${before}`);
      });
      for (const outcome of cache) cached.set(outcome.key, structuredClone(outcome));
      entry.updatedAt = clock.now();
      entry.status = status ?? entry.status;
      entry.activeMs = activeMs ?? entry.activeMs;
      for (const event of events) entry.events.push(event);
      for (const key of forget) entry.facts.delete(key);
      sessions.forgetAnswers(lease.runId, forget);
      for (const fact of facts) record(entry, fact);
      for (const key of revived) entry.letters.delete(key);
      for (const letter of deadLetters)
        entry.letters.set(letter.key, { ...letter, runId: lease.runId, isDropped: false });
      entry.figures = figures ?? entry.figures;
      entry.copied = copied ?? entry.copied;
      if (taken.length > 0) entry.inbox = entry.inbox.filter(({ id }) => !taken.includes(id));
    },
    *readFacts(runId) {
      const facts = [...(entries.get(runId)?.facts.values() ?? [])].flatMap((versions) => [...versions.values()]);
      for (const { fact } of facts.sort((a, b) => a.place - b.place)) yield fact;
    },
    *readEvents(runId, { after = 0, limit = Infinity } = {}) {
      yield* entries.get(runId)?.events.slice(after, after + limit) ?? [];
    },
    lastSeq: (runId) => entries.get(runId)?.events.length ?? 0,
    listDeadLetters: (runId) =>
      (runId === undefined ? byStart() : [entries.get(runId)]).flatMap((entry) =>
        [...(entry?.letters.values() ?? [])].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
      ),
    dropDeadLetter(runId, key) {
      const letters = entries.get(runId)?.letters;
      const letter = letters?.get(key);
      if (letters === undefined || letter === undefined) return false;
      letters.set(key, { ...letter, isDropped: true });
      return true;
    },
    listAccounts: () =>
      byStart().map(({ record: { runId, workflow, workflowVersion, startedAt }, status, lease, figures }) => ({
        runId,
        workflow,
        workflowVersion,
        status,
        startedAt,
        lease: status === "running" ? lease : null,
        figures,
      })),
    copiedSeq: (runId) => entries.get(runId)?.copied ?? 0,
    putBlob(bytes) {
      const name = sha256(bytes);
      blobs.set(name, { bytes: blobs.get(name)?.bytes ?? new Uint8Array(bytes), storedAt: clock.now() });
      return name;
    },
    getBlob(name) {
      const blob = blobs.get(name);
      if (blob === undefined) throw new StoreError("corrupt", `the blob ${name} is missing`);
      return new Uint8Array(blob.bytes);
    },
    post(runId, message, mayPost = () => true) {
      const { inbox } = existing(runId);
      return mayPost([...inbox]) && inbox.push({ id: ++lastMessageId, ...message }) > 0;
    },
    readInbox: (runId, after = 0) => (entries.get(runId)?.inbox ?? []).filter(({ id }) => id > after),
    cache: {
      find: (key) => structuredClone(cached.get(key) ?? null),
      entries: () => structuredClone([...cached.values()]),
      prune({ olderThan, dryRun }) {
        const old = [...cached.values()].filter(({ createdAt }) => createdAt < olderThan);
        if (!dryRun) for (const { key } of old) cached.delete(key);
        return old.length;
      },
    },
    state: state.project,
    rates: memoryRates(),
    sessions: sessions.store,
    stateOfRun: (runId, scope) => state.ofRun(runId, scope),
    changeState(lease, scope, change, batchOf) {
      fenced(lease);
      // What may throw comes first: then nothing has happened.
      const expected = state.preview(lease.runId, scope, change);
      if (expected.kind === "changed") store.commit(lease, batchOf(expected.value));
      return state.change(lease.runId, scope, change);
    },
    deleteRun(runId, mayDelete) {
      const entry = entries.get(runId);
      if (entry === undefined || !mayDelete(summaryOf(entry))) return false;
      state.forget(runId);
      sessions.forget(runId);
      return entries.delete(runId);
    },
    sweepBlobs({ olderThan, dryRun = false, without = new Set() }) {
      const kept = [...entries]
        .filter(([runId]) => !without.has(runId))
        .map(([, { events, facts, letters }]) => [
          events,
          [...letters.values()],
          [...facts.values()].map((versions) => [...versions.values()]),
        ]);
      const used = namesIn(JSON.stringify([kept, sessions.kept(without), [...cached.values()]]));
      for (const name of used)
        for (const inner of namesIn(Buffer.from(blobs.get(name)?.bytes ?? []).toString("latin1"))) used.add(inner);
      const swept = [...blobs].filter(([name, { storedAt }]) => !used.has(name) && storedAt < olderThan);
      if (!dryRun) for (const [name] of swept) blobs.delete(name);
      return { count: swept.length, bytes: swept.reduce((sum, [, { bytes }]) => sum + bytes.length, 0) };
    },
    compact() {},
    close() {},
  };
  return store;
}

function namesIn(text: string): Set<string> {
  return new Set([...text.matchAll(/"blob":"([0-9a-f]{64})"/g)].map(([, name = ""]) => name));
}

function summaryOf({ record, status, updatedAt, epoch, activeMs, lease }: Entry): RunSummary {
  return { ...record, status, updatedAt, epoch, activeMs, lease };
}

function record(entry: Entry, fact: Fact): void {
  const versions = entry.facts.get(fact.key) ?? new Map<string, { fact: Fact; readonly place: number }>();
  entry.facts.set(fact.key, versions);
  const known = versions.get(fact.fingerprint);
  if (known !== undefined) known.fact = fact;
  else versions.set(fact.fingerprint, { fact, place: ++entry.factCount });
}

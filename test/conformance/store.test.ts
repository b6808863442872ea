import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StoredEvent } from "../../src/run/event.ts";
import type { DeadLetter, KeptLetter } from "../../src/run/dead-letter.ts";
import type { Fact } from "../../src/run/fact.ts";
import type { RunFigures } from "../../src/run/figures.ts";
import type { StateChange } from "../../src/store/state-change.ts";
import {
  LeaseLostError,
  StoreError,
  type Batch,
  type InboxMessage,
  type LeaseOwner,
  type RunRecord,
  type Store,
} from "../../src/store/store.ts";
import { sha256 } from "../../src/util/digest.ts";
import type { Json } from "../../src/util/json.ts";
import { InternalError } from "../../src/util/internal-error.ts";
import { storeRigs, type StoreRig } from "../rig/store/store-rig.ts";

const T0 = 1_790_000_000_000;
let now = T0;
const clock = { now: () => now, monotonic: () => now, after: () => () => {} };

const never = (): boolean => false;
const always = (): boolean => true;

const ann: LeaseOwner = { host: "ann", pid: 4, processStart: "boot/99", renewedAt: T0 };
const bob: LeaseOwner = { host: "bob", pid: 7, processStart: null, renewedAt: T0 + 20_000 };

function run(runId: string, more: Partial<RunRecord> = {}): RunRecord {
  return {
    runId,
    workflow: "review",
    workflowVersion: "1.2.0",
    manifestPath: "workflows/review.yaml",
    startedAt: T0,
    frozen: { inputs: { name: "Zoë 🦉", list: [1, null, true] } },
    ...more,
  };
}

function event(seq: number, more: Partial<StoredEvent> = {}): StoredEvent {
  return { seq, at: T0 + seq, type: "step.started", step: "draft", ...more };
}

function fact(key: string, more: Partial<Fact> = {}): Fact {
  return {
    key,
    fingerprint: sha256(key),
    state: "started",
    starts: 1,
    startedAt: T0,
    endedAt: null,
    output: null,
    extra: null,
    failure: null,
    model: null,
    usage: null,
    costUsd: null,
    ...more,
  };
}

const full: Fact = fact("draft#3/i1/s0/a2/call/1", {
  state: "failed",
  starts: 3,
  startedAt: T0,
  endedAt: T0 + 86_400_000,
  output: { inline: JSON.parse('{"__proto__":{"kept":1},"ключ":["\\u0000","\\ud800","🦉",1e21,-0.5,""]}') as Json },
  extra: { exit_code: 0, stderr: "", done: false, stop_reason: null },
  failure: { class: "server", code: "http_529", message: "busy", help: null, retryAfterMs: 0, partial: "half" },
  model: "anthropic/claude-haiku-5-5",
  usage: { inputTokens: 0, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4, calls: 5 },
  costUsd: 0,
});

const rigs = storeRigs(clock);

describe.each(Object.entries(rigs))("the store in %s", (_adapter, makeRig) => {
  let rig: StoreRig;
  let store: Store;
  beforeEach(() => {
    now = T0;
    rig = makeRig();
    store = rig.open();
  });
  afterEach(() => rig.remove());

  const eventsOf = (runId = "R1") => [...store.readEvents(runId)];
  const factsOf = (runId = "R1") => [...store.readFacts(runId)];
  const keysOf = (runId = "R1") => factsOf(runId).map(({ key }) => key);

  describe("runs", () => {
    it("are created with their first lease and found again, whole", () => {
      expect(store.createRun(run("R1"), ann)).toEqual({ runId: "R1", epoch: 1 });
      expect(rig.open().findRun("R1")).toEqual({
        ...run("R1"),
        status: "running",
        updatedAt: T0,
        epoch: 1,
        activeMs: 0,
        lease: ann,
      });
    });

    it("are not found under another id, nor by a part of it", () => {
      store.createRun(run("R1"), ann);
      expect([store.findRun("R"), store.findRun("r1"), store.findRun("")]).toEqual([null, null, null]);
    });

    it("are never created twice", () => {
      store.createRun(run("R1"), ann);
      expect(() => store.createRun(run("R1", { workflow: "other" }), bob)).toThrow(
        expect.objectContaining({ name: "StoreError", code: "taken" }),
      );
      expect(store.findRun("R1")).toMatchObject({ workflow: "review", lease: ann });
    });

    it("are listed newest start first, then last created first, by status and up to a limit", () => {
      store.createRun(run("B", { startedAt: T0 + 5 }), ann);
      store.createRun(run("A", { startedAt: T0 + 9 }), ann);
      const lease = store.createRun(run("C", { startedAt: T0 + 5 }), ann);
      store.createRun(run("D", { startedAt: T0, workflowVersion: null }), ann);
      store.commit(lease, { events: [], facts: [], status: "failed" });
      const ids = (filter?: Parameters<Store["listRuns"]>[0]) => store.listRuns(filter).map(({ runId }) => runId);
      expect(ids()).toEqual(["A", "C", "B", "D"]);
      expect(ids({ limit: 2 })).toEqual(["A", "C"]);
      expect(ids({ limit: 0 })).toEqual([]);
      expect(ids({ status: ["failed", "cancelled"] })).toEqual(["C"]);
      expect(ids({ status: ["failed", "running"], limit: 3 })).toEqual(["A", "C", "B"]);
      expect(ids({ status: [] })).toEqual([]);
    });

    it("are found by the start of their id, in its order", () => {
      for (const id of ["01B", "01AC", "01AB", "01", "1%_"]) store.createRun(run(id), ann);
      const ids = (prefix: string, limit = 9) => store.findRunsByPrefix(prefix, limit).map(({ runId }) => runId);
      expect(ids("01A")).toEqual(["01AB", "01AC"]);
      expect(ids("01")).toEqual(["01", "01AB", "01AC", "01B"]);
      expect(ids("01", 2)).toEqual(["01", "01AB"]);
      expect(ids("%")).toEqual([]);
      expect(ids("1%")).toEqual(["1%_"]);
      expect(ids("")).toHaveLength(5);
    });
  });

  describe("a batch", () => {
    it("keeps every field of an event and of a fact", () => {
      const lease = store.createRun(run("R1"), ann);
      const rich = event(2, {
        type: "model.called",
        item: 0,
        attempt: 1,
        data: { text: "Zoë\n\u0000🦉", big: T0, none: null, deep: [{ a: [] }] },
      });
      const bare: StoredEvent = { seq: 1, at: 0, type: "run.started" };
      const blob = fact("b", {
        fingerprint: "not hex",
        state: "succeeded",
        endedAt: T0,
        output: { blob: "ab".repeat(32), bytes: 9000 },
      });
      store.commit(lease, {
        events: [bare, rich],
        facts: [full, fact("a"), blob, fact("c", { fingerprint: "AB" }), fact("c", { fingerprint: "ab" })],
      });
      expect(eventsOf()).toStrictEqual([bare, rich]);
      expect(factsOf()).toStrictEqual([
        full,
        fact("a"),
        blob,
        fact("c", { fingerprint: "AB" }),
        fact("c", { fingerprint: "ab" }),
      ]);
    });

    it("sets status and active time only when it names them", () => {
      const lease = store.createRun(run("R1"), ann);
      now = T0 + 1000;
      store.commit(lease, { events: [], facts: [], status: "waiting", activeMs: 700 });
      now = T0 + 2000;
      store.commit(lease, { events: [], facts: [] });
      expect(store.findRun("R1")).toMatchObject({ status: "waiting", activeMs: 700, updatedAt: T0 + 2000 });
    });

    it("is written whole or not at all", () => {
      const lease = store.createRun(run("R1"), ann);
      store.commit(lease, { events: [event(1)], facts: [fact("a")] });
      const before = store.findRun("R1");
      now = T0 + 1;
      expect(() =>
        store.commit(lease, {
          events: [event(2), event(4)],
          facts: [fact("b")],
          forget: ["a"],
          status: "failed",
          activeMs: 5,
        }),
      ).toThrow(InternalError);
      expect([store.findRun("R1"), eventsOf(), keysOf()]).toEqual([before, [event(1)], ["a"]]);
      store.commit(lease, { events: [event(2)], facts: [fact("b")] });
      expect([store.lastSeq("R1"), keysOf()]).toEqual([2, ["a", "b"]]);
    });

    it("takes no event twice", () => {
      const lease = store.createRun(run("R1"), ann);
      store.commit(lease, { events: [event(1)], facts: [] });
      expect(() => store.commit(lease, { events: [event(1)], facts: [] })).toThrow("event 1 does not follow event 1");
    });

    it("leaves other runs alone", () => {
      const first = store.createRun(run("R1"), ann);
      const second = store.createRun(run("R2"), ann);
      store.commit(first, { events: [event(1)], facts: [fact("a")] });
      store.commit(second, { events: [event(1, { step: "other" })], facts: [fact("a", { starts: 2 })] });
      store.commit(second, { events: [], facts: [], forget: ["a"] });
      expect([eventsOf("R1"), keysOf("R1")]).toEqual([[event(1)], ["a"]]);
      expect([eventsOf("R2"), keysOf("R2")]).toEqual([[event(1, { step: "other" })], []]);
    });
  });

  describe("facts", () => {
    it("are replaced under the same key and fingerprint, and keep their place", () => {
      const lease = store.createRun(run("R1"), ann);
      store.commit(lease, { events: [], facts: [fact("z"), fact("a")] });
      const done = fact("z", { state: "succeeded", endedAt: T0 + 5, output: { inline: "x" } });
      store.commit(lease, { events: [], facts: [fact("z", { starts: 2 }), done] });
      expect(factsOf()).toEqual([done, fact("a")]);
    });

    it("of several fingerprints live side by side under one key", () => {
      const lease = store.createRun(run("R1"), ann);
      const [old, edited] = [fact("a", { fingerprint: sha256("1") }), fact("a", { fingerprint: sha256("2") })];
      store.commit(lease, { events: [], facts: [old] });
      store.commit(lease, { events: [], facts: [edited] });
      store.commit(lease, { events: [], facts: [{ ...old, starts: 2 }] });
      expect(factsOf()).toEqual([{ ...old, starts: 2 }, edited]);
    });

    it("are forgotten by key, whatever the fingerprint, before the batch writes its own", () => {
      const lease = store.createRun(run("R1"), ann);
      const other = fact("a", { fingerprint: sha256("2") });
      store.commit(lease, { events: [], facts: [fact("a"), other, fact("a/call/1"), fact("b")] });
      store.commit(lease, { events: [], facts: [fact("a", { starts: 9 })], forget: ["a", "unknown"] });
      expect(factsOf()).toEqual([fact("a/call/1"), fact("b"), fact("a", { starts: 9 })]);
      store.commit(lease, { events: [], facts: [], forget: ["a"] });
      expect(keysOf()).toEqual(["a/call/1", "b"]);
    });

    it("come in the order of their first writing, however many", () => {
      const lease = store.createRun(run("R1"), ann);
      const keys = Array.from({ length: 1000 }, (_, index) => `k${(index * 7919) % 1000}`);
      for (let from = 0; from < 1000; from += 100) {
        store.commit(lease, { events: [], facts: keys.slice(from, from + 100).map((key) => fact(key)) });
      }
      expect(keysOf()).toEqual(keys);
    });
  });

  describe("events", () => {
    it("are read in order, behind a seq and up to a limit, however many", () => {
      const lease = store.createRun(run("R1"), ann);
      const all = Array.from({ length: 1000 }, (_, index) => event(index + 1));
      store.commit(lease, { events: all.slice(0, 1), facts: [] });
      store.commit(lease, { events: all.slice(1), facts: [] });
      const seqs = (filter: Parameters<Store["readEvents"]>[1]) =>
        [...store.readEvents("R1", filter)].map(({ seq }) => seq);
      expect(eventsOf()).toEqual(all);
      expect(seqs({ after: 998 })).toEqual([999, 1000]);
      expect(seqs({ after: 5, limit: 300 })).toEqual(all.slice(5, 305).map(({ seq }) => seq));
      expect([seqs({ limit: 0 }), seqs({ after: 1000 }), seqs({ after: 5000 })]).toEqual([[], [], []]);
      for (let after = 0; after < 1000; after += 37)
        for (const limit of [1, 2, 63, 64, 65, 300])
          expect(seqs({ after, limit })).toEqual(all.slice(after, after + limit).map(({ seq }) => seq));
      expect(store.lastSeq("R1")).toBe(1000);
    });

    it("may be read while others are written, by two readers at once", () => {
      const lease = store.createRun(run("R1"), ann);
      store.commit(lease, { events: Array.from({ length: 600 }, (_, index) => event(index + 1)), facts: [] });
      const other = rig.open().readEvents("R1", { limit: 600 })[Symbol.iterator]();
      const seen: [number, unknown][] = [];
      for (const { seq } of store.readEvents("R1", { limit: 600 })) {
        seen.push([seq, other.next().value]);
        if (seq % 100 === 0) store.commit(lease, { events: [event(600 + seq / 100)], facts: [fact(`k${seq}`)] });
      }
      expect(seen).toEqual(Array.from({ length: 600 }, (_, index) => [index + 1, event(index + 1)]));
      expect(other.next().done).toBe(true);
    });
  });

  it("knows nothing of a run that is not there", () => {
    expect([store.findRun("X"), store.listRuns(), eventsOf("X"), factsOf("X"), store.lastSeq("X")]).toEqual([
      null,
      [],
      [],
      [],
      0,
    ]);
    expect(() => store.acquireLease("X", ann, always)).toThrow(InternalError);
    expect(() => store.post("X", { at: T0, kind: "kill", body: null })).toThrow(InternalError);
    expect(() => store.commit({ runId: "X", epoch: 1 }, { events: [], facts: [] })).toThrow(LeaseLostError);
    expect(() => store.releaseLease({ runId: "X", epoch: 1 })).not.toThrow();
  });

  describe("the lease", () => {
    it("is refused while its owner may live, and the owner is named", () => {
      store.createRun(run("R1"), ann);
      const asked: LeaseOwner[] = [];
      const result = rig.open().acquireLease("R1", bob, (owner) => asked.push(owner) === 0);
      expect(result).toEqual({ ok: false, owner: ann });
      expect(asked).toEqual([ann]);
      expect(store.findRun("R1")).toMatchObject({ epoch: 1, lease: ann });
    });

    it("is taken from a dead owner with the next epoch, and the old one writes nothing more", () => {
      const old = store.createRun(run("R1"), ann);
      const other = rig.open();
      const taken = other.acquireLease("R1", bob, always);
      expect(taken).toEqual({ ok: true, lease: { runId: "R1", epoch: 2 }, takenFrom: ann });
      other.post("R1", { at: T0, kind: "kill", body: null });
      const before = store.findRun("R1");
      now = T0 + 1;
      const stale = [
        () => store.commit(old, { events: [event(1)], facts: [fact("a")], status: "failed" }),
        () => store.commit(old, { events: [], facts: [] }),
        () => store.renewLease(old, T0 + 1),
        () => store.commit(old, { events: [], facts: [], taken: [1] }),
      ];
      for (const write of stale) expect(write).toThrow(LeaseLostError);
      store.releaseLease(old);
      expect([store.findRun("R1"), eventsOf(), factsOf()]).toEqual([before, [], []]);
      expect(other.readInbox("R1")).toHaveLength(1);
    });

    it("is fenced also for a holder that has written before, which goes on after a renewal", () => {
      const old = store.createRun(run("R1"), ann);
      store.commit(old, { events: [event(1)], facts: [fact("a")] });
      store.renewLease(old, T0 + 5000);
      store.commit(old, { events: [event(2)], facts: [fact("b")] });
      expect(store.findRun("R1")?.lease).toEqual({ ...ann, renewedAt: T0 + 5000 });
      const taken = rig.open().acquireLease("R1", bob, always);
      if (!taken.ok) throw new Error("it is taken");
      const stale = { events: [event(3)], facts: [fact("c")] };
      expect(() => store.commit(old, stale)).toThrow(LeaseLostError);
      rig.open().commit(taken.lease, { events: [event(3)], facts: [fact("a", { starts: 2 })] });
      expect(() => store.commit(old, stale)).toThrow(LeaseLostError);
      rig.open().releaseLease(taken.lease);
      expect(() => store.commit(taken.lease, { events: [], facts: [] })).toThrow(LeaseLostError);
      expect([eventsOf().length, keysOf()]).toEqual([3, ["a", "b"]]);
    });

    it("is renewed by its holder", () => {
      const lease = store.createRun(run("R1"), ann);
      store.renewLease(lease, T0 + 5000);
      expect(store.findRun("R1")?.lease).toEqual({ ...ann, renewedAt: T0 + 5000 });
    });

    it("given back is free for anyone, and writes nothing more", () => {
      const lease = store.createRun(run("R1"), ann);
      store.releaseLease(lease);
      store.releaseLease(lease);
      expect(store.findRun("R1")).toMatchObject({ epoch: 1, lease: null });
      expect(() => store.commit(lease, { events: [event(1)], facts: [] })).toThrow(LeaseLostError);
      expect(store.acquireLease("R1", bob, never)).toEqual({
        ok: true,
        lease: { runId: "R1", epoch: 2 },
        takenFrom: null,
      });
    });

    it("stays where it is when the question fails", () => {
      const lease = store.createRun(run("R1"), ann);
      const broken = (): boolean => {
        throw new InternalError("cannot look");
      };
      expect(() => store.acquireLease("R1", bob, broken)).toThrow("cannot look");
      expect(() => store.commit(lease, { events: [event(1)], facts: [] })).not.toThrow();
    });
  });

  describe("the inbox", () => {
    it("has the messages of any process, oldest first, until a batch has taken them", () => {
      const lease = store.createRun(run("R1"), ann);
      store.createRun(run("R2"), ann);
      expect([store.readInbox("R1"), store.readInbox("R9")]).toEqual([[], []]);
      const sender = rig.open();
      sender.post("R1", { at: T0, kind: "kill", body: { step: null } });
      sender.post("R2", { at: T0, kind: "kill", body: "other" });
      sender.post("R1", { at: T0 - 9, kind: "steer", body: ["🦉"] });
      const taken = store.readInbox("R1");
      expect(taken).toEqual([
        { id: taken[0]?.id, at: T0, kind: "kill", body: { step: null } },
        { id: taken[1]?.id, at: T0 - 9, kind: "steer", body: ["🦉"] },
      ]);
      const [first, second] = taken.map(({ id }) => id) as [number, number];
      expect(store.readInbox("R1", first)).toMatchObject([{ id: second }]);
      store.commit(lease, { events: [event(1)], facts: [], taken: [first, 4711] });
      expect([store.readInbox("R1"), store.readInbox("R2")]).toMatchObject([[{ id: second }], [{ body: "other" }]]);
      store.commit(lease, { events: [], facts: [], taken: [second] });
      sender.post("R1", { at: T0, kind: "kill", body: null });
      const ids = [first, second, ...store.readInbox("R1").map(({ id }) => id)];
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    });

    it("takes nothing with a batch that fails, and nothing of another run", () => {
      const lease = store.createRun(run("R1"), ann);
      const other = store.createRun(run("R2"), ann);
      store.post("R1", { at: T0, kind: "kill", body: null });
      const ids = store.readInbox("R1").map(({ id }) => id);
      expect(() => store.commit(lease, { events: [event(7)], facts: [], taken: ids })).toThrow(InternalError);
      store.commit(other, { events: [], facts: [], taken: ids });
      expect(store.readInbox("R1")).toHaveLength(1);
    });

    it("lets the sender look first, in one piece with what it sends", () => {
      store.createRun(run("R1"), ann);
      const sender = rig.open();
      const first = (waiting: readonly InboxMessage[]): boolean => waiting.length === 0;
      const bodies = ["a", "b"].map((body) => sender.post("R1", { at: T0, kind: "answer", body }, first));
      expect([bodies, store.readInbox("R1")]).toMatchObject([[true, false], [{ body: "a" }]]);
    });

    it("keeps messages for the next holder", () => {
      const lease = store.createRun(run("R1"), ann);
      store.releaseLease(lease);
      store.post("R1", { at: T0, kind: "kill", body: null });
      expect(store.acquireLease("R1", bob, never).ok).toBe(true);
      expect(store.readInbox("R1")).toMatchObject([{ kind: "kill" }]);
    });
  });

  describe("blobs", () => {
    it("are named by their SHA-256 and come back byte for byte, from any connection", () => {
      const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
      const name = store.putBlob(bytes);
      expect(name).toBe(sha256(bytes));
      expect(store.putBlob(bytes)).toBe(name);
      const empty = store.putBlob(new Uint8Array());
      expect(Buffer.compare(rig.open().getBlob(name), bytes)).toBe(0);
      expect(store.getBlob(empty)).toHaveLength(0);
    });

    it("do not change with the bytes of the caller", () => {
      const bytes = Buffer.from("before");
      const name = store.putBlob(bytes);
      bytes.write("AFTER!");
      store.getBlob(name).fill(0);
      expect(Buffer.from(store.getBlob(name)).toString()).toBe("before");
    });

    it.each(["0".repeat(64), "../../../etc/passwd", ""])("that are not there are an error: %s", (name) => {
      expect(() => store.getBlob(name)).toThrow(StoreError);
      expect(() => store.getBlob(name)).toThrow(expect.objectContaining({ code: "corrupt" }));
    });
  });

  describe("outcomes for other runs", () => {
    const entry = (key: string, createdAt: number, more: object = {}) => ({
      key,
      output: { inline: key },
      extra: null,
      artifacts: null,
      model: "anthropic/m",
      createdAt,
      ...more,
    });

    it("are there once the batch is, for every run, and the last one under a key counts", () => {
      const lease = store.createRun(run("R1"), ann);
      expect(store.cache.find("k")).toBeNull();
      store.commit(lease, { events: [], facts: [], cache: [entry("k", T0), entry("other", T0)] });
      store.commit(lease, { events: [], facts: [], cache: [entry("k", T0 + 5, { extra: { exit_code: 0 } })] });
      expect(rig.open().cache.find("k")).toEqual(entry("k", T0 + 5, { extra: { exit_code: 0 } }));
      expect([...store.cache.entries()]).toHaveLength(2);
      store.deleteRun("R1", always);
      expect(store.cache.find("other")).toEqual(entry("other", T0));
    });

    it("are not written by who lost the lease", () => {
      const lease = store.createRun(run("R1"), ann);
      store.acquireLease("R1", bob, always);
      expect(() => store.commit(lease, { events: [], facts: [], cache: [entry("k", T0)] })).toThrow(LeaseLostError);
      expect(store.cache.find("k")).toBeNull();
    });

    it("go by their age, and keep their values as long as they stay", () => {
      const lease = store.createRun(run("R1"), ann);
      const blob = store.putBlob(Buffer.from("large"));
      const large = entry("old", T0, { output: { blob, bytes: 5 } });
      store.commit(lease, { events: [], facts: [], cache: [large, entry("new", T0 + 10)] });
      now = T0 + 100;
      expect(store.sweepBlobs({ olderThan: now }).count).toBe(0);
      expect(store.cache.prune({ olderThan: T0 + 10, dryRun: true })).toBe(1);
      expect(store.cache.prune({ olderThan: T0 + 10, dryRun: false })).toBe(1);
      expect([store.cache.find("old"), store.cache.find("new")]).toEqual([null, entry("new", T0 + 10)]);
      expect(store.sweepBlobs({ olderThan: now }).count).toBe(1);
    });
  });

  describe("values of the project", () => {
    const { key, value, version, updatedAt } = {
      key: "a/b",
      value: { list: [1, null, "Zoë 🦉"] } as Json,
      version: 1,
      updatedAt: T0,
    };

    it("are kept with their version, for every connection", () => {
      expect(store.state.get("a/b")).toBeNull();
      expect(store.state.set("a/b", value)).toEqual({ key, value, version, updatedAt });
      now = T0 + 5;
      expect(rig.open().state.set("a/b", null)).toEqual({ key, value: null, version: 2, updatedAt: T0 + 5 });
      expect(store.state.get("a/b")).toEqual({ key, value: null, version: 2, updatedAt: T0 + 5 });
    });

    it("do not change with the value of the caller", () => {
      const list = [1];
      store.state.set("k", list);
      list.push(2);
      expect(store.state.get("k")?.value).toEqual([1]);
    });

    it("are taken away once, and begin anew", () => {
      store.state.set("k", 1);
      store.state.set("k", 2);
      expect([store.state.delete("k"), store.state.delete("k"), store.state.get("k")]).toEqual([true, false, null]);
      expect(store.state.set("k", 3).version).toBe(1);
    });

    it("are listed by the start of their key, in its order", () => {
      for (const name of ["b", "a/2", "a", "a/1", "a%", "B"]) store.state.set(name, name);
      const keys = (prefix: string, limit?: number) => store.state.list(prefix, limit).map((entry) => entry.key);
      expect(keys("a")).toEqual(["a", "a%", "a/1", "a/2"]);
      expect(keys("a/", 1)).toEqual(["a/1"]);
      expect(keys("%")).toEqual([]);
      expect(keys("")).toEqual(["B", "a", "a%", "a/1", "a/2", "b"]);
    });

    it("are set under a condition, in one step", () => {
      expect(store.state.compareAndSet("k", 0, 1)).toBeNull();
      expect(store.state.compareAndSet("k", null, { b: 1, a: [2] })?.version).toBe(1);
      expect(store.state.compareAndSet("k", { a: [1], b: 1 }, 9)).toBeNull();
      expect(store.state.compareAndSet("k", { a: [2], b: 1 }, 9)).toMatchObject({ value: 9, version: 2 });
      expect(store.state.get("k")?.value).toBe(9);
    });
  });

  describe("values that steps of a run change", () => {
    const none = (): Batch => ({ events: [], facts: [] });
    const done = (value: Json): Batch => ({
      events: [],
      facts: [fact("add", { state: "succeeded", output: { inline: value } })],
    });

    it("change together with the batch that says so, over all connections", () => {
      const lease = store.createRun(run("R1"), ann);
      const add = (by: number) => store.changeState(lease, "project", { kind: "increment", key: "n", by }, done);
      expect([add(2), add(-0.5)]).toEqual([
        { kind: "changed", value: 2 },
        { kind: "changed", value: 1.5 },
      ]);
      expect(rig.open().state.get("n")).toMatchObject({ value: 1.5, version: 2 });
      expect(factsOf().map(({ key, output }) => [key, output])).toEqual([["add", { inline: 1.5 }]]);
      const set = store.changeState(lease, "project", { kind: "set", key: "n", value: { a: [1] } }, none);
      expect(set).toEqual({ kind: "changed", value: { a: [1] } });
      expect(store.changeState(lease, "project", { kind: "delete", key: "n" }, none)).toEqual({
        kind: "changed",
        value: { a: [1] },
      });
      expect(store.changeState(lease, "project", { kind: "delete", key: "n" }, none)).toEqual({
        kind: "changed",
        value: null,
      });
    });

    it("stay as they are where the change does not hold, and nothing is written", () => {
      const lease = store.createRun(run("R1"), ann);
      store.state.set("text", "x");
      store.state.set("large", Number.MAX_SAFE_INTEGER);
      const change = (wanted: StateChange) => store.changeState(lease, "project", wanted, done);
      expect(change({ kind: "increment", key: "text", by: 1 })).toEqual({ kind: "not_a_number", value: "x" });
      expect(change({ kind: "increment", key: "large", by: 1 })).toEqual({
        kind: "overflow",
        value: Number.MAX_SAFE_INTEGER,
      });
      expect(change({ kind: "compare_and_set", key: "text", from: null, to: 1 })).toEqual({
        kind: "mismatch",
        value: "x",
      });
      expect(factsOf()).toEqual([]);
      expect(change({ kind: "compare_and_set", key: "new", from: null, to: { b: 1 } })).toEqual({
        kind: "changed",
        value: { b: 1 },
      });
      expect(change({ kind: "compare_and_set", key: "new", from: { b: 1 }, to: 2 })).toEqual({
        kind: "changed",
        value: 2,
      });
    });

    it("are not changed by a batch that cannot be written, nor by a runner that lost its lease", () => {
      const lease = store.createRun(run("R1"), ann);
      const wrong = (): Batch => {
        throw new Error("no batch");
      };
      expect(() => store.changeState(lease, "project", { kind: "set", key: "k", value: 1 }, wrong)).toThrow("no batch");
      expect(store.state.get("k")).toBeNull();
      store.acquireLease("R1", bob, () => true);
      expect(() => store.changeState(lease, "project", { kind: "set", key: "k", value: 1 }, none)).toThrow(
        LeaseLostError,
      );
      expect(store.state.get("k")).toBeNull();
    });

    it("belong to the run alone where that is asked for, and go with it", () => {
      const [one, two] = [store.createRun(run("R1"), ann), store.createRun(run("R2"), ann)];
      store.changeState(one, "run", { kind: "set", key: "k", value: 1 }, none);
      store.changeState(two, "run", { kind: "increment", key: "k", by: 5 }, none);
      expect(["R1", "R2", "R9"].map((id) => store.stateOfRun(id, "run").get("k")?.value)).toEqual([1, 5, undefined]);
      expect(
        store
          .stateOfRun("R2", "run")
          .list("")
          .map(({ key }) => key),
      ).toEqual(["k"]);
      expect(store.state.list("")).toEqual([]);
      store.changeState(two, "run", { kind: "delete", key: "k" }, none);
      expect(store.stateOfRun("R2", "run").get("k")).toBeNull();
      store.deleteRun("R1", always);
      store.createRun(run("R1"), ann);
      expect(store.stateOfRun("R1", "run").list("")).toEqual([]);
    });

    it("in a copy are the project's with the run's own changes over them", () => {
      const lease = store.createRun(run("R1"), ann);
      for (const key of ["a", "b", "c"]) store.state.set(key, key);
      const change = (wanted: StateChange) => store.changeState(lease, "copy", wanted, none);
      change({ kind: "set", key: "b", value: 2 });
      change({ kind: "delete", key: "c" });
      change({ kind: "set", key: "d", value: 4 });
      const copy = store.stateOfRun("R1", "copy");
      expect(copy.list("").map(({ key, value }) => [key, value])).toEqual([
        ["a", "a"],
        ["b", 2],
        ["d", 4],
      ]);
      expect([copy.get("c"), copy.get("a")?.value, copy.list("", 1).length, copy.list("d").length]).toEqual([
        null,
        "a",
        1,
        1,
      ]);
      expect(change({ kind: "compare_and_set", key: "c", from: null, to: 3 }).kind).toBe("changed");
      expect(store.state.list("").map(({ value }) => value)).toEqual(["a", "b", "c"]);
    });
  });

  describe("what is deleted", () => {
    const ref = (name: string) => ({ blob: name, bytes: 9 });

    it("is a whole run, if it may be; others and the next one of that id are not touched", () => {
      for (const id of ["R1", "R2"]) {
        const lease = store.createRun(run(id), ann);
        store.commit(lease, { events: [event(1)], facts: [fact("a")], status: "failed" });
        store.post(id, { at: T0, kind: "kill", body: null });
      }
      const asked: string[] = [];
      expect(
        store.deleteRun("R1", ({ runId, status, lease }) => asked.push(`${runId} ${status} ${lease?.host}`) === 0),
      ).toBe(false);
      expect([asked, eventsOf("R1")]).toEqual([["R1 failed ann"], [event(1)]]);
      expect([store.deleteRun("R1", always), store.deleteRun("R1", always), store.deleteRun("X", always)]).toEqual([
        true,
        false,
        false,
      ]);
      expect([store.findRun("R1"), eventsOf("R1"), factsOf("R1"), store.lastSeq("R1")]).toEqual([null, [], [], 0]);
      expect([eventsOf("R2"), keysOf("R2"), store.listRuns().length]).toEqual([[event(1)], ["a"], 1]);
      store.createRun(run("R1"), bob);
      expect([eventsOf("R1"), factsOf("R1"), store.readInbox("R1")]).toEqual([[], [], []]);
    });

    it("fences the runner that had it", () => {
      const lease = store.createRun(run("R1"), ann);
      rig.open().deleteRun("R1", always);
      expect(() => store.commit(lease, { events: [], facts: [] })).toThrow(LeaseLostError);
    });

    it("are old blobs that no run names, directly or through another blob", () => {
      const put = (text: string) => store.putBlob(Buffer.from(text));
      const [output, plan, inner, loose] = [put("output"), put("plan"), put("inner"), put("loose")];
      const outer = put(JSON.stringify([{ blob: inner, bytes: 5 }]));
      const other = put("of another run");
      const lease = store.createRun(run("R1"), ann);
      store.commit(lease, {
        events: [event(1, { data: { plan: ref(plan) } })],
        facts: [fact("a", { output: ref(output) }), fact("b", { output: ref(outer) })],
      });
      store.commit(store.createRun(run("R2"), ann), { events: [], facts: [fact("a", { output: ref(other) })] });
      now = T0 + 10;
      const young = put("young");
      expect(store.sweepBlobs({ olderThan: T0 + 10, dryRun: true })).toEqual({ count: 1, bytes: 5 });
      expect(store.sweepBlobs({ olderThan: T0 + 10, dryRun: true, without: new Set(["R2"]) })).toEqual({
        count: 2,
        bytes: 19,
      });
      expect(store.sweepBlobs({ olderThan: T0 + 10 })).toEqual({ count: 1, bytes: 5 });
      expect(() => store.getBlob(loose)).toThrow(StoreError);
      for (const name of [output, plan, inner, outer, other, young])
        expect(store.getBlob(name).length).toBeGreaterThan(0);
      store.deleteRun("R1", always);
      expect(store.sweepBlobs({ olderThan: T0 + 10 }).count).toBe(4);
      expect(store.getBlob(other).length).toBe(14);
    });

    it("is not a blob that was stored again a moment ago", () => {
      const name = store.putBlob(Buffer.from("again"));
      now = T0 + 50;
      store.putBlob(Buffer.from("again"));
      expect(store.sweepBlobs({ olderThan: T0 + 50 }).count).toBe(0);
      expect(store.getBlob(name)).toHaveLength(5);
    });

    it("gives its room back, and leaves the rest whole", () => {
      const lease = store.createRun(run("R1"), ann);
      store.commit(lease, { events: [event(1)], facts: [full] });
      store.compact();
      expect([eventsOf(), factsOf()]).toEqual([[event(1)], [full]]);
    });
  });

  describe("dead letters", () => {
    const letter = (key: string, more: Partial<DeadLetter> = {}): DeadLetter => ({
      key,
      path: key,
      item: null,
      kind: "agent",
      agent: "writer",
      model: "anthropic/claude-haiku-5-5",
      failure: { class: "server", code: "http_500", message: "Zoë 🦉", help: null, retryAfterMs: null, partial: null },
      caught: false,
      attempts: 3,
      failedAt: T0,
      inputs: { inline: { task: "write" } },
      ...more,
    });
    const kept = (runId: string, key: string, more: Partial<KeptLetter> = {}): KeptLetter => ({
      ...letter(key),
      runId,
      isDropped: false,
      ...more,
    });

    it("are kept one a unit, the newest run first", () => {
      const old = store.createRun(run("R1"), ann);
      const next = store.createRun(run("R2", { startedAt: T0 + 1 }), ann);
      store.commit(old, { events: [], facts: [], deadLetters: [letter("b"), letter("a#1.0")] });
      store.commit(next, { events: [], facts: [], deadLetters: [letter("c")] });
      store.commit(old, { events: [], facts: [], deadLetters: [letter("b", { attempts: 4 })] });
      const all = [kept("R2", "c"), kept("R1", "a#1.0"), kept("R1", "b", { attempts: 4 })];
      expect(store.listDeadLetters()).toEqual(all);
      expect(rig.open().listDeadLetters("R1")).toEqual(all.slice(1));
      expect(store.listDeadLetters("R9")).toEqual([]);
    });

    it("go when their unit is well again, and stay hidden when they are dropped, until it fails again", () => {
      const lease = store.createRun(run("R1"), ann);
      store.commit(lease, { events: [], facts: [], deadLetters: [letter("a"), letter("b")] });
      expect([
        store.dropDeadLetter("R1", "b"),
        store.dropDeadLetter("R1", "c"),
        store.dropDeadLetter("R2", "b"),
      ]).toEqual([true, false, false]);
      store.commit(lease, { events: [], facts: [], revived: ["a", "z"] });
      expect(rig.open().listDeadLetters()).toEqual([kept("R1", "b", { isDropped: true })]);
      store.commit(lease, { events: [], facts: [], revived: ["b"], deadLetters: [letter("b")] });
      expect(store.listDeadLetters()).toEqual([kept("R1", "b")]);
    });

    it("are not written without the lease, and go with their run; what they name stays until then", () => {
      const lease = store.createRun(run("R1"), ann);
      const blob = store.putBlob(Buffer.from("inputs"));
      store.commit(lease, { events: [], facts: [], deadLetters: [letter("a", { inputs: { blob, bytes: 6 } })] });
      store.releaseLease(lease);
      expect(() => store.commit(lease, { events: [], facts: [], revived: ["a"] })).toThrow(LeaseLostError);
      now += 10;
      expect(store.sweepBlobs({ olderThan: now }).count).toBe(0);
      expect(store.sweepBlobs({ olderThan: now, dryRun: true, without: new Set(["R1"]) }).count).toBe(1);
      store.deleteRun("R1", always);
      expect([store.listDeadLetters(), store.sweepBlobs({ olderThan: now }).count]).toEqual([[], 1]);
    });
  });

  describe("rates", () => {
    const minute = (count: number) => ({ count, windowMs: 60_000 });
    const now = 1_000_000_000_000;

    it("let in no more than their count within any span", () => {
      const use = { name: "spawns", amount: 1, limits: [minute(2)] };
      expect(store.rates.take([use], now, now)).toMatchObject({ ok: true });
      expect(store.rates.take([use], now + 20_000, now + 20_000)).toMatchObject({ ok: true });
      expect(store.rates.take([use], now + 30_000, now + 30_000)).toEqual({
        ok: false,
        waitMs: 30_000,
        name: "spawns",
      });
      expect(store.rates.take([use], now + 59_999, now + 59_999)).toEqual({ ok: false, waitMs: 1, name: "spawns" });
      expect(store.rates.take([use], now + 60_000, now + 60_000)).toMatchObject({ ok: true });
      expect(store.rates.take([use], now + 60_001, now + 60_001)).toEqual({
        ok: false,
        waitMs: 19_999,
        name: "spawns",
      });
      expect(store.rates.take([{ ...use, name: "others" }], now + 60_001, now + 60_001)).toMatchObject({ ok: true });
    });

    it("count a use from the moment that it is said to begin, which may move", () => {
      const use = { name: "spawns", amount: 1, limits: [minute(2)] };
      const first = store.rates.take([use], now, now + 5_000);
      expect(store.rates.take([use], now, now)).toMatchObject({ ok: true });
      expect(store.rates.take([use], now + 60_000, now + 60_000)).toMatchObject({ ok: true });
      expect(store.rates.take([use], now + 60_001, now + 60_001)).toEqual({ ok: false, waitMs: 4_999, name: "spawns" });
      if (first.ok) store.rates.correct(first.ids[0] as number, { at: now + 9_000 });
      expect(store.rates.take([use], now + 65_000, now + 65_000)).toEqual({ ok: false, waitMs: 4_000, name: "spawns" });
      expect(store.rates.take([use], now + 69_000, now + 69_000)).toMatchObject({ ok: true });
    });

    it("take all of several uses or none, and count what each came to", () => {
      const requests = { name: "requests:a", amount: 1, limits: [minute(10)] };
      const tokens = { name: "tokens:a", amount: 900, limits: [minute(1000), { count: 1500, windowMs: 3_600_000 }] };
      const first = store.rates.take([requests, tokens], now, now);
      expect(store.rates.take([requests, tokens], now + 1, now + 1)).toEqual({
        ok: false,
        waitMs: 3_599_999,
        name: "tokens:a",
      });
      if (first.ok) store.rates.correct(first.ids[1] as number, { amount: 100 });
      expect(store.rates.take([requests, tokens], now + 2, now + 2)).toMatchObject({ ok: true });
      // The one that was refused has taken no request.
      const all = { ...requests, amount: 8 };
      expect(store.rates.take([all], now + 3, now + 3)).toMatchObject({ ok: true });
      store.rates.correct(123_456, { amount: 5 });
    });

    it("let in what is larger than the limit when nothing else is there, and outlive a clock that was set back", () => {
      const use = { name: "tokens:b", amount: 5000, limits: [minute(1000)] };
      expect(store.rates.take([use], now, now)).toMatchObject({ ok: true });
      expect(store.rates.take([use], now + 1, now + 1)).toMatchObject({ ok: false, waitMs: 59_999 });
      expect(store.rates.take([use], now - 10_000_000, now - 10_000_000)).toMatchObject({ ok: true });
    });
  });

  describe("accounts", () => {
    const figures: RunFigures = {
      mode: "live",
      variant: "a",
      score: 0.5,
      wallMs: 9,
      activeMs: 5,
      waitingMs: 3,
      calls: 1,
      tokens: 10,
      costUsd: null,
      spend: [{ step: "draft", agent: "writer", model: "a/m", calls: 1, tokens: 10, costUsd: null }],
      steps: [
        {
          step: "draft",
          kind: "agent",
          succeeded: 1,
          failed: 0,
          skipped: 0,
          attempts: 1,
          durationMs: 5,
          criticalMs: 5,
        },
      ],
      moreSteps: 0,
      roi: { manualHours: 1, hourlyRate: 60 },
    };

    it("tell how each run stands and what it took, the newest first", () => {
      const old = store.createRun(run("R1"), ann);
      store.createRun(run("R2", { startedAt: T0 + 1, workflowVersion: null }), bob);
      store.commit(old, { events: [], facts: [], status: "failed", figures: { ...figures, score: null } });
      store.commit(old, { events: [], facts: [], status: "succeeded", figures });
      store.commit(old, { events: [event(1)], facts: [] });
      store.releaseLease(old);
      expect(rig.open().listAccounts()).toEqual([
        {
          runId: "R2",
          workflow: "review",
          workflowVersion: null,
          status: "running",
          startedAt: T0 + 1,
          lease: bob,
          figures: null,
        },
        {
          runId: "R1",
          workflow: "review",
          workflowVersion: "1.2.0",
          status: "succeeded",
          startedAt: T0,
          lease: null,
          figures,
        },
      ]);
      store.deleteRun("R1", always);
      expect(store.listAccounts().map(({ runId }) => runId)).toEqual(["R2"]);
    });

    it("remember how far a run was copied", () => {
      const lease = store.createRun(run("R1"), ann);
      expect([store.copiedSeq("R1"), store.copiedSeq("R9")]).toEqual([0, 0]);
      store.commit(lease, { events: [event(1), event(2)], facts: [], copied: 1 });
      store.commit(lease, { events: [], facts: [] });
      expect(rig.open().copiedSeq("R1")).toBe(1);
      store.deleteRun("R1", always);
      expect(store.copiedSeq("R1")).toBe(0);
    });
  });

  it("goes on after it was closed and opened again", () => {
    const lease = store.createRun(run("R1"), ann);
    store.commit(lease, { events: [event(1)], facts: [full], activeMs: 3 });
    const before = store.findRun("R1");
    store.close();
    store.close();
    store = rig.open();
    expect([store.findRun("R1"), eventsOf(), factsOf()]).toEqual([before, [event(1)], [full]]);
    store.commit(lease, { events: [event(2)], facts: [] });
    expect(store.lastSeq("R1")).toBe(2);
  });
});

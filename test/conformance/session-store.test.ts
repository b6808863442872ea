import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MessageDraft, SessionDraft, SessionStore } from "../../src/store/session.ts";
import { LeaseLostError, type Lease, type LeaseOwner, type RunRecord, type Store } from "../../src/store/store.ts";
import { storeRigs, type StoreRig } from "../rig/store/store-rig.ts";

const T0 = 1_790_000_000_000;
let now = T0;
const clock = { now: () => now, monotonic: () => now, after: () => () => {} };
const owner: LeaseOwner = { host: "ann", pid: 4, processStart: "boot/99", renewedAt: T0 };
const never = (): boolean => false;
const always = (): boolean => true;

const run = (runId: string): RunRecord => ({
  runId,
  workflow: "desk",
  workflowVersion: null,
  manifestPath: "desk.yaml",
  startedAt: T0,
  frozen: {},
});

const session = (name: string, more: Partial<SessionDraft> = {}): SessionDraft => ({
  id: `project/desk/${name}`,
  name,
  workflow: "desk",
  manifestPath: "desk.yaml",
  agent: "support",
  scope: "project",
  runId: null,
  pool: 1,
  idleMs: null,
  ...more,
});

const message = (id: string, more: Partial<MessageDraft> = {}): MessageDraft => ({
  id,
  from: "R1 ask",
  within: null,
  origin: null,
  text: { inline: `text of ${id}` },
  ...more,
});

const reply = (text: string) => ({ said: { inline: [text] }, reply: { inline: text }, model: "anthropic/x" });

describe.each(Object.entries(storeRigs(clock)))("sessions in %s", (_adapter, makeRig) => {
  let rig: StoreRig;
  let store: Store;
  let sessions: SessionStore;
  let r1: Lease;
  let r2: Lease;
  beforeEach(() => {
    now = T0;
    rig = makeRig();
    store = rig.open();
    sessions = store.sessions;
    r1 = store.createRun(run("R1"), owner);
    r2 = store.createRun(run("R2"), owner);
  });
  afterEach(() => rig.remove());

  const send = (lease: Lease, to: SessionDraft, id: string, more: Partial<MessageDraft> = {}) => {
    sessions.put(lease, to, message(id, more));
    return sessions.take(lease, id, never);
  };
  const desk = session("desk");

  it("a turn is taken, answered and numbered, and seen by whoever opens the store", () => {
    expect(send(r1, desk, "m1")).toEqual({ kind: "taken", member: 1, since: 0, base: 0 });
    // Asked twice: it is still its turn.
    expect(sessions.take(r1, "m1", never)).toEqual({ kind: "taken", member: 1, since: 0, base: 0 });
    const turn = sessions.answer(r1, "m1", reply("one"));
    expect(turn).toMatchObject({ n: 1, member: 1, message: "m1", at: T0, text: { inline: "text of m1" } });
    expect(send(r1, desk, "m2")).toMatchObject({ kind: "taken", base: 1 });
    sessions.answer(r1, "m2", reply("two"));
    const other = rig.open().sessions;
    expect(other.turns(desk.id, 1).map(({ n, reply: said }) => [n, said])).toEqual([
      [1, { inline: "one" }],
      [2, { inline: "two" }],
    ]);
    expect(other.turns(desk.id, 1, { after: 1 }).map(({ n }) => n)).toEqual([2]);
    expect(other.turns(desk.id, 1, { upTo: 1 }).map(({ n }) => n)).toEqual([1]);
    expect(other.find(desk.id)).toEqual({
      ...desk,
      createdAt: T0,
      members: [{ turns: 2, since: 0, lastAt: T0 }],
    });
    expect([other.find("nobody"), other.findMessage("nobody"), other.waiting(desk.id)]).toEqual([null, null, []]);
  });

  it("a message that was answered is answered from the record, whoever sends it again", () => {
    send(r1, desk, "m1");
    sessions.answer(r1, "m1", reply("one"));
    expect(send(r1, desk, "m1")).toMatchObject({ kind: "answered", turn: { n: 1, reply: { inline: "one" } } });
    expect(sessions.answer(r1, "m1", reply("again"))).toBeNull();
    expect(sessions.turns(desk.id, 1)).toHaveLength(1);
  });

  it("messages wait for one another in the order in which they came", () => {
    send(r1, desk, "m1");
    expect([send(r2, desk, "m2"), send(r1, desk, "m3")]).toEqual([{ kind: "waits" }, { kind: "waits" }]);
    sessions.answer(r1, "m1", reply("one"));
    expect(sessions.take(r1, "m3", never)).toEqual({ kind: "waits" });
    expect(sessions.take(r2, "m2", never)).toMatchObject({ kind: "taken", base: 1 });
    expect(sessions.waiting(desk.id).map(({ id, state }) => [id, state])).toEqual([
      ["m2", "taken"],
      ["m3", "queued"],
    ]);
  });

  it("who gave up, or only left a message, is passed by; a message that was taken back leaves no trace", () => {
    sessions.put(r1, desk, message("left"));
    expect(send(r1, desk, "m1")).toMatchObject({ kind: "taken" });
    expect(send(r1, desk, "m2")).toEqual({ kind: "waits" });
    sessions.withdraw(r1, "m1");
    expect(sessions.take(r1, "m2", never)).toMatchObject({ kind: "taken", base: 0 });
    expect(sessions.take(r1, "m1", never)).toEqual({ kind: "gone" });
    sessions.answer(r1, "m2", reply("two"));
    expect(sessions.take(r1, "left", never)).toMatchObject({ kind: "taken", base: 1 });
  });

  it("the turn of a dead owner is taken over; when it comes back it goes on with what it had begun with", () => {
    send(r1, desk, "m0");
    sessions.answer(r1, "m0", reply("zero"));
    send(r1, desk, "m1");
    expect(send(r2, desk, "m2")).toEqual({ kind: "waits" });
    const next = store.acquireLease("R1", owner, always);
    expect(sessions.take(r2, "m2", never)).toMatchObject({ kind: "taken", base: 1 });
    if (!next.ok) throw new Error("it is taken");
    // The old start can do nothing more, and the new one waits for its turn with its own place in the conversation.
    expect(() => sessions.answer(r1, "m1", reply("late"))).toThrow(LeaseLostError);
    expect(send(next.lease, desk, "m1")).toEqual({ kind: "waits" });
    sessions.answer(r2, "m2", reply("two"));
    expect(sessions.take(next.lease, "m1", never)).toEqual({ kind: "taken", member: 1, since: 0, base: 1 });
    expect(sessions.answer(next.lease, "m1", reply("one"))).toMatchObject({ n: 3 });
    expect(sessions.turns(desk.id, 1).map(({ n, message: of }) => [n, of])).toEqual([
      [1, "m0"],
      [2, "m2"],
      [3, "m1"],
    ]);
  });

  it("an owner that only seems dead learns that its turn was taken over, and may take it again", () => {
    send(r1, desk, "m1");
    sessions.put(r2, desk, message("m2"));
    expect(sessions.take(r2, "m2", always)).toMatchObject({ kind: "taken" });
    expect(sessions.answer(r1, "m1", reply("one"))).toBeNull();
    sessions.answer(r2, "m2", reply("two"));
    expect(sessions.take(r1, "m1", never)).toMatchObject({ kind: "taken", base: 0 });
    expect(sessions.answer(r1, "m1", reply("one"))).toMatchObject({ n: 2 });
  });

  it("a pool gives each message to a conversation that is free", () => {
    const pool = session("pool", { pool: 2 });
    expect([send(r1, pool, "a"), send(r1, pool, "b"), send(r2, pool, "c")]).toMatchObject([
      { member: 1 },
      { member: 2 },
      { kind: "waits" },
    ]);
    sessions.answer(r1, "b", reply("b"));
    expect(sessions.take(r2, "c", never)).toMatchObject({ member: 2, base: 1 });
    expect(sessions.find(pool.id)?.members.map(({ turns }) => turns)).toEqual([0, 1]);
  });

  it("nobody waits for a session that waits for its sender, however indirectly", () => {
    const [a, b] = [session("a"), session("b")];
    send(r1, a, "ma");
    expect(send(r1, a, "self", { within: "ma" })).toEqual({ kind: "cycle", sessions: ["a"] });
    sessions.withdraw(r1, "self");
    // Two that ask each other: the first may wait, the second may not.
    send(r2, b, "mb");
    expect(send(r1, b, "ab", { within: "ma" })).toEqual({ kind: "waits" });
    expect(send(r2, a, "ba", { within: "mb" })).toEqual({ kind: "cycle", sessions: ["a", "b"] });
    // From outside of any turn nobody closes a circle.
    expect(send(r2, a, "out")).toEqual({ kind: "waits" });
    sessions.withdraw(r2, "ba");
    sessions.answer(r2, "mb", reply("b"));
    expect(sessions.take(r1, "ab", never)).toMatchObject({ kind: "taken" });
  });

  it("a pool is no circle as long as one of its conversations can go on", () => {
    const [a, pool] = [session("a"), session("pool", { pool: 2 })];
    send(r1, a, "ma");
    send(r1, pool, "mp", { within: "ma" });
    // Inside of the pool one asks the pool: the other conversation is free.
    expect(send(r1, pool, "mp2", { within: "mp" })).toMatchObject({ member: 2 });
    expect(send(r1, pool, "mp3", { within: "mp2" })).toEqual({ kind: "cycle", sessions: ["pool"] });
  });

  it("a conversation that nobody used begins anew, and so does one that is closed; its turns stay", () => {
    const idle = session("idle", { idleMs: 1_000 });
    send(r1, idle, "m1");
    expect(sessions.close(idle.id, never)).toBe(false);
    sessions.answer(r1, "m1", reply("one"));
    now += 1_000;
    expect(send(r1, idle, "m2")).toEqual({ kind: "taken", member: 1, since: 0, base: 1 });
    sessions.answer(r1, "m2", reply("two"));
    now += 1_001;
    expect(send(r1, idle, "m3")).toEqual({ kind: "taken", member: 1, since: 2, base: 2 });
    sessions.answer(r1, "m3", reply("three"));
    expect([sessions.close(idle.id, never), sessions.close("nobody", never)]).toEqual([true, false]);
    expect(send(r1, idle, "m4")).toEqual({ kind: "taken", member: 1, since: 3, base: 3 });
    expect(sessions.turns(idle.id, 1)).toHaveLength(3);
  });

  it("what a resume tries anew is sent anew", () => {
    send(r1, desk, "m1", { origin: "ask/1.0" });
    sessions.answer(r1, "m1", reply("one"));
    store.commit(r1, { events: [], facts: [], forget: ["other/1.0.1"] });
    expect(send(r1, desk, "m1")).toMatchObject({ kind: "answered" });
    store.commit(r1, { events: [], facts: [], forget: ["ask/1.0.2"] });
    expect(send(r1, desk, "m1")).toMatchObject({ kind: "taken", base: 1 });
  });

  it("sessions of a run go with it, those of the project when nobody used them since", () => {
    const own = session("own", { id: "R1/own", scope: "run", runId: "R1" });
    for (const [to, id] of [
      [own, "m1"],
      [desk, "m2"],
    ] as const) {
      const text = { blob: store.putBlob(Buffer.from(`"${id}"`)), bytes: 4 };
      sessions.put(r1, to, { ...message(id), text });
      sessions.take(r1, id, never);
      sessions.answer(r1, id, { ...reply("ok"), reply: text });
    }
    now += 10;
    expect(store.sweepBlobs({ olderThan: now })).toEqual({ count: 0, bytes: 0 });
    expect(sessions.list().map(({ id }) => id)).toEqual(["R1/own", "project/desk/desk"].sort());
    expect(store.deleteRun("R1", always)).toBe(true);
    expect(sessions.list().map(({ id }) => id)).toEqual([desk.id]);
    expect(sessions.turns(desk.id, 1)).toHaveLength(1);
    expect(store.sweepBlobs({ olderThan: now })).toEqual({ count: 1, bytes: 4 });
    expect(sessions.prune({ olderThan: T0, dryRun: false })).toBe(0);
    expect(sessions.prune({ olderThan: now, dryRun: true })).toBe(1);
    expect(sessions.prune({ olderThan: now, dryRun: false })).toBe(1);
    expect(sessions.list()).toEqual([]);
    expect(store.sweepBlobs({ olderThan: now })).toEqual({ count: 1, bytes: 4 });
  });
});

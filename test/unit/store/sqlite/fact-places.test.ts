import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import type { Store } from "../../../../src/store/store.ts";
import { fact, owner, record, TempState } from "./temp-state.ts";

const state = new TempState();

it("a fact written again by a later start of the run keeps its place, whether the facts were read before or not", () => {
  const store = state.open();
  const first = store.createRun(record("R1"), owner);
  store.commit(first, { events: [], facts: [fact("a"), fact("b")] });
  store.releaseLease(first);

  const changed = (key: string, starts: number) => ({ ...fact(key), starts });
  const unread = take(state.open());
  unread.store.commit(unread.lease, { events: [], facts: [changed("a", 2)] });
  unread.store.releaseLease(unread.lease);
  expect([...state.open().readFacts("R1")]).toEqual([changed("a", 2), fact("b")]);

  const reader = state.open();
  expect([...reader.readFacts("R1")]).toHaveLength(2);
  const read = take(reader);
  read.store.commit(read.lease, { events: [], facts: [changed("b", 2), fact("c")] });
  expect([...state.open().readFacts("R1")]).toEqual([changed("a", 2), changed("b", 2), fact("c")]);
  expect(rows()).toEqual(["1 a", "2 b", "3 c"]);
});

it("what another process wrote between reading and taking the lease is known", () => {
  const reader = state.open();
  const first = reader.createRun(record("R1"), owner);
  reader.commit(first, { events: [], facts: [fact("a")] });
  reader.releaseLease(first);
  expect([...reader.readFacts("R1")]).toHaveLength(1);

  const other = take(state.open());
  other.store.commit(other.lease, { events: [], facts: [fact("b")], forget: ["a"] });
  other.store.releaseLease(other.lease);

  const { store, lease } = take(reader);
  store.commit(lease, { events: [], facts: [fact("b"), fact("a")] });
  expect([...store.readFacts("R1")]).toEqual([fact("b"), fact("a")]);
  expect(rows()).toEqual(["2 b", "3 a"]);
});

it("facts under one key with several fingerprints are told apart, and forgotten together", () => {
  const store = state.open();
  const lease = store.createRun(record("R1"), owner);
  const [one, other] = [fact("a"), { ...fact("a"), fingerprint: "other" }];
  store.commit(lease, { events: [], facts: [one, other] });
  store.commit(lease, { events: [], facts: [{ ...one, starts: 3 }, other] });
  expect([...store.readFacts("R1")]).toEqual([{ ...one, starts: 3 }, other]);
  store.commit(lease, { events: [], facts: [fact("b")], forget: ["a"] });
  expect([...store.readFacts("R1")]).toEqual([fact("b")]);
});

function take(store: Store) {
  const taken = store.acquireLease("R1", owner, () => true);
  if (!taken.ok) throw new Error("the lease is free");
  return { store, lease: taken.lease };
}

/** The rows of facts as they lie in the file: place and key. */
function rows(): string[] {
  const db = new DatabaseSync(state.path);
  const all = db.prepare("SELECT id % 4294967296 AS place, key FROM fact ORDER BY id").all();
  db.close();
  return all.map(({ place, key }) => `${String(place)} ${String(key)}`);
}

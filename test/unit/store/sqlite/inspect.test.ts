import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspectState, repairState } from "../../../../src/store/sqlite/inspect.ts";
import { systemClock } from "../../../../src/util/clock.ts";
import { TempState } from "./temp-state.ts";

const state = new TempState();
const inspect = () => inspectState({ path: state.path, clock: systemClock });
const beside = (name: string): string => join(dirname(state.path), name);

/** Changes the file behind the store's back. */
function change(sql: string): void {
  const db = new DatabaseSync(state.path);
  db.exec(sql);
  db.close();
}

describe("a look at the state", () => {
  it("finds a whole one whole, with its sizes, and changes nothing", () => {
    state.fill(20);
    state.open().putBlob(Buffer.alloc(9000));
    const found = inspect();
    expect(found).toMatchObject({
      problems: [],
      runs: 1,
      blobs: { count: 1, bytes: 9000 },
      drafts: { count: 0, bytes: 0 },
    });
    expect(found.databaseBytes).toBeGreaterThan(4096);
    expect(inspect()).toEqual(found);
  });

  it.each([
    [
      "a changed event",
      "UPDATE event SET data = '{}' WHERE id % 4294967296 = 7",
      /event 7 does not match its checksum/,
    ],
    ["a lost event", "DELETE FROM event WHERE id % 4294967296 = 7", /event 7 is missing/],
    [
      "a changed fact",
      "UPDATE fact SET body = '[1]' WHERE id % 4294967296 = 3",
      /the record of 'step_3\/i1\/s0\/a1' does not match its checksum/,
    ],
    ["a lost index entry", "DELETE FROM fact WHERE id % 4294967296 = 3", /run R1 has 19 of its 20 facts/],
    ["a changed value", "INSERT INTO state VALUES ('k', '1', 1, 0, 0)", /the value 'k' does not match its checksum/],
  ])("tells of %s", (_what, sql, problem) => {
    state.fill(20);
    change(sql);
    const { problems } = inspect();
    expect([problems.length, problems[0]]).toEqual([1, expect.stringMatching(problem)]);
  });

  it("tells of a file that is none, and of each problem once", () => {
    state.fill(1);
    writeFileSync(state.path, Buffer.alloc(9000, 7));
    expect(inspect().problems).toEqual([expect.stringMatching(/is damaged/)]);
  });
});

describe("repair", () => {
  it("moves the log into the file, and deletes what dead processes began, but nothing that is young", () => {
    state.fill(3);
    const store = state.open();
    store.state.set("k", 1);
    const blob = store.putBlob(Buffer.from("whole"));
    const id = "01234567-89ab-cdef-0123-456789abcdef";
    const old = [beside(`state.db.${id}`), beside(`blobs/${blob.slice(0, 2)}/${blob.slice(2)}.${id}`)];
    for (const path of old) {
      writeFileSync(path, "half");
      utimesSync(path, 1, 1);
    }
    writeFileSync(beside(`state.db.1${id.slice(1)}`), "young");
    expect(inspect()).toMatchObject({ problems: [], drafts: { count: 2, bytes: 8 } });
    expect(inspect().logBytes).toBeGreaterThan(0);

    expect(repairState({ path: state.path, clock: systemClock, isAlive: () => true })).toEqual({
      drafts: 2,
      salvage: null,
    });
    expect([old.some(existsSync), inspect().logBytes]).toEqual([false, 0]);
    expect(readdirSync(dirname(state.path))).toContain(`state.db.1${id.slice(1)}`);
    expect([store.state.get("k")?.value, store.getBlob(blob).length]).toEqual([1, 5]);
  });
});

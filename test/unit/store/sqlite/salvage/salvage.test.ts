import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspectState } from "../../../../../src/store/sqlite/inspect.ts";
import { gather } from "../../../../../src/store/sqlite/salvage/gather.ts";
import { openPages } from "../../../../../src/store/sqlite/salvage/pages.ts";
import { TABLES } from "../../../../../src/store/sqlite/salvage/rows.ts";
import { salvage } from "../../../../../src/store/sqlite/salvage/salvage.ts";
import { migrate, migrations } from "../../../../../src/store/sqlite/schema.ts";
import { fact, owner, record, TempState, clock } from "../temp-state.ts";

const state = new TempState();
const save = (isAlive = false) => salvage({ path: state.path, clock, isAlive: () => isAlive });
const KEPT = "state.db.damaged-2026-09-21T14-13-20-000Z";

function change(sql: string): void {
  const db = new DatabaseSync(state.path);
  db.exec(sql);
  db.close();
}

function events(runId = "R1") {
  return [...state.open().readEvents(runId)];
}

describe("saving what is whole", () => {
  it("knows every table of a state file, but for what was used of limits in time", () => {
    const db = new DatabaseSync(":memory:");
    migrate(db, "x", migrations);
    const tables = db
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'rate_use'",
      )
      .all()
      .map(({ name }) => name);
    expect(new Set(Object.keys(TABLES))).toEqual(new Set(tables));
    for (const [table, { columns }] of Object.entries(TABLES))
      expect(
        db
          .prepare(`PRAGMA table_info(${table})`)
          .all()
          .map(({ name }) => name),
      ).toEqual(columns);
  });

  it("a whole file gives the same file, with rows larger than a page, and from its log too", () => {
    const store = state.open();
    const lease = store.createRun(record("R1"), owner);
    for (let seq = 1; seq <= 50; seq += 1)
      store.commit(lease, {
        events: [{ seq, at: 9, type: "log", data: { message: "m".repeat(seq * 300) } }],
        facts: [{ ...fact(`a${seq}/i1/s0/a1`), output: { inline: "o".repeat(seq * 170) } }],
      });
    store.state.set("k", "v".repeat(30_000));
    const [before, facts] = [[...store.readEvents("R1")], [...store.readFacts("R1")]];
    // The store is open: all of it lies in the log. A copy is what a crash would leave.
    for (const end of ["", "-wal"]) copyFileSync(state.path + end, join(state.folder, `copy.db${end}`));
    store.close();
    const copy = join(state.folder, "copy.db");
    expect(salvage({ path: copy, clock, isAlive: () => false })).toEqual({
      keptAs: `${copy}.damaged-2026-09-21T14-13-20-000Z`,
      runs: 1,
      losses: [],
    });
    expect(readdirSync(state.folder).filter((name) => name.startsWith("copy"))).toEqual([
      "copy.db",
      "copy.db.damaged-2026-09-21T14-13-20-000Z",
      "copy.db.damaged-2026-09-21T14-13-20-000Z-wal",
    ]);
    const saved = state.open({ path: copy });
    expect([[...saved.readEvents("R1")], [...saved.readFacts("R1")]]).toEqual([before, facts]);
    expect(saved.state.get("k")?.value).toBe("v".repeat(30_000));
    expect(inspectState({ path: copy, clock }).problems).toEqual([]);
  });

  it("what was deleted stays so: pages that are not in use are left alone", () => {
    state.fill(200);
    const store = state.open();
    store.deleteRun("R1", () => true);
    store.createRun(record("R2"), owner);
    store.close();
    expect(save()).toMatchObject({ runs: 1, losses: [] });
    expect(
      state
        .open()
        .listRuns()
        .map(({ runId }) => runId),
    ).toEqual(["R2"]);
  });

  it("lost outcomes are counted, with the steps of which nothing is left; the run goes on without them", () => {
    state.fill(9);
    change("UPDATE event SET type = 'attempt.started', crc = 0 WHERE step = 'step_4'");
    change("DELETE FROM fact WHERE key LIKE 'step_3/%'");
    const { losses } = save();
    expect(losses).toEqual([
      "run R1: 1 of its 9 outcomes are lost: a resume does that work again",
      "run R1: event 4 is lost; 'muster logs' says so in their place",
    ]);
    expect(events()[3]).toEqual({
      seq: 4,
      at: 1_790_000_000_003,
      type: "log",
      data: { level: "warn", message: "event 4 was lost with a damaged state file" },
    });
    expect([...state.open().readFacts("R1")]).toHaveLength(8);
  });

  it("a file without its last pages: what was cut off is told, and the rest can be read", () => {
    state.fill(300);
    truncateSync(state.path, 12 * 4096);
    const { losses, runs, keptAs } = save();
    expect(runs).toBe(1);
    expect(losses).toEqual([
      expect.stringMatching(/^run R1: \d+ of its 300 outcomes are lost: a resume does that work again$/),
      expect.stringMatching(/^run R1: events? \d+ to 300 are lost/),
      expect.stringMatching(/^\d+ pages of the file are damaged: /),
    ]);
    expect(events()).toHaveLength(300);
    expect(readFileSync(keptAs)).toHaveLength(12 * 4096);
  });

  it("a run whose row is damaged is interrupted, behind every start that there was", () => {
    state.fill(9);
    change("UPDATE run SET active_ms = 7");
    expect(save().losses).toEqual([
      "run R1: how it stood is lost; it counts as interrupted, without active time, and with the outcomes that are left",
    ]);
    const store = state.open();
    expect(store.findRun("R1")).toMatchObject({ status: "interrupted", lease: null, epoch: 1001 });
    expect([[...store.readFacts("R1")].length, store.lastSeq("R1")]).toEqual([9, 9]);
    expect(store.acquireLease("R1", owner, () => false)).toMatchObject({ ok: true });
  });

  it("a run without its record is named and gone; so are rows that belong to it", () => {
    state.fill(9);
    const store = state.open();
    store.createRun(record("R2"), owner);
    store.post("R1", { at: 1, kind: "kill", body: null });
    store.close();
    change("UPDATE record SET body = '{}' WHERE id = 1");
    expect(save().losses).toEqual([
      "run R1: what it was started with is lost, and the run with it (9 events and 9 outcomes of it were whole)",
    ]);
    expect(
      state
        .open()
        .listRuns()
        .map(({ runId }) => runId),
    ).toEqual(["R2"]);
  });

  it("of events in one row, those that name what is lost are lost; a damaged row loses all of its own", () => {
    const store = state.open();
    const lease = store.createRun(record("R1"), owner);
    const blob = store.putBlob(Buffer.from("leaf"));
    const told = (seq: number, data: { [name: string]: string }) =>
      ({ seq, at: seq, type: "attempt.started", step: `step_${seq}`, data }) as const;
    const written = [told(1, { text: "a" }), told(2, { blob }), told(3, { text: "c" })];
    store.commit(lease, { events: written, facts: [] });
    store.commit(lease, { events: [told(4, { text: "d" }), told(5, { text: "lost" })], facts: [] });
    store.commit(lease, { events: [told(6, { text: "e" })], facts: [] });
    store.releaseLease(lease);
    store.close();
    rmSync(join(dirname(state.path), "blobs", blob.slice(0, 2), blob.slice(2)));
    change("UPDATE event SET data = replace(data, 'lost', 'LOST')");
    expect(save().losses).toEqual([
      "run R1: event 2 is lost; 'muster logs' says so in their place",
      "run R1: events 4 to 5 are lost; 'muster logs' says so in their place",
    ]);
    expect(events().map(({ seq, at, type, step }) => [seq, at, type, step])).toEqual([
      [1, 1, "attempt.started", "step_1"],
      [2, 1, "log", undefined],
      [3, 3, "attempt.started", "step_3"],
      [4, 3, "log", undefined],
      [5, 3, "log", undefined],
      [6, 6, "attempt.started", "step_6"],
    ]);
  });

  it("an outcome whose value is lost is lost with it, also one that is named by another value", () => {
    const store = state.open();
    const lease = store.createRun(record("R1"), owner);
    const leaf = store.putBlob(Buffer.from("leaf"));
    const list = store.putBlob(Buffer.from(JSON.stringify([{ blob: leaf, bytes: 4 }])));
    const facts = [fact("a/i1/s0/a1"), { ...fact("b/i1/s0/a1"), output: { blob: list, bytes: 9 } }];
    store.commit(lease, { events: [{ seq: 1, at: 1, type: "attempt.started", step: "b" }], facts });
    store.releaseLease(lease);
    store.close();
    writeFileSync(join(dirname(state.path), "blobs", leaf.slice(0, 2), leaf.slice(2)), "leave");
    expect(inspectState({ path: state.path, clock }).problems).toEqual([expect.stringContaining(leaf)]);
    expect(save().losses).toEqual([
      "run R1: 1 of its 2 outcomes are lost, all of 'b' among them: a resume does that work again",
    ]);
    expect([...state.open().readFacts("R1")].map(({ key }) => key)).toEqual(["a/i1/s0/a1"]);
  });

  it("a value of the project that is damaged is counted", () => {
    state.fill(1);
    const store = state.open();
    store.state.set("a", 1);
    store.state.set("b", 2);
    store.close();
    change("UPDATE state SET value = '3' WHERE key = 'a'");
    expect(save().losses).toEqual(["values of the project: 1 lost"]);
    expect(
      state
        .open()
        .state.list("")
        .map(({ key }) => key),
    ).toEqual(["b"]);
  });

  it("touches nothing while somebody runs a run of it, and where nothing is whole", () => {
    state.fill(9);
    const before = readFileSync(state.path);
    expect(() => save(true)).toThrow(/run R1 is being run by pid 4 on ann: stop it first, then repair/);
    writeFileSync(state.path, Buffer.alloc(9000, 7));
    expect(() => save()).toThrow(/nothing that muster wrote is whole in it/);
    writeFileSync(state.path, before);
    expect(readdirSync(dirname(state.path))).toEqual(["state.db"]);
    expect(existsSync(join(dirname(state.path), KEPT))).toBe(false);
  });

  it("a damaged id among others is not taken for a row of another run", () => {
    state.fill(20);
    change("UPDATE fact SET id = id + 4294967296 WHERE key LIKE 'step_20/%'");
    const target = new DatabaseSync(":memory:");
    migrate(target, "x", migrations);
    const pages = openPages(state.path);
    expect(gather(pages, target).rows).toBe(42);
    pages.close();
    expect(save().losses).toEqual([
      "run R1: 1 of its 20 outcomes are lost: a resume does that work again",
      expect.stringContaining("run number 2"),
    ]);
  });
});

import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { batchWriter, committer } from "../../../../src/store/sqlite/commit.ts";
import { connect } from "../../../../src/store/sqlite/connection.ts";
import { FactPlaces } from "../../../../src/store/sqlite/fact-places.ts";
import { toStoreError } from "../../../../src/store/sqlite/error.ts";
import { runTable } from "../../../../src/store/sqlite/run-table.ts";
import { StoreError } from "../../../../src/store/store.ts";
import { InternalError } from "../../../../src/util/internal-error.ts";
import { clock, fact, owner, record, TempState } from "./temp-state.ts";

const state = new TempState();

it("a full disk says so, leaves what was committed, and the same batch goes through once there is space", () => {
  const store = state.open();
  const lease = store.createRun(record("R1"), owner);
  store.commit(lease, { events: [], facts: [fact("a")] });

  const db = new DatabaseSync(state.path);
  const pages = db.prepare("PRAGMA page_count").get()?.["page_count"] as number;
  db.exec(`PRAGMA max_page_count = ${pages}`);
  const connection = connect(db, ".muster/state.db");
  const commit = committer(batchWriter(connection, clock, new FactPlaces(connection)));
  const big = { ...fact("b"), output: { inline: "x".repeat(50_000) } };
  expect(() => commit(lease, { events: [], facts: [fact("small"), big], status: "failed" })).toThrow(
    expect.objectContaining({
      name: "StoreError",
      code: "full",
      message:
        "the state in .muster/state.db cannot be written, the disk is full: database or disk is full; " +
        "free some space there, then go on with 'muster resume'",
    }),
  );
  expect(runTable(connection, clock).findRun("R1")?.status).toBe("running");
  expect([...store.readFacts("R1")]).toEqual([fact("a")]);

  db.exec(`PRAGMA max_page_count = ${pages + 100}`);
  commit(lease, { events: [], facts: [fact("small"), big], status: "failed" });
  expect([...store.readFacts("R1")]).toEqual([fact("a"), fact("small"), big]);
  connection.close();
});

it("a writer that another process keeps waiting for too long says so, and goes on afterwards", () => {
  state.open().createRun(record("R1"), owner);
  const [impatient, other] = [new DatabaseSync(state.path), new DatabaseSync(state.path)];
  impatient.exec("PRAGMA busy_timeout = 1");
  const { createRun } = runTable(connect(impatient, ".muster/state.db"), clock);
  other.exec("BEGIN IMMEDIATE");
  expect(() => createRun(record("R2"), owner)).toThrow(
    expect.objectContaining({
      name: "StoreError",
      code: "busy",
      message:
        "the state in .muster/state.db is locked: database is locked; another process is writing to it; " +
        "try again, and look for a stuck 'muster' process if it stays so",
    }),
  );
  other.exec("ROLLBACK");
  expect(createRun(record("R2"), owner)).toEqual({ runId: "R2", epoch: 1 });
  for (const db of [impatient, other]) db.close();
});

describe("what goes wrong in the store becomes", () => {
  const sqlite = (errcode: number, message = "why") =>
    Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });
  const system = (code: string) => Object.assign(new Error("why"), { code, syscall: "write" });

  it.each([
    ["a full database", sqlite(13), "full"],
    ["a full disk", system("ENOSPC"), "full"],
    ["a used-up quota", system("EDQUOT"), "full"],
    ["a malformed database", sqlite(11), "corrupt"],
    ["a schema that lacks a column", sqlite(1, "no such column: why"), "corrupt"],
    ["a corrupt index (extended code)", sqlite(11 | (3 << 8)), "corrupt"],
    ["no database", sqlite(26), "corrupt"],
    ["a number out of range", Object.assign(new RangeError("why"), { code: "ERR_OUT_OF_RANGE" }), "corrupt"],
    ["a lock", sqlite(5), "busy"],
    ["a locked table", sqlite(6), "busy"],
    ["a failing fsync (extended code)", sqlite(10 | (4 << 8)), "io"],
    ["a file that cannot be opened", sqlite(14), "io"],
    ["no permission", system("EACCES"), "io"],
  ])("%s", (_what, error, code) => {
    const mapped = toStoreError(error, "/x/state.db");
    expect(mapped).toBeInstanceOf(StoreError);
    expect(mapped).toMatchObject({ code, cause: error });
    expect(mapped.message).toMatch(/^the state in \/x\/state\.db .*why; ./);
  });

  it("a bug, when it is one", () => {
    for (const error of [sqlite(19), new TypeError("x is undefined"), "thrown text"]) {
      expect(toStoreError(error, "/x/state.db")).toBeInstanceOf(InternalError);
    }
  });
});

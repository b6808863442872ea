import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askSqlite } from "../../../../src/engine/sql/sqlite.ts";
import type { Json } from "../../../../src/util/json.ts";

let workspace: string;
let outside: string;

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "muster-sqlite-"));
  outside = mkdtempSync(join(tmpdir(), "muster-outside-"));
});

afterEach(() => {
  for (const folder of [workspace, outside]) rmSync(folder, { recursive: true });
});

function ask(
  query: string,
  {
    params = [],
    isWrite = false,
    path = "app.db",
    signal = new AbortController().signal,
  }: {
    params?: readonly Json[];
    isWrite?: boolean;
    path?: string;
    signal?: AbortSignal;
  } = {},
) {
  return askSqlite(
    path,
    { query, params, isWrite },
    { workspace, node: process.execPath, env: {}, label: "x", signal },
  );
}

const make = (query: string, params: readonly Json[] = []) => ask(query, { params, isWrite: true });

describe("a SQLite file of the workspace", () => {
  it("is made by the first write, keeps values as they are, and gives them as JSON", async () => {
    expect(await ask("select 1")).toMatchObject({ ok: false, error: { class: "invalid", code: "no_database" } });
    expect(await make("create table t (a, b integer, c text, d blob, e, f)")).toEqual({ ok: true, value: [] });
    const insert = "insert into t values (?, ?, ?, x'00ff', ?, ?) returning typeof(a) as a, typeof(e) as e";
    expect(await make(insert, [1, true, "it's", 1.5, { k: [1] }])).toEqual({
      ok: true,
      value: [{ a: "integer", e: "real" }],
    });
    await make("insert into t (b) values (9007199254740993)");
    expect(await ask("select * from t")).toEqual({
      ok: true,
      value: [
        { a: 1, b: 1, c: "it's", d: "AP8=", e: 1.5, f: '{"k":[1]}' },
        { a: null, b: "9007199254740993", c: null, d: null, e: null, f: null },
      ],
    });
    expect(await ask("select 9e999 as much")).toEqual({ ok: true, value: [{ much: "Infinity" }] });
  });

  it.each([
    ["a write where only reading is told", "insert into t values (1)", false, "invalid", "read_only"],
    ["a mistake", "selec 1", false, "invalid", "sqlite_1"],
    ["a constraint", "insert into t values (1), (1)", true, "invalid", "constraint"],
    [
      "too many rows",
      "with recursive n(i) as (select 1 union all select i + 1 from n) select printf('%1000d', i) from n",
      false,
      "output",
      "output_too_large",
    ],
  ])("tells of %s", async (_, query, isWrite, failureClass, code) => {
    await make("create table t (a primary key)");
    const answer = await ask(query, { isWrite });
    expect(answer).toMatchObject({ ok: false, error: { class: failureClass, code } });
  });

  it("is no file that is a database of something else, and waits for nobody for ever", async () => {
    writeFileSync(join(workspace, "app.db"), "this is no database, whatever its name says, and long enough to be read");
    expect(await ask("select 1 from sqlite_schema")).toMatchObject({
      ok: false,
      error: { class: "invalid", code: "sqlite_26" },
    });
  });

  it.each(["../app.db", "/etc/passwd", "sub/../../app.db", "", ".", "a\0b"])(
    "lies inside: %j does not",
    async (path) => {
      expect(await ask("select 1", { path, isWrite: true })).toMatchObject({
        ok: false,
        error: { class: "invalid", code: "path_outside" },
      });
    },
  );

  it("cannot be reached through a link, nor be the state of the runs", async () => {
    new DatabaseSync(join(outside, "app.db")).close();
    symlinkSync(join(outside, "app.db"), join(workspace, "linked.db"));
    symlinkSync(outside, join(workspace, "folder"));
    mkdirSync(join(workspace, ".muster"));
    for (const path of ["linked.db", "folder/app.db", "folder/new.db", ".muster/state.db"]) {
      expect(await ask("create table t (a)", { path, isWrite: true })).toMatchObject({
        ok: false,
        error: { code: "path_outside" },
      });
    }
    expect(existsSync(join(outside, "new.db"))).toBe(false);
  });

  it("stops at once when it is told to, and what was not committed is undone", async () => {
    await make("create table t (a)");
    const controller = new AbortController();
    const endless = "insert into t with recursive n(i) as (select 1 union all select i + 1 from n) select i from n";
    const answer = ask(endless, { isWrite: true, signal: controller.signal });
    // It is at work as soon as there is something to undo.
    while (!existsSync(join(workspace, "app.db-journal"))) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await answer).toMatchObject({ ok: false, error: { class: "cancelled" } });
    expect(await ask("select count(*) as n from t")).toEqual({ ok: true, value: [{ n: 0 }] });
  });
});

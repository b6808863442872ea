import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askPostgres } from "../../../../src/engine/sql/postgres.ts";
import { systemResolve } from "../../../../src/network/resolve.ts";
import type { Json } from "../../../../src/util/json.ts";
import { missingPostgres, PostgresServer } from "../../../rig/postgres.ts";

const missing = missingPostgres();

describe.skipIf(missing !== null)(missing ?? "a PostgreSQL server", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 120_000);
  afterAll(() => server.stop());

  const ask = (
    query: string,
    {
      params = [],
      isWrite = false,
      url = server.url,
      signal = new AbortController().signal,
      guard = () => null,
    }: {
      params?: readonly Json[];
      isWrite?: boolean;
      url?: string;
      signal?: AbortSignal;
      guard?: (host: string, isPrivate: boolean) => string | null;
    } = {},
  ) =>
    askPostgres(
      url,
      { query, params, isWrite },
      { guard, resolve: systemResolve, label: "x", signal, timeoutMs: 60_000 },
    );

  const rows = async (...args: Parameters<typeof ask>) => {
    const answer = await ask(...args);
    if (!answer.ok) throw new Error(answer.error.message);
    return answer.value;
  };

  it("gives rows as JSON, each type as it is documented", async () => {
    const query = `select 1::int2 as small, 2::int4 as int, 3::int8 as big, 9007199254740993::int8 as huge, 1.10::numeric as exact,
      1.5::float8 as float, 'NaN'::float8 as nan, true as yes, null::int as nothing, 'text'::text as text, '\\x00ff'::bytea as bytes,
      '2026-01-31'::date as day, '2026-01-31 09:00:00.5'::timestamp as clock, '2026-01-31 09:00:00+02'::timestamptz as moment,
      '{"a":[1]}'::jsonb as json, array[1,2] as list, array['a',null] as texts, 'b4a1cd5e-0000-4000-8000-000000000000'::uuid as id,
      '1 day 2 hours'::interval as span, array['2026-01-31 09:00:00+00'::timestamptz] as moments,
      array[array['2026-01-31'::date], array[null::date]] as days, array[1, 9007199254740993]::int8[] as bigs`;
    expect(await rows(query)).toEqual([
      {
        small: 1,
        int: 2,
        big: 3,
        huge: "9007199254740993",
        exact: "1.10",
        float: 1.5,
        nan: "NaN",
        yes: true,
        nothing: null,
        text: "text",
        bytes: "AP8=",
        day: "2026-01-31",
        clock: "2026-01-31T09:00:00.5",
        moment: "2026-01-31T07:00:00Z",
        json: { a: [1] },
        list: [1, 2],
        texts: ["a", null],
        id: "b4a1cd5e-0000-4000-8000-000000000000",
        span: "P1DT2H",
        moments: ["2026-01-31T09:00:00Z"],
        days: [["2026-01-31"], [null]],
        bigs: [1, "9007199254740993"],
      },
    ]);
  });

  it("takes values as values: lists are arrays, maps are JSON, nothing in them is SQL", async () => {
    await rows("create table item (id int primary key, name text, tags text[], more jsonb)", { isWrite: true });
    const params = [1, "'); drop table item; --", ["a", "b"], { k: [1] }];
    expect(await rows("insert into item values ($1, $2, $3, $4) returning id", { params, isWrite: true })).toEqual([
      { id: 1 },
    ]);
    expect(await rows("select * from item where id = any($1)", { params: [[1, 2]] })).toEqual([
      { id: 1, name: "'); drop table item; --", tags: ["a", "b"], more: { k: [1] } },
    ]);
    expect(await rows("delete from item", { isWrite: true })).toEqual([]);
  });

  it("holds a statement that only reads to it, whatever its functions do", async () => {
    await rows("create sequence counter", { isWrite: true });
    expect(await ask("select nextval('counter')")).toMatchObject({
      ok: false,
      error: { class: "invalid", code: "read_only" },
    });
    expect(await rows("select nextval('counter') as n", { isWrite: true })).toEqual([{ n: 1 }]);
  });

  it.each([
    ["a mistake in it", "selec 1", {}, "invalid", "sql_42601"],
    ["no such table", "select * from nowhere", {}, "invalid", "sql_42P01"],
    ["a second statement", "select 1; select 2", {}, "invalid", "sql_42601"],
    ["a constraint", "insert into twice values (1), (1)", { isWrite: true }, "invalid", "sql_23505"],
    ["a wrong value", "select $1::int as n", { params: ["x"] }, "invalid", "sql_22P02"],
    ["a cancellation", "select pg_cancel_backend(pg_backend_pid())", { isWrite: true }, "timeout", "sql_57014"],
  ])(
    "tells of %s as what it is",
    async (_, query, more: { isWrite?: boolean; params?: Json[] }, failureClass, code) => {
      await rows("create table if not exists twice (id int primary key)", { isWrite: true });
      expect(await ask(query, more)).toMatchObject({ ok: false, error: { class: failureClass, code } });
    },
  );

  it("refuses a wrong password, a host that is not allowed, and says who does not listen", async () => {
    const wrong = server.url.replace(encodeURIComponent(server.password), "wrong");
    expect(await ask("select 1", { url: wrong })).toMatchObject({ ok: false, error: { class: "auth" } });
    const guard = (host: string, isPrivate: boolean) => `no: ${host} ${isPrivate}`;
    expect(await ask("select 1", { guard })).toMatchObject({
      ok: false,
      error: { class: "refused", code: "permission_denied", message: "no: 127.0.0.1 true" },
    });
    const nobody = "postgres://me:x@127.0.0.1:1/db";
    expect(await ask("select 1", { url: nobody })).toMatchObject({
      ok: false,
      error: { class: "network", code: "econnrefused" },
    });
  });

  it("cancels a statement at the server when it is told to stop", async () => {
    const controller = new AbortController();
    const slow = ask("select pg_sleep(600) as asleep", { isWrite: true, signal: controller.signal });
    const running =
      "select count(*)::int as n from pg_stat_activity where query like '%asleep%' and state = 'active' and pid <> pg_backend_pid()";
    while ((await rows(running))[0]?.["n"] !== 1);
    controller.abort();
    expect(await slow).toMatchObject({ ok: false, error: { class: "cancelled" } });
    while ((await rows(running))[0]?.["n"] !== 0);
  });

  it("reads no more than it may", async () => {
    const answer = await ask("select repeat('x', 1000) as text from generate_series(1, 100000)");
    expect(answer).toMatchObject({ ok: false, error: { class: "output", code: "output_too_large" } });
  });
});

describe("a connection that is wrong", () => {
  it.each([
    ["nonsense", "is no address"],
    ["mysql://me@h/db", "is neither sqlite: nor postgres://"],
    ["postgres:///db", "names no host"],
    ["postgres://h/db", "names no user"],
    ["postgres://me@h/db?sslmode=prefer", "has an sslmode other than disable, require and verify-full"],
    ["postgres://me@h/db?options=-c", "has the parameter 'options', which is not known: only sslmode is"],
    ["postgres://me:%zz@h/db", "has a `%` that stands for nothing: write it as %25"],
  ])("%s %s", async (url, why) => {
    const options = {
      guard: () => null,
      resolve: systemResolve,
      label: "x",
      signal: new AbortController().signal,
      timeoutMs: null,
    };
    expect(await askPostgres(url, { query: "select 1", params: [], isWrite: false }, options)).toMatchObject({
      ok: false,
      error: { class: "invalid", code: "bad_connection", message: `the connection of 'x' ${why}` },
    });
  });
});

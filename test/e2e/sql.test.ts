import { DatabaseSync } from "node:sqlite";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import { missingPostgres, PostgresServer } from "../rig/postgres.ts";

const ENDLESS = "insert into t with recursive n(i) as (select 1 union all select i + 1 from n) select i from n";

describe("sql steps on a file", () => {
  story("write, read, and hand rows on; a resume asks nothing twice", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: books
inputs: { title: { type: string, default: "it's {{ here }}" } }
steps:
  make: { sql: { connection: "sqlite:books.db", query: "create table if not exists book (title text, pages integer)" } }
  add:
    needs: make
    for_each: [120, 80]
    max_parallel: 1
    sql: { connection: "sqlite:books.db", query: "insert into book values (?, ?) returning rowid as id", params: ["\${{ inputs.title }}", "\${{ item }}"] }
  all:
    needs: add
    sql: { connection: "sqlite:books.db", query: "select title, pages from book order by pages" }
    output: { type: array, items: { type: object, properties: { title: { type: string }, pages: { type: integer } } } }
  sum: { value: "\${{ sum(steps.all.output.map(b, b.pages)) }}" }
  ready: { needs: sum, run: [test, -f, ready] }
outputs: { ids: "\${{ steps.add.output }}", all: "\${{ steps.all.output }}", sum: "\${{ steps.sum.output }}" }`,
    );
    expect((await project.muster("run", "flow.yaml", "--run-id", "one")).code).toBe(1);
    project.write("ready", "");
    expect((await project.muster("resume", "one", "--report", "report.json")).code).toBe(0);
    const title = "it's {{ here }}";
    expect(project.report().outputs).toEqual({
      ids: [[{ id: 1 }], [{ id: 2 }]],
      all: [
        { title, pages: 80 },
        { title, pages: 120 },
      ],
      sum: 200,
    });
  });

  story("a write that was under way at kill -9 is not repeated on its own, and is undone", async ({ project }) => {
    const db = new DatabaseSync(join(project.folder, "app.db"));
    db.exec("create table t (a)");
    db.close();
    project.write(
      "flow.yaml",
      `muster: 1\nname: w\nsteps:\n  fill: { sql: { connection: "sqlite:app.db", query: "${ENDLESS}" } }\n`,
    );
    const run = project.start(["run", "flow.yaml", "--run-id", "one"]);
    while (!existsSync(join(project.folder, "app.db-journal"))) await new Promise((resolve) => setImmediate(resolve));
    await run.crash();
    const resumed = await project.muster("resume", "one", "--report", "report.json");
    expect(resumed.code).toBe(1);
    expect(project.report().steps["fill"]?.error).toMatchObject({ code: "outcome_unknown" });
    // The process that asked went with the run, and nothing of its statement is left.
    const look = new DatabaseSync(join(project.folder, "app.db"));
    expect(look.prepare("select count(*) as n from t").get()?.["n"]).toBe(0);
    look.close();
  });

  story("a file in a folder of its own is handed on as an artifact", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: w
steps:
  make: { workspace: isolated, sql: { connection: "sqlite:out.db", query: "create table t as select 1 as n" }, writes: out.db }
  read: { workspace: isolated, reads: out.db, sql: { connection: "sqlite:out.db", query: "select n from t" } }
outputs: { rows: "\${{ steps.read.output }}" }`,
    );
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(0);
    expect(project.report().outputs).toEqual({ rows: [{ n: 1 }] });
    expect(project.has("out.db")).toBe(false);
  });

  story("a timeout stops the statement; --simulate asks nothing", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: w
steps:
  slow: { sql: { connection: "sqlite:app.db", query: "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as n from n" }, timeout: 500ms }`,
    );
    new DatabaseSync(join(project.folder, "app.db")).close();
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    expect(project.report().steps["slow"]?.error).toMatchObject({ class: "timeout" });
    expect((await project.muster("run", "flow.yaml", "--simulate", "--report", "report.json")).code).toBe(0);
    expect(project.report().steps["slow"]?.output).toEqual([]);
  });
});

const missing = missingPostgres();

describe.skipIf(missing !== null)("sql steps on a PostgreSQL server", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 120_000);
  afterAll(() => server.stop());

  story("by a secret as a whole, or a password in it; neither is written anywhere", async ({ project }) => {
    project.env["DATABASE_URL"] = server.url;
    project.env["DB_PASSWORD"] = server.password;
    project.write(
      "flow.yaml",
      `
muster: 1
name: pg
permissions: { network: ["127.0.0.1"] }
secrets: [DATABASE_URL, DB_PASSWORD]
steps:
  make: { sql: { connection: "\${{ secrets.DATABASE_URL }}", query: "create table if not exists note (id serial, text text)" } }
  add: { needs: make, sql: { connection: "postgres://muster:{{ secrets.DB_PASSWORD }}@127.0.0.1:${server.port}/postgres", query: "insert into note (text) values ($1) returning id, text", params: ["\${{ run.id }}"] } }
outputs: { rows: "\${{ steps.add.output }}" }`,
    );
    const run = await project.muster("run", "flow.yaml", "--run-id", "pg", "--report", "report.json");
    expect(run).toMatchObject({ code: 0 });
    expect(project.report().outputs).toEqual({ rows: [{ id: 1, text: "pg" }] });
    for (const { path, bytes } of project.files()) {
      const found = [server.password, encodeURIComponent(server.password)].some((secret) => bytes.includes(secret));
      expect([path, found]).toEqual([path, false]);
    }
  });

  story("a timeout ends the statement at the server", async ({ project }) => {
    project.env["DATABASE_URL"] = server.url;
    project.write(
      "flow.yaml",
      `
muster: 1
name: pg
permissions: { network: ["127.0.0.1"] }
secrets: [DATABASE_URL]
steps:
  slow: { sql: { connection: "\${{ secrets.DATABASE_URL }}", query: "select pg_sleep(600)" }, timeout: 500ms, on_error: continue }
  left: { needs: slow, sql: { connection: "\${{ secrets.DATABASE_URL }}", query: "select count(*)::int as n from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'" }, repeat: { until: "output[0].n == 0", max: 50 } }
outputs: { left: "\${{ steps.left.output }}" }`,
    );
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(0);
    expect(project.report().steps["slow"]?.error).toMatchObject({ class: "timeout" });
    expect(project.report().outputs).toEqual({ left: [{ n: 0 }] });
  });
});

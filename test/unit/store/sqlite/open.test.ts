import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { migrate, migrations } from "../../../../src/store/sqlite/schema.ts";
import { InternalError } from "../../../../src/util/internal-error.ts";
import { fact, owner, record, TempState } from "./temp-state.ts";

const state = new TempState();
const OPEN = join(import.meta.dirname, "../../../../src/store/sqlite/open.ts");
/** Arguments of a Node that runs the script after them. Node 22 needs to be told that types are stripped, and says so. */
const RUN_SCRIPT = ["--disable-warning=ExperimentalWarning", "--experimental-strip-types", "--input-type=module", "-e"];

function change(sql: string): void {
  const db = new DatabaseSync(state.path);
  db.exec(sql);
  db.close();
}

/** Makes the state of a fixture. */
function load(fixture: string): void {
  mkdirSync(dirname(state.path));
  const db = new DatabaseSync(state.path);
  db.exec(readFileSync(join(import.meta.dirname, "fixture", fixture), "utf8"));
  db.close();
}

describe("a new state", () => {
  it("is made with its folders, for its owner's eyes only", () => {
    const store = state.open();
    const name = store.putBlob(Buffer.from("secret"));
    store.createRun(record("R1"), owner);
    const mode = (path: string) => (statSync(join(state.folder, ".muster", path)).mode & 0o777).toString(8);
    const blob = `blobs/${name.slice(0, 2)}`;
    expect(["", "blobs", blob].map(mode)).toEqual(["700", "700", "700"]);
    expect(["state.db", "state.db-wal", `${blob}/${name.slice(2)}`].map(mode)).toEqual(["600", "600", "600"]);
  });

  it("leaves one file behind when it is closed", () => {
    state.open().close();
    expect(readdirSync(dirname(state.path))).toEqual(["state.db"]);
  });

  it("leaves the mode of a folder alone that was there", () => {
    const folder = dirname(state.path);
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    state.open();
    expect((statSync(folder).mode & 0o777).toString(8)).toBe("755");
  });

  it("is durable against power loss, in WAL mode", () => {
    state.open().close();
    const db = new DatabaseSync(state.path);
    expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    db.close();
  });
});

describe("an existing state", () => {
  it("of a path that looks like a URI is a plain file", () => {
    state.open({ path: join(state.folder, "file:x?mode=memory") }).createRun(record("R1"), owner);
    expect(readdirSync(state.folder)).toContain("file:x?mode=memory");
  });

  it("of version 1 still loads", () => {
    load("state-v1.sql");
    const store = state.open();
    expect(store.findRun("01K0FIXTURE")).toEqual({
      ...record("01K0FIXTURE"),
      status: "interrupted",
      updatedAt: 1_790_000_000_000,
      epoch: 1,
      activeMs: 1234,
      lease: owner,
    });
    expect([...store.readEvents("01K0FIXTURE")]).toMatchObject([
      { seq: 1, type: "run.started" },
      { seq: 2, type: "step.succeeded", data: { text: "Zoë" } },
    ]);
    expect([...store.readFacts("01K0FIXTURE")]).toEqual([
      fact("draft/i1/s0/a1"),
      { ...fact("b"), fingerprint: "text" },
    ]);
    expect(store.readInbox("01K0FIXTURE")).toMatchObject([{ kind: "kill", body: { step: null } }]);
  });

  it("of version 2 still loads", () => {
    load("state-v2.sql");
    expect(state.open().state.list("")).toEqual([
      { key: "seen/42", value: { at: "Zoë" }, version: 3, updatedAt: 1_790_000_000_000 },
    ]);
  });

  it("of version 2 goes on: events of before lie in rows of their own, those that follow together", () => {
    load("state-v2.sql");
    const store = state.open();
    const taken = store.acquireLease("01K0FIXTURE", owner, () => true);
    if (!taken.ok) throw new Error("nobody else is there");
    const at = 1_790_000_000_100;
    const more = [
      { seq: 3, at, type: "run.started" as const, data: { epoch: 2 } },
      { seq: 4, at: at - 50, type: "item.succeeded" as const, step: "draft", item: 3 },
      { seq: 5, at: at + 7, type: "attempt.started" as const, step: "b", attempt: 2, data: {} },
    ];
    store.commit(taken.lease, { events: more, facts: [] });
    expect([...store.readEvents("01K0FIXTURE")]).toStrictEqual([
      { seq: 1, at: 1_790_000_000_000, type: "run.started" },
      {
        seq: 2,
        at: 1_790_000_000_001,
        type: "step.succeeded",
        step: "draft",
        item: 0,
        attempt: 1,
        data: { text: "Zoë" },
      },
      ...more,
    ]);
    expect([...store.readEvents("01K0FIXTURE", { after: 1, limit: 3 })].map(({ seq }) => seq)).toEqual([2, 3, 4]);
  });

  it("of version 2 can be read as it is, and has neither dead letters nor figures", () => {
    load("state-v2.sql");
    const reader = state.open({ readOnly: true });
    expect([reader.listDeadLetters(), reader.copiedSeq("01K0FIXTURE"), reader.listAccounts()]).toEqual([
      [],
      0,
      reader.listRuns().map(({ runId, workflow, workflowVersion, status, startedAt }) => ({
        runId,
        workflow,
        workflowVersion,
        status,
        startedAt,
        // Nobody is asked who holds a run that does not run.
        lease: null,
        figures: null,
      })),
    ]);
  });

  it("of version 1 can be read as it is, and has no values", () => {
    load("state-v1.sql");
    const reader = state.open({ readOnly: true });
    expect([reader.findRun("01K0FIXTURE")?.runId, reader.state.get("k"), reader.state.list("")]).toEqual([
      "01K0FIXTURE",
      null,
      [],
    ]);
    state.open().state.set("k", 1);
    expect(state.open({ readOnly: true }).state.get("k")?.value).toBe(1);
  });

  it("of a later version is refused, with the versions and a way on", () => {
    state.open().close();
    change("PRAGMA user_version = 99");
    expect(() => state.open()).toThrow(
      expect.objectContaining({
        name: "StoreError",
        code: "version",
        message:
          `the state in ${state.path} has version 99, and this muster knows versions up to ${migrations.length}: use the muster ` +
          "that wrote it, or a later one, or move the file away (with its -wal and -shm) to start afresh; the runs in it are lost",
      }),
    );
    expect(() => state.open({ readOnly: true })).toThrow(expect.objectContaining({ code: "version" }));
  });

  it("is brought to the newest version step by step, once, or not at all", () => {
    const db = new DatabaseSync(":memory:");
    const version = () => db.prepare("PRAGMA user_version").get()?.["user_version"];
    migrate(db, "f", ["CREATE TABLE a (x)"]);
    expect(() => migrate(db, "f", ["", "CREATE TABLE b (x)", "nonsense"])).toThrow("syntax error");
    expect(version()).toBe(1);
    migrate(db, "f", ["", "CREATE TABLE b (x)", "ALTER TABLE b ADD y"]);
    migrate(db, "f", ["", "CREATE TABLE b (x)", "ALTER TABLE b ADD y"]);
    expect([version(), db.prepare("SELECT y FROM b").all()]).toEqual([3, []]);
    db.close();
  });

  it("is made once when several processes start at the same moment", async () => {
    const script = `
      import { openSqliteStore } from ${JSON.stringify(OPEN)};
      const clock = { now: () => 1, monotonic: () => 1, after: () => () => {} };
      process.stdin.once("data", () => {
        const store = openSqliteStore({ path: process.argv[1], clock });
        store.createRun({ ...${JSON.stringify(record("R"))}, runId: process.argv[2] }, ${JSON.stringify(owner)});
        store.close();
        process.stdin.destroy();
      });
      process.stdout.write("ready");`;
    const children = ["A", "B", "C", "D"].map((id) =>
      spawn(process.execPath, [...RUN_SCRIPT, script, state.path, id], { stdio: ["pipe", "pipe", "inherit"] }),
    );
    await Promise.all(children.map(({ stdout }) => once(stdout, "data")));
    const ends = children.map((child) => once(child, "exit"));
    for (const { stdin } of children) stdin.write("go");
    expect((await Promise.all(ends)).map(([code]) => code as unknown)).toEqual([0, 0, 0, 0]);
    expect(
      state
        .open()
        .findRunsByPrefix("", 9)
        .map(({ runId }) => runId),
    ).toEqual(["A", "B", "C", "D"]);
  });
});

describe("opened for reading only", () => {
  it("reads while another writes, and writes nothing", () => {
    const writer = state.open();
    const lease = writer.createRun(record("R1"), owner);
    const reader = state.open({ readOnly: true });
    writer.commit(lease, { events: [], facts: [fact("a")] });
    expect([...reader.readFacts("R1")]).toEqual([fact("a")]);
    const refused: unknown = expect.objectContaining({ name: "StoreError", code: "io" });
    expect(() => reader.commit(lease, { events: [], facts: [] })).toThrow(refused);
    expect(() => reader.createRun(record("R2"), owner)).toThrow(refused);
    expect(() => reader.putBlob(Buffer.from("x"))).toThrow(refused);
    expect(writer.lastSeq("R1")).toBe(0);
  });

  it("makes nothing where nothing is", () => {
    expect(() => state.open({ readOnly: true })).toThrow(
      `there is no state in ${state.path} yet; 'muster run' makes it`,
    );
    expect(readdirSync(state.folder)).toEqual([]);
  });
});

describe("a state that cannot be opened is refused with file, reason and way on:", () => {
  const refusal = (code: string, ...parts: string[]): unknown => {
    const message: unknown = expect.stringMatching(new RegExp([state.path, ...parts].join(".*")));
    return expect.objectContaining({ name: "StoreError", code, message });
  };

  it("a file that is no database", () => {
    mkdirSync(dirname(state.path));
    writeFileSync(state.path, "steps:\n  draft:\n".repeat(100));
    expect(() => state.open()).toThrow(
      refusal("corrupt", "file is not a database", "move the file away", "the runs in it are lost"),
    );
    expect(readFileSync(state.path, "utf8")).toBe("steps:\n  draft:\n".repeat(100));
  });

  it("a database of another program", () => {
    mkdirSync(dirname(state.path));
    change("CREATE TABLE theirs (x)");
    expect(() => state.open()).toThrow(refusal("corrupt", "it is a database of another program"));
  });

  it("a file of 0 bytes", () => {
    mkdirSync(dirname(state.path));
    writeFileSync(state.path, "");
    expect(() => state.open()).toThrow(refusal("corrupt", "it is empty, which muster never leaves behind"));
  });

  it("a log whose file is gone", () => {
    const store = state.open();
    store.createRun(record("R1"), owner);
    renameSync(state.path, `${state.path}.away`);
    expect(() => state.open()).toThrow(
      refusal("corrupt", "is gone, but its log", "put the file back, or delete the log"),
    );
    renameSync(`${state.path}.away`, state.path);
    expect(state.open().findRun("R1")?.runId).toBe("R1");
  });

  it("a path below a file", () => {
    writeFileSync(dirname(state.path), "");
    expect(() => state.open()).toThrow(refusal("io", "file already exists", "go on with 'muster resume'"));
  });

  it("a folder", () => {
    mkdirSync(state.path, { recursive: true });
    expect(() => state.open()).toThrow(refusal("io", "unable to open database file"));
  });

  it.runIf(process.platform === "linux")("a folder that may only be read", () => {
    state.open().close();
    const script = `
      import { openSqliteStore } from ${JSON.stringify(OPEN)};
      // Permissions do not bind root.
      if (process.getuid() === 0) process.setuid(65534);
      const clock = { now: () => 1, monotonic: () => 1, after: () => () => {} };
      try {
        openSqliteStore({ path: process.argv[1], clock }).createRun(${JSON.stringify(record("R1"))}, ${JSON.stringify(owner)});
      } catch (error) {
        console.log(error.name, error.code, error.message);
      }`;
    chmodSync(state.path, 0o444);
    chmodSync(dirname(state.path), 0o555);
    chmodSync(state.folder, 0o755);
    const said = execFileSync(process.execPath, [...RUN_SCRIPT, script, state.path], { encoding: "utf8" });
    chmodSync(dirname(state.path), 0o755);
    expect(said).toMatch(
      new RegExp(`^StoreError io the state in ${state.path} cannot be used: .*; check that the file and its folder`),
    );
  });
});

it("a store that was closed is not used again", () => {
  const store = state.open();
  store.close();
  expect(() => store.listRuns()).toThrow(InternalError);
});

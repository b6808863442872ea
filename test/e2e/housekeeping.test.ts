import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { systemClock } from "../../src/util/clock.ts";
import { story } from "../rig/muster/e2e.ts";
import { API_KEY, type Project } from "../rig/muster/project.ts";

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const DAY_MS = 86_400_000;

/** Gives the project runs by hand: each with its status, its age in days, and a large value. */
function fill(
  project: Project,
  runs: {
    readonly [runId: string]: readonly [status: "succeeded" | "failed" | "interrupted" | "running", days: number];
  },
): void {
  const owner = { host: "elsewhere", pid: 1, processStart: null, renewedAt: Date.now() };
  for (const [runId, [status, days]] of Object.entries(runs)) {
    const at = Date.now() - days * DAY_MS;
    const store = openSqliteStore({
      path: join(project.folder, ".muster/state.db"),
      clock: { ...systemClock, now: () => at },
    });
    try {
      const blob = store.putBlob(Buffer.from(JSON.stringify(runId.repeat(5000))));
      const lease = store.createRun(
        { runId, workflow: "w", workflowVersion: null, manifestPath: "w.yaml", startedAt: at, frozen: {} },
        owner,
      );
      const fact = {
        key: "a/i1/s0/a1",
        fingerprint: "f",
        state: "succeeded",
        starts: 1,
        startedAt: at,
        endedAt: at,
        output: { blob, bytes: 9 },
        extra: null,
        failure: null,
        model: null,
        usage: null,
        costUsd: null,
      } as const;
      store.commit(lease, { events: [{ seq: 1, at, type: "run.started" }], facts: [fact], status });
      if (status !== "running") store.releaseLease(lease);
    } finally {
      store.close();
    }
  }
}

const blobs = (project: Project): string[] =>
  readdirSync(join(project.folder, ".muster/blobs"), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.length > 60,
  );
const runIds = (project: Project): string[] => project.inStore((store) => store.listRuns().map(({ runId }) => runId));

describe("muster prune", () => {
  story(
    "deletes what is over and old, with its values; never what somebody runs or can go on with",
    async ({ project }) => {
      fill(project, {
        OLD: ["succeeded", 40],
        FAILED: ["failed", 35],
        STOPPED: ["interrupted", 50],
        LIVE: ["running", 60],
        NEW: ["succeeded", 2],
      });
      const before = statSync(join(project.folder, ".muster/state.db")).size;
      const dry = await project.muster("prune", "--older-than", "30d", "--dry-run");
      expect(dry).toMatchObject({
        code: 0,
        stdout: matching(/^FAILED {2}failed .*\nOLD {5}succeeded .*\n$/),
        stderr: matching(/^would delete 2 runs and 2 unused values \(\d+\.\d KiB\)\n$/),
      });
      expect([runIds(project).length, blobs(project).length]).toEqual([5, 5]);

      const done = await project.muster("prune", "--older-than", "30d", "--json");
      expect(JSON.parse(done.stdout)).toEqual({
        version: 1,
        dry_run: false,
        dead_letters: 0,
        runs: ["FAILED", "OLD"],
        blobs: 2,
        blob_bytes: 45_004,
        cached: 0,
        sessions: 0,
        cached_files: 0,
        cached_file_bytes: 0,
        compacted: true,
      });
      expect([runIds(project), blobs(project).length]).toEqual([["NEW", "STOPPED", "LIVE"], 3]);
      expect(statSync(join(project.folder, ".muster/state.db")).size).toBeLessThanOrEqual(before);

      expect((await project.muster("prune", "--older-than", "30d", "--all")).stderr).toContain(
        "deleted 1 run and 1 unused value ",
      );
      expect(runIds(project)).toEqual(["NEW", "LIVE"]);
    },
  );

  story("keeps the newest", async ({ project }) => {
    fill(project, { A: ["succeeded", 4], B: ["succeeded", 3], C: ["failed", 2], D: ["succeeded", 1] });
    expect((await project.muster("prune", "--keep", "3")).code).toBe(0);
    expect(runIds(project)).toEqual(["D", "C", "B"]);
    expect((await project.muster("prune", "--keep", "0")).code).toBe(0);
    expect(runIds(project)).toEqual([]);
    expect(blobs(project)).toEqual([]);
  });

  story("deletes no run unless it is told which", async ({ project }) => {
    fill(project, { A: ["succeeded", 400] });
    expect((await project.muster("prune")).stderr).toContain("say which runs may go: --older-than 30d, --keep 20");
    expect(runIds(project)).toEqual(["A"]);
    expect(await project.muster("prune", "--older-than", "30")).toMatchObject({
      code: 2,
      stderr: matching(/write a duration such as 30d/),
    });
  });
});

describe("muster state", () => {
  story("sets, gets and lists values of the project", async ({ project }) => {
    expect(await project.muster("state", "list")).toMatchObject({ code: 0, stdout: "" });
    expect((await project.muster("state", "set", "seen/42", '{"at": "Zoë"}')).stderr).toBe(
      "seen/42 is set, version 1\n",
    );
    expect((await project.muster("state", "set", "note", "two words")).code).toBe(0);
    expect((await project.muster("state", "get", "note")).stdout).toBe("two words\n");
    expect(JSON.parse((await project.muster("state", "get", "seen/42")).stdout)).toEqual({ at: "Zoë" });
    expect((await project.muster("state", "list")).stdout).toMatch(
      /^note +v1 .* "two words"\nseen\/42 +v1 .* {"at":"Zoë"}\n$/,
    );
    expect(JSON.parse((await project.muster("state", "list", "se", "--json")).stdout)).toMatchObject([
      { key: "seen/42", value: { at: "Zoë" }, version: 1 },
    ]);
  });

  story("sets a value only over the one that is expected", async ({ project }) => {
    expect((await project.muster("state", "set", "n", "1", "--from", "null")).code).toBe(0);
    expect((await project.muster("state", "set", "n", "2", "--from", "1")).code).toBe(0);
    expect(await project.muster("state", "set", "n", "9", "--from", "1")).toMatchObject({
      code: 1,
      stderr: "muster: 'n' was not set: its value is not the one of --from\n",
    });
    expect((await project.muster("state", "get", "n")).stdout).toBe("2\n");
  });

  story("knows no value that is not there, and takes no key that cannot be read", async ({ project }) => {
    expect(await project.muster("state", "get", "x")).toMatchObject({
      code: 1,
      stderr: "muster: there is no value 'x': 'muster state list' shows all\n",
    });
    expect((await project.muster("state", "set", "a\u001b[2J", "1")).code).toBe(2);
  });
});

describe("muster doctor", () => {
  const findings = async (project: Project, ...args: string[]) => {
    const { code, stdout } = await project.muster("doctor", "--json", ...args);
    const { findings: list } = JSON.parse(stdout) as {
      findings: { name: string; status: string; message: string; help: string | null }[];
    };
    return { code, list, of: (name: string) => list.filter((finding) => finding.name === name) };
  };

  story("says what works here, and shows no key", async ({ project }) => {
    const { code, list, of } = await findings(project);
    expect(code).toBe(0);
    expect(list.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["node", "terminal", "git", "project", "disk", "sandbox", "state", "key"]),
    );
    expect(of("key")).toMatchObject([
      { status: "ok", message: matching(/^ANTHROPIC_API_KEY is set, for 127\.0\.0\.1:\d+$/) },
    ]);
    const { stdout, stderr } = await project.muster("doctor");
    expect(stdout + stderr).not.toContain(API_KEY);
    expect(stdout).toMatch(/^ok {4}node {6}muster /);
    expect(project.has(".muster")).toBe(false);
  });

  story("warns of a machine without any model, and of a run that waits to go on", async ({ project }) => {
    fill(project, { STOPPED: ["interrupted", 1] });
    const ended = await project.start(["doctor", "--json"], { ANTHROPIC_API_KEY: "", CI: "1" }).ended;
    const { findings: list } = JSON.parse(ended.stdout) as {
      findings: { name: string; status: string; help: string }[];
    };
    const warnings = list.filter(({ status }) => status === "warn");
    expect([ended.code, warnings.map(({ name }) => name)]).toEqual([0, ["runs", "models"]]);
    expect(warnings.every(({ help }) => help.length > 10)).toBe(true);
  });

  story(
    "finds a damaged state, with exit code 1, and a half-written file, which --repair deletes",
    async ({ project }) => {
      fill(project, { A: ["succeeded", 1] });
      const draft = join(project.folder, ".muster/blobs", blobs(project)[0] ?? "").replace(
        /$/,
        ".01234567-89ab-cdef-0123-456789abcdef",
      );
      writeFileSync(draft, "half");
      expect((await findings(project)).of("drafts")).toEqual([]);
      utimesSync(draft, 1, 1);
      expect((await findings(project)).of("drafts")).toMatchObject([
        { status: "warn", message: "1 file (4 B) that a process left half-written" },
      ]);
      expect((await findings(project, "--repair")).of("repair")).toMatchObject([
        { status: "ok", message: "the log is in the file, 1 half-written file deleted" },
      ]);
      expect(blobs(project)).toHaveLength(1);

      const path = join(project.folder, ".muster/state.db");
      project.write(".muster/state.db", "");
      writeFileSync(path, Buffer.alloc(8192, 7));
      const damaged = await findings(project);
      expect([damaged.code, damaged.of("state").map(({ status }) => status)]).toEqual([1, ["fail"]]);
      expect((await findings(project, "--repair")).code).toBe(1);
    },
  );
});

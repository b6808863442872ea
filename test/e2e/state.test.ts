import { join } from "node:path";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const preload = join(import.meta.dirname, "../rig/muster/crash-at-commit.ts");

/** Starts a command that dies by SIGKILL at a commit. */
function crashing(project: Project, args: readonly string[], at: number, when: "before" | "inside" | "after") {
  const env = {
    NODE_OPTIONS: `--disable-warning=ExperimentalWarning --experimental-strip-types --import ${preload}`,
    CRASH_AT: String(at),
    CRASH_WHEN: when,
  };
  return project.start(args, env).ended;
}

const valueOf = (project: Project, key: string) => project.inStore((store) => store.state.get(key)?.value ?? null);

describe("a change of a value is done exactly once", () => {
  for (const when of ["before", "inside", "after"] as const) {
    story(`whatever commit kill -9 comes ${when}`, { timeout: 120_000 }, async ({ project }) => {
      project.write(
        "flow.yaml",
        `
muster: 1
name: count
steps:
  add: { state: { increment: runs, by: 2 } }
  take: { state: { compare_and_set: "lock/\${{ run.id }}", from: null, to: mine } }
outputs: { add: "\${{ steps.add.output }}", take: "\${{ steps.take.output }}" }`.replace(
          '"lock/${{ run.id }}"',
          '"lock/{{ run.id }}"',
        ),
      );
      let crashes = 0;
      for (let at = 1; ; at += 1) {
        const run = `at-${at}`;
        const ending = await crashing(project, ["run", "flow.yaml", "--run-id", run], at, when);
        if (ending.signal === "SIGKILL") {
          crashes += 1;
          const known = project.inStore((store) => store.findRun(run));
          // Before its first commit there is no run.
          const resumed = known === null ? null : await project.muster("resume", run, "--report", "report.json");
          if (resumed !== null) {
            expect(resumed).toMatchObject({ code: 0 });
            expect(project.report().outputs).toEqual({ add: 2, take: "mine" });
          }
          expect(valueOf(project, "runs")).toBe(known === null ? null : 2);
          expect(valueOf(project, `lock/${run}`)).toBe(known === null ? null : "mine");
        } else {
          expect(ending).toMatchObject({ code: 0 });
          break;
        }
        project.inStore((store) => store.state.delete("runs"));
      }
      // The run itself, its start, two changes, what came of them and its end.
      expect(crashes).toBeGreaterThanOrEqual(5);
    });
  }

  story("two runs that count at the same time lose nothing", { timeout: 60_000 }, async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: count
steps:
  add: { for_each: [${Array.from({ length: 40 }, (_, i) => i).join(", ")}], state: { increment: hits } }
  own: { needs: add, for_each: [1, 2, 3], state: { increment: hits, scope: run } }
  seen: { needs: own, state: { get: hits, scope: run } }
outputs: { own: "\${{ steps.seen.output }}" }`,
    );
    const runs = [1, 2, 3].map(() => project.start(["run", "flow.yaml"]).ended);
    for (const ending of await Promise.all(runs)) {
      expect(ending).toMatchObject({ code: 0, stdout: `{\n  "own": 3\n}\n` });
    }
    expect(valueOf(project, "hits")).toBe(120);
  });
});

describe("state steps", () => {
  const FLOW = `
muster: 1
name: lock
inputs: { me: { type: string, default: one } }
steps:
  lock: { state: { compare_and_set: lock, from: null, to: "\${{ inputs.me }}" } }
  note: { needs: lock, state: { set: "notes/{{ inputs.me }}", value: { by: "\${{ inputs.me }}" } } }
  all: { needs: note, state: { list: notes/ } }
outputs: { all: "\${{ steps.all.output }}" }`;

  story(
    "a lock that somebody has fails with state_mismatch; the command line shows and takes it",
    async ({ project }) => {
      project.write("flow.yaml", FLOW);
      expect(await project.muster("run", "flow.yaml")).toMatchObject({ code: 0 });
      const second = await project.muster("run", "flow.yaml", "--input", "me=two", "--report", "report.json");
      expect(second.code).toBe(1);
      expect(project.report().steps["lock"]?.error).toMatchObject({
        class: "output",
        code: "state_mismatch",
        message: "'lock' did not write 'lock': it is \"one\", not what `from` says",
      });
      expect((await project.muster("state", "get", "lock")).stdout).toBe("one\n");
      expect((await project.muster("state", "set", "lock", "null")).code).toBe(0);
      const resumed = await project.muster("resume", "--report", "report.json");
      expect(resumed.code).toBe(0);
      expect(project.report().outputs).toEqual({
        all: [
          { key: "notes/one", value: { by: "one" } },
          { key: "notes/two", value: { by: "two" } },
        ],
      });
    },
  );

  story("a resume does no change again, and --rerun does", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: again
steps:
  add: { state: { increment: runs } }
  after: { needs: add, run: [test, -f, ready] }`,
    );
    expect((await project.muster("run", "flow.yaml", "--run-id", "one")).code).toBe(1);
    project.write("ready", "");
    expect((await project.muster("resume")).code).toBe(0);
    expect(valueOf(project, "runs")).toBe(1);
    expect((await project.muster("resume", "one", "--rerun", "add")).code).toBe(0);
    expect(valueOf(project, "runs")).toBe(2);
  });

  story("--simulate works on a copy: it sees what it did, and nobody else does", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: sim
steps:
  add: { state: { increment: runs } }
  set: { state: { set: a/new, value: 1 } }
  drop: { state: { delete: a/old } }
  list: { needs: [set, drop, add], state: { list: "" } }
outputs: { list: "\${{ steps.list.output }}" }`,
    );
    project.inStore(({ state }) => [state.set("runs", 41), state.set("a/old", "x")]);
    const run = await project.muster("run", "flow.yaml", "--simulate", "--report", "report.json");
    expect(run.code).toBe(0);
    expect(project.report().outputs).toEqual({
      list: [
        { key: "a/new", value: 1 },
        { key: "runs", value: 42 },
      ],
    });
    expect(project.inStore(({ state }) => state.list("").map(({ key, value }) => [key, value]))).toEqual([
      ["a/old", "x"],
      ["runs", 41],
    ]);
  });

  story("values of a run go with it", async ({ project }) => {
    project.write("flow.yaml", `muster: 1\nname: own\nsteps:\n  set: { state: { set: k, value: 1, scope: run } }\n`);
    expect((await project.muster("run", "flow.yaml", "--run-id", "own")).code).toBe(0);
    expect(project.inStore((store) => store.stateOfRun("own", "run").get("k")?.value)).toBe(1);
    expect((await project.muster("state", "list")).stdout).toBe("");
    project.inStore((store) => store.deleteRun("own", () => true));
    project.inStore((store) =>
      store.createRun(
        { runId: "own", workflow: "w", workflowVersion: null, manifestPath: "f", startedAt: 1, frozen: {} },
        { host: "h", pid: 1, processStart: null, renewedAt: 1 },
      ),
    );
    expect(project.inStore((store) => store.stateOfRun("own", "run").get("k"))).toBeNull();
  });
});

import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const models = `
models: { fast: anthropic/claude-haiku-5-5, strong: anthropic/claude-opus-5-5 }
agents: { one: { model: fast }, two: { model: strong } }`;
const flow = `
muster: 1
name: says${models}
steps:
  draft: { agent: one, task: Draft }
  check: { agent: two, task: "Check {{ steps.draft.output }}" }
`;

describe("what commands say", () => {
  story("one line for a key that several models lack", async ({ project }) => {
    project.write("flow.yaml", flow);
    const ended = await project.start(["run", "flow.yaml"], { ANTHROPIC_API_KEY: "" }).ended;
    expect(ended.stderr).toBe(
      "muster: anthropic/claude-haiku-5-5, anthropic/claude-opus-5-5 need ANTHROPIC_API_KEY, which is not set: " +
        "export it, or answer from a recording with --replay FILE\n",
    );
  });

  story("a transient failure without `retry` is told once, with the advice to retry", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    fake.on("Draft", { kind: "fail", status: 500, type: "api_error", message: "down", headers: {} });
    const run = await project.muster("run", "flow.yaml", "--run-id", "r");
    expect(run.stderr).toContain("  help     a `retry` would try it again\n");
    const { stdout } = await project.muster("show", "r");
    expect(stdout).toMatch(/^says {2}flow\.yaml {2}run r\n/);
    expect(stdout.split("down").length).toBe(2);
    expect(stdout).toContain("  help     a `retry` would try it again\n");
  });

  story("logs are read as words; a step that is not there is an error", async ({ project }) => {
    project.write("flow.yaml", "muster: 1\nname: says\nsteps:\n  fail: { run: exit 3 }\n");
    await project.muster("run", "flow.yaml", "--run-id", "r");
    expect((await project.muster("logs", "r", "fail")).stdout).toContain(
      "  attempt.failed     fail #1  class=exit code=exit_3  'fail' ended with exit code 3\n",
    );
    expect(await project.muster("logs", "r", "fial")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: "muster: run r has no step 'fial'; did you mean 'fail'?\n",
    });
  });

  story(
    "warnings are counted at a run, and told by validate; packages only where they are named",
    async ({ project }) => {
      const warned = "muster: 1\nname: says\nsecrets: [UNUSED_KEY]\nsteps:\n  say: { run: echo hi }\n";
      project.write("node_modules/p/flow.yaml", warned);
      const run = await project.start(["run", "node_modules/p/flow.yaml"], { UNUSED_KEY: "0123456789" }).ended;
      expect(run.stderr).toMatch(/^1 warning: muster validate node_modules\/p\/flow\.yaml\nsays {2}/);
      expect((await project.muster("validate", ".")).stderr).toBe("muster: there is no workflow under .\n");
      expect(await project.muster("validate", "node_modules/p")).toMatchObject({
        code: 0,
        stderr: "1 workflow checked: 0 errors, 1 warning\n",
      });
    },
  );

  story("a resume of a cancelled run fails, of a succeeded one does not; columns hold", async ({ project }) => {
    project.write("flow.yaml", "muster: 1\nname: says\nsteps:\n  say: { run: 'exit $CODE' }\n");
    await project.start(["run", "flow.yaml", "--run-id", "good"], { CODE: "0" }).ended;
    const bad = project.start(["run", "flow.yaml", "--run-id", "stopped"], { CODE: "1" });
    await bad.ended;
    project.inStore((store) => {
      const owner = { host: "here", pid: 1, processStart: null, renewedAt: Date.now() };
      const lease = store.acquireLease("stopped", owner, () => true);
      if (!lease.ok) throw new Error("somebody holds it");
      store.commit(lease.lease, { events: [], facts: [], status: "cancelled" });
      store.releaseLease(lease.lease);
    });
    expect([(await project.muster("resume", "good")).code, (await project.muster("resume", "stopped")).code]).toEqual([
      0, 1,
    ]);
    const lines = (await project.muster("runs")).stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, 20).trimEnd()).toSorted()).toEqual([
      "good     succeeded",
      "stopped  cancelled",
    ]);
  });
});

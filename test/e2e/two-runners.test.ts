import { hostname } from "node:os";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const FLOW = `
muster: 1
name: shared
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps:
  first: { agent: writer, task: First }
  second: { agent: writer, task: "Second after {{ steps.first.output }}" }
outputs: { second: "\${{ steps.second.output }}" }
`;

/** All that the state knows of the run. */
const record = (project: Project): unknown =>
  project.inStore((store) => [
    store.findRun("shared"),
    [...store.readFacts("shared")],
    [...store.readEvents("shared")],
  ]);

describe("a run has one runner", () => {
  story("a second one is told who the first is, and touches nothing", async ({ fake, project }) => {
    project.write("flow.yaml", FLOW);
    const first = fake.nextRequest("First");
    const run = project.start(["run", "flow.yaml", "--run-id", "shared"]);
    const held = await first;

    const refused = await project.muster("resume", "shared");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      new RegExp(
        `^muster: run shared is being run by pid ${run.pid} on ${hostname()}, which gave a sign of life \\d+\\.\\ds ago: follow it with 'muster logs shared --follow', or stop it with 'muster kill shared'\n$`,
      ),
    );
    expect(await project.muster("run", "flow.yaml", "--run-id", "shared")).toMatchObject({
      code: 2,
      stderr: "muster: there is a run shared already: muster resume shared, or take another --run-id\n",
    });

    await held.reply("one");
    expect((await run.ended).code).toBe(0);
    expect(fake.count()).toBe(2);
  });

  story("of many that resume at once, one runs and the others are refused", async ({ fake, project }) => {
    project.write("flow.yaml", FLOW);
    const first = fake.nextRequest("First");
    const run = project.start(["run", "flow.yaml", "--run-id", "shared"]);
    await first;
    await run.crash();
    const again = fake.nextRequest("First");
    const runners = Array.from({ length: 4 }, () => project.start(["resume", "shared"]));
    const held = await again;
    // The winner is held: whoever has ended is one of the refused.
    const losers: (number | null)[] = [];
    await new Promise<void>((resolve) => {
      for (const { ended } of runners) void ended.then(({ code }) => losers.push(code) === 3 && resolve());
    });
    expect(losers).toEqual([2, 2, 2]);
    await held.reply("one");
    const codes = await Promise.all(runners.map(async ({ ended }) => (await ended).code));
    expect(codes.toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual([0, 2, 2, 2]);
    expect(fake.count()).toBe(3);
  });

  story("the lease of a runner that died is taken over at once, and the log names it", async ({ fake, project }) => {
    project.write("flow.yaml", FLOW);
    const first = fake.nextRequest("First");
    const run = project.start(["run", "flow.yaml", "--run-id", "shared"]);
    await first;
    await run.crash();
    expect((await project.muster("resume")).code).toBe(0);
    const starts = (await project.muster("logs", "shared", "--json")).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; epoch?: number })
      .filter(({ type }) => type === "run.started");
    expect(starts).toMatchObject([{ epoch: 1 }, { epoch: 2, taken_from: { host: hostname(), pid: run.pid } }]);
  });

  story(
    "a runner that was paused, lost its lease and wakes, writes nothing more and says so",
    async ({ fake, project }) => {
      project.write("flow.yaml", FLOW);
      const first = fake.nextRequest("First");
      const paused = project.start(["run", "flow.yaml", "--run-id", "shared"]);
      const held = await first;
      paused.signal("SIGSTOP");
      // As when it had slept on another host for too long.
      project.inStore((store) =>
        store.acquireLease("shared", { host: "far-away", pid: 1, processStart: null, renewedAt: 0 }, () => true),
      );

      fake.on("First", "one");
      expect(await project.muster("resume", "shared")).toMatchObject({ code: 0 });
      expect([fake.count("First"), fake.count("Second")]).toEqual([2, 1]);
      const before = record(project);
      const answered = held.reply("too late");
      paused.signal("SIGCONT");
      await answered;
      const woken = await paused.ended;
      expect(woken.code).toBe(1);
      expect(woken.stdout).toBe("");
      expect(woken.stderr).toContain("another runner took over run shared; this one wrote nothing more");
      expect(record(project)).toEqual(before);
      expect(fake.count()).toBe(3);
    },
  );
});

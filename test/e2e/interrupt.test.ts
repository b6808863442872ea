import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import { isAlive } from "../rig/muster/pid.ts";
import type { Project } from "../rig/muster/project.ts";

const flow = (more = ""): string => `
muster: 1
name: stops
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
${more}
steps:
  first: { agent: writer, task: First }
  second: { agent: writer, task: "Second after {{ steps.first.output }}" }
outputs: { second: "\${{ steps.second.output }}" }
`;

describe("a signal stops a run and loses nothing", () => {
  story.for([
    { signal: "SIGINT", code: 130 },
    { signal: "SIGTERM", code: 143 },
    { signal: "SIGHUP", code: 129 },
  ] as const)(
    "$signal: the call in flight is answered and kept, nothing new starts, exit $code",
    async ({ signal, code }, { fake, project }) => {
      project.write("flow.yaml", flow());
      const first = fake.nextRequest("First");
      const run = project.start(["run", "flow.yaml", "--report", "report.json"]);
      const held = await first;
      run.signal(signal);
      await run.shows("stopping: what runs may end; once more stops at once");
      await held.reply("one");
      const ended = await run.ended;
      expect(ended).toMatchObject({ code, stdout: "" });
      expect(ended.stderr).toContain("interrupted; the state is saved");
      expect(fake.count()).toBe(1);
      expect(project.report()).toMatchObject({
        status: "interrupted",
        outputs: null,
        usage: { calls: 1 },
        steps: { first: { status: "succeeded", output: "one" } },
      });

      fake.on("Second", "two");
      expect(await project.muster("resume")).toMatchObject({ code: 0, stdout: "two\n" });
      expect([fake.count("First"), fake.count("Second after one")]).toEqual([1, 1]);
    },
  );

  story(
    "a second signal stops at once: the call is given up, and made again by a resume",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow());
      const first = fake.nextRequest("First");
      const run = project.start(["run", "flow.yaml"]);
      const held = await first;
      run.signal("SIGINT");
      await run.shows("stopping");
      run.signal("SIGINT");
      await held.closed;
      expect((await run.ended).code).toBe(130);
      fake.on("First", "one");
      expect((await project.muster("resume")).code).toBe(0);
      expect([fake.count("First"), fake.count("Second")]).toEqual([2, 1]);
    },
  );

  story("limits.grace is how long it waits", async ({ fake, project }) => {
    project.write("flow.yaml", flow("limits: { grace: 200ms }"));
    const first = fake.nextRequest("First");
    const run = project.start(["run", "flow.yaml"]);
    const held = await first;
    run.signal("SIGTERM");
    await held.closed;
    expect((await run.ended).code).toBe(143);
    expect((await project.muster("runs")).stdout).toContain("interrupted");
  });
});

describe("muster kill, from another process", () => {
  story("RUN cancels it: the call is given up, the run is over and cannot be resumed", async ({ fake, project }) => {
    project.write("flow.yaml", flow());
    const first = fake.nextRequest("First");
    const run = project.start(["run", "flow.yaml", "--run-id", "doomed", "--report", "report.json"]);
    const held = await first;
    const kill = await project.muster("kill", "doomed");
    expect(kill).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        new RegExp(`^told the runner \\(pid ${run.pid} on .*\\) to stop doomed\n$`),
      ) as unknown,
    });
    await held.closed;
    expect((await run.ended).code).toBe(1);
    expect(project.report()).toMatchObject({ status: "cancelled", error: { class: "cancelled", code: "killed" } });
    expect(fake.count()).toBe(1);

    const resumed = await project.muster("resume", "doomed");
    expect(resumed.stderr).toBe("run doomed was cancelled: there is nothing to resume\n");
    expect(fake.count()).toBe(1);
    expect(await project.muster("kill", "doomed")).toMatchObject({
      code: 2,
      stderr: "muster: run doomed is over: it was cancelled\n",
    });
  });

  story("RUN STEP fails that step alone; on_error applies and the rest goes on", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      flow().replace("task: First }", "task: First, retry: { max_attempts: 3 }, on_error: { output: nothing } }"),
    );
    const first = fake.nextRequest("First");
    const run = project.start(["run", "flow.yaml", "--run-id", "goes-on", "--report", "report.json"]);
    const held = await first;
    expect((await project.muster("kill", "goes-on", "first")).code).toBe(0);
    await held.closed;
    expect((await run.ended).code).toBe(0);
    expect([fake.count("First"), fake.count("Second after nothing")]).toEqual([1, 1]);
    expect(project.report().steps["first"]).toMatchObject({
      status: "failed",
      caught: true,
      attempts: 1,
      error: { class: "cancelled", code: "cancelled" },
    });
  });

  story("a run whose runner is gone is cancelled by the command itself", async ({ fake, project }) => {
    project.write("flow.yaml", flow());
    const first = fake.nextRequest("First");
    const run = project.start(["run", "flow.yaml", "--run-id", "orphan"]);
    await first;
    await run.crash();
    expect(await project.muster("kill", "orphan")).toMatchObject({
      code: 0,
      stderr: "orphan is cancelled; nobody was running it\n",
    });
    expect((await project.muster("resume", "orphan")).stderr).toBe(
      "run orphan was cancelled: there is nothing to resume\n",
    );
  });
});

describe.concurrent("a run step's processes end with it, those in the background that hold its stdout too", () => {
  /** A script with a grandchild in the background; both are deaf to SIGTERM. */
  const SCRIPT = `trap "" TERM; echo $$ > parent; echo half of it; (sleep 1000 & echo $! > grandchild; touch started; wait) & wait; sleep 1000`;
  const tree = (more = "", top = ""): string => `
muster: 1
name: tree
${top}
steps:
  work: { run: '${SCRIPT}'${more} }
`;
  const pids = (project: Project): number[] => ["parent", "grandchild"].map((name) => Number(project.read(name)));

  story("on its timeout, and what it printed is on the record", async ({ project }) => {
    project.write("flow.yaml", tree(", timeout: 1s"));
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run.code).toBe(1);
    expect(pids(project).map(isAlive)).toEqual([false, false]);
    expect(project.report().steps["work"]).toMatchObject({
      attempts: 1,
      error: { class: "timeout", partial: "half of it\n" },
    });
    expect((await project.muster("show")).stdout).toContain("| half of it");
  });

  story.for([
    { what: "muster kill RUN", kill: ["kill", "tree"], status: "cancelled", error: null },
    {
      what: "muster kill RUN STEP",
      kill: ["kill", "tree", "work"],
      status: "failed",
      error: { class: "cancelled", partial: "half of it\n" },
    },
  ])("on $what", async ({ kill, status, error }, { project }) => {
    project.write("flow.yaml", tree());
    const run = project.start(["run", "flow.yaml", "--run-id", "tree", "--report", "report.json"]);
    await project.appears("started");
    expect(pids(project).map(isAlive)).toEqual([true, true]);
    expect((await project.muster(...kill)).code).toBe(0);
    expect((await run.ended).code).toBe(1);
    expect(pids(project).map(isAlive)).toEqual([false, false]);
    expect(project.report().steps["work"]).toMatchObject({ status, error });
  });

  story("on an interrupt, once the grace is over; its outcome is then unknown", async ({ project }) => {
    project.write("flow.yaml", tree("", "limits: { grace: 100ms }"));
    const run = project.start(["run", "flow.yaml"]);
    await project.appears("started");
    run.signal("SIGINT");
    expect((await run.ended).code).toBe(130);
    expect(pids(project).map(isAlive)).toEqual([false, false]);
    expect((await project.muster("resume", "--report", "report.json")).code).toBe(1);
    expect(project.report().steps["work"]?.error?.code).toBe("outcome_unknown");
  });
});

describe("a run that waits for a person", () => {
  const waiting = `
muster: 1
name: waits
steps:
  ok: { approval: { prompt: "Go?" }, on_error: { output: { by: nobody, comment: null, input: null } } }
  work: { run: "touch started; sleep 1000", on_error: continue }
  go: { needs: [ok, work], run: [echo, "{{ steps.ok.output.by }}"] }
finally:
  tidy: { run: [echo, "after {{ run.status }}"] }
`;

  story("is cancelled by kill RUN, with its processes, and then `finally` runs", async ({ project }) => {
    project.write("flow.yaml", waiting);
    const run = project.start(["run", "flow.yaml", "--run-id", "R", "--report", "report.json"]);
    await project.appears("started");
    expect((await project.muster("kill", "R")).code).toBe(0);
    expect((await run.ended).code).toBe(1);
    expect(project.report()).toMatchObject({
      status: "cancelled",
      steps: { ok: { status: "cancelled" }, go: { status: "cancelled" }, tidy: { output: "after cancelled" } },
    });
    expect((await project.muster("approve", "R", "ok")).stderr).toContain("run R is over: it was cancelled");
  });

  story("loses the question to kill RUN STEP, and `on_error` applies", async ({ project }) => {
    project.write("flow.yaml", waiting);
    const run = project.start(["run", "flow.yaml", "--run-id", "R", "--report", "report.json"]);
    await project.appears("started");
    expect((await project.muster("kill", "R", "ok")).code).toBe(0);
    expect((await project.muster("kill", "R", "work")).code).toBe(0);
    expect((await run.ended).code).toBe(0);
    expect(project.report()).toMatchObject({ steps: { ok: { caught: true }, go: { output: "nobody" } } });
  });

  story("and for nothing else is cancelled by a kill from outside when nobody runs it", async ({ project }) => {
    project.write("flow.yaml", 'muster: 1\nname: w\nsteps:\n  ok: { approval: { prompt: "Go?" } }\n');
    expect((await project.muster("run", "flow.yaml", "--run-id", "R")).code).toBe(4);
    expect((await project.muster("kill", "R")).stderr).toBe("R is cancelled; nobody was running it\n");
    expect((await project.muster("resume", "R")).stderr).toContain("was cancelled: there is nothing to resume");
  });
});

import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const head = `
muster: 1
name: flight
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
`;

describe("kill -9 while calls are in flight: only these are paid again", () => {
  story(
    "two of three researchers had answered; the third and the report are all that a resume asks for",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        `${head}
steps:
  research: { for_each: [one, two, three], agent: writer, task: "Research {{ item }}" }
  report: { agent: writer, task: "Report {{ join steps.research.output '+' }}" }
outputs: { report: "\${{ steps.report.output }}" }`,
      );
      fake.on("Research", ({ text }) => `about ${text.trim().slice(9)}`);
      fake.on("Report", ({ text }) => `# ${text.trim()}`);
      const held = fake.nextRequest("Research three");
      const run = project.start(["run", "flow.yaml", "--json"]);
      const third = await held;
      await Promise.all([
        run.shows(`"type":"item.succeeded","step":"research","item":0`),
        run.shows(`"type":"item.succeeded","step":"research","item":1`),
      ]);
      expect((await run.crash()).signal).toBe("SIGKILL");
      await third.closed;
      expect(fake.count()).toBe(3);

      const resumed = await project.muster("resume", "--report", "report.json");
      expect(resumed).toMatchObject({ code: 0, stdout: "# Report about one+about two+about three\n" });
      expect(resumed.stderr).toContain(
        "  runs    research  1 in flight when the runner stopped; 2 reused\n  then    report\n",
      );
      expect([fake.count(), fake.count("Research three"), fake.count("Report")]).toEqual([5, 2, 1]);
      expect(project.report()).toMatchObject({ status: "succeeded", usage: { calls: 4 } });
      expect(project.report().steps["research"]).toMatchObject({ attempts: 3, reused: 2 });
    },
  );

  story("in a repair turn: the first reply was paid for and is not asked for again", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  typed: { agent: writer, task: Count the sheep, output: { type: object, properties: { n: { type: integer } }, required: [n] } }
outputs: { n: "\${{ steps.typed.output.n }}" }`,
    );
    fake.on("Count the sheep", `{"n":"many"}`);
    const repair = fake.nextRequest("does not fit");
    const run = project.start(["run", "flow.yaml"]);
    await repair;
    await run.crash();
    expect(fake.count()).toBe(2);

    fake.on("does not fit", `{"n":7}`);
    expect(await project.muster("resume", "--report", "report.json")).toMatchObject({
      code: 0,
      stdout: `{\n  "n": 7\n}\n`,
    });
    expect(fake.count()).toBe(3);
    expect(fake.requests[2]?.body).toEqual(fake.requests[1]?.body);
    expect(project.report().usage.calls).toBe(2);
  });

  story(
    "between two attempts: a resume goes on with the second, and waits no longer than the rest of the delay",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        `${head}
steps:
  shaky: { agent: writer, task: Shaky, retry: { max_attempts: 2, backoff: fixed, delay: 1s } }`,
      );
      const failing = fake.on("Shaky", { kind: "fail", status: 500, type: "api_error", message: "boom" });
      const run = project.start(["run", "flow.yaml", "--json"]);
      await run.shows(`"type":"attempt.failed"`);
      await run.crash();
      failing();

      expect((await project.muster("resume", "--report", "report.json")).code).toBe(0);
      expect(fake.count()).toBe(2);
      expect(project.report().steps["shaky"]).toMatchObject({ status: "succeeded", attempts: 2 });
    },
  );

  story(
    "the fourth time that a step dies with its runner it fails as lost too often, and --rerun gives it a new start",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        `${head}
steps:
  deadly: { agent: writer, task: Deadly }`,
      );
      const start = ["run", "flow.yaml"];
      for (const args of [start, ["resume"], ["resume"], ["resume"]]) {
        const held = fake.nextRequest("Deadly");
        const run = project.start(args);
        await held;
        await run.crash();
      }
      const last = await project.muster("resume", "--report", "report.json");
      expect(last.code).toBe(1);
      expect(fake.count()).toBe(4);
      expect(project.report().steps["deadly"]?.error).toMatchObject({ class: "internal", code: "lost_too_often" });

      expect((await project.muster("resume", "--rerun", "deadly")).code).toBe(0);
      expect(fake.count()).toBe(5);
    },
  );
});

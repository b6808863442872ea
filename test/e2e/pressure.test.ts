import { describe, expect } from "vitest";
import type { Answer } from "../rig/fake-anthropic/fake-anthropic.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const broken: Answer = { kind: "fail", status: 500, type: "api_error", message: "broken" };

const flow = (limits: string, step: string, more = ""): string => `
muster: 1
name: pressed
models: { chain: [anthropic/claude-haiku-5-5, anthropic/claude-sonnet-5-5] }
agents:
  first: { model: anthropic/claude-haiku-5-5 }
  second: { model: anthropic/claude-sonnet-5-5 }
  both: { model: chain }
limits: { ${limits} }
steps:
  ask: { ${step}, task: "Say {{ item }}" }
${more}`;

async function eventsOf(project: Project, type: string): Promise<{ readonly [name: string]: unknown }[]> {
  const { stdout } = await project.muster("logs", "--json");
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string })
    .filter((event) => event.type === type);
}

describe("rates hold over all runs of a project", () => {
  story("what one run used, and took with it into kill -9, the other one has not", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      flow("grace: 10m, rate: { anthropic: { requests: 3/h } }", "for_each: [1, 2], agent: first"),
    );
    const held = fake.nextRequest("Say 2");
    const one = project.start(["run", "flow.yaml", "--run-id", "one"]);
    await held;
    await one.crash();
    expect(fake.count()).toBe(2);

    const third = fake.nextRequest();
    const two = project.start(["run", "flow.yaml", "--run-id", "two"]);
    void (await third).reply("done");
    await two.shows("waits for limits.rate: requests of anthropic (3/h)");
    expect(fake.count()).toBe(3);
    two.signal("SIGINT");
    expect((await two.ended).code).toBe(130);
    expect(fake.count()).toBe(3);
  });

  story(
    "at the wire: cold starts and all, two processes never begin more within any span",
    async ({ fake, project }) => {
      const arrivals: number[] = [];
      fake.on("Say", () => {
        arrivals.push(Date.now());
        return "said";
      });
      const each = "for_each: [1, 2, 3, 4, 5], agent: first";
      project.write("flow.yaml", flow("rate: { spawns: 4/s, anthropic: { requests: 3/s } }", each));
      const runs = ["one", "two"].map((id) => project.start(["run", "flow.yaml", "--run-id", id]));
      for (const run of runs) expect((await run.ended).code).toBe(0);
      expect(fake.count()).toBe(10);
      const within = arrivals.map((from) => arrivals.filter((at) => at >= from && at < from + 1000).length);
      expect(Math.max(...within)).toBeLessThanOrEqual(3);
    },
  );

  story("starts of attempts, with the retries; a wait takes no slot", async ({ fake, project }) => {
    fake.on("Say", broken);
    const retry = "retry: { max_attempts: 9, backoff: fixed, delay: 1ms }";
    project.write(
      "flow.yaml",
      flow(
        "grace: 10m, rate: { spawns: 4/d }, concurrency: 1",
        `for_each: [1, 2], agent: first, ${retry}`,
        `  beside: { run: "echo here > beside.txt" }\n`,
      ),
    );
    const run = project.start(["run", "flow.yaml"]);
    await run.shows("waits for limits.rate: spawns (4/d)");
    await project.appears("beside.txt");
    expect(fake.count()).toBe(4);
    run.signal("SIGINT");
    await run.ended;
    expect(fake.count()).toBe(4);
  });

  story(
    "tokens count at their worst case until what they were is known; a simulation needs none",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        flow("rate: { anthropic: { tokens: 10k/h } }", "for_each: [1, 2, 3, 4], max_parallel: 1, agent: first"),
      );
      // 8,192 tokens of output may come of each call: never two at once, but few came of each.
      expect((await project.muster("run", "flow.yaml")).code).toBe(0);
      expect([fake.count(), fake.mostInFlight]).toEqual([4, 1]);
      project.edit("flow.yaml", "10k/h", "1/d");
      expect((await project.muster("run", "flow.yaml", "--simulate")).code).toBe(0);
    },
  );
});

describe("a circuit breaker", () => {
  story("of a model: the next one is asked at once", async ({ fake, project }) => {
    fake.on(({ body }) => body.model === "claude-haiku-5-5", broken);
    project.write(
      "flow.yaml",
      flow(
        "circuit_breaker: { failures: 2, cooldown: 1h, scope: model }",
        "for_each: [1, 2, 3, 4, 5, 6], max_parallel: 1, agent: both",
      ),
    );
    expect((await project.muster("run", "flow.yaml")).code).toBe(0);
    expect([fake.countOfModel("claude-haiku-5-5"), fake.countOfModel("claude-sonnet-5-5")]).toEqual([2, 6]);
    expect(await eventsOf(project, "circuit.opened")).toMatchObject([
      { scope: "model", name: "anthropic/claude-haiku-5-5", failures: 2, class: "server" },
    ]);
  });

  story("of an agent: the next stage is tried at once, and no attempt is used up", async ({ fake, project }) => {
    fake.on(({ body }) => body.model === "claude-haiku-5-5", broken);
    const retry = "retry: { max_attempts: 5, backoff: fixed, delay: 1ms }, fallback: [{ agent: second }]";
    project.write(
      "flow.yaml",
      flow(
        "circuit_breaker: { failures: 3, cooldown: 1h, scope: agent }",
        `for_each: [1, 2, 3], max_parallel: 1, agent: first, ${retry}`,
      ),
    );
    expect((await project.muster("run", "flow.yaml")).code).toBe(0);
    expect([fake.countOfModel("claude-haiku-5-5"), fake.countOfModel("claude-sonnet-5-5")]).toEqual([3, 3]);
  });

  story("with nobody else to ask: waits for the cooldown, and one probes", async ({ fake, project }) => {
    let calls = 0;
    fake.on("Say", () => (++calls <= 2 ? broken : "well again"));
    const retry = "retry: { max_attempts: 3, backoff: fixed, delay: 1ms }";
    project.write(
      "flow.yaml",
      flow(
        "circuit_breaker: { failures: 2, cooldown: 200ms, scope: model }",
        `for_each: [1, 2, 3], agent: first, max_parallel: 1, ${retry}`,
      ),
    );
    const run = await project.muster("run", "flow.yaml");
    expect(run.code).toBe(0);
    expect(run.stderr).toContain("waits for the circuit breaker of anthropic/claude-haiku-5-5");
    expect(fake.count()).toBe(5);
    expect(await eventsOf(project, "circuit.closed")).toMatchObject([{ scope: "model" }]);
  });

  story("of the run: so many failures in a row give it up, whatever on_error says", async ({ fake, project }) => {
    const bad: Answer = { kind: "fail", status: 400, type: "invalid_request_error", message: "too odd" };
    fake.on("Say", bad);
    project.write(
      "flow.yaml",
      flow(
        "circuit_breaker: { failures: 3 }",
        "for_each: [1, 2, 3, 4, 5, 6, 7], max_parallel: 1, agent: first, on_error: continue, join: settled",
      ),
    );
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run.code).toBe(1);
    expect(fake.count()).toBe(3);
    expect(project.report()).toMatchObject({ status: "failed", error: { class: "invalid", code: "circuit_open" } });
    expect(run.stderr).toContain("3 steps or items in a row failed for good");
    expect(await eventsOf(project, "circuit.opened")).toMatchObject([{ scope: "run", failures: 3 }]);
    fake.on("Say", "fine");
    expect((await project.muster("resume")).code).toBe(0);
  });
});

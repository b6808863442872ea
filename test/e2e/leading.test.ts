import { describe, expect } from "vitest";
import { toolReply, type Answer } from "../rig/fake-model/answer.ts";
import { plays } from "../rig/fake-model/team.ts";
import { story } from "../rig/muster/e2e.ts";

const head = `
muster: 1
name: team
models: { fast: anthropic/claude-haiku-5-5 }
`;

const team = `${head}
agents:
  lead: { model: fast, instructions: You lead., spawn: { agents: [worker] } }
  worker: { model: fast, instructions: You work. }
steps:
  work: { agent: lead, task: Ask them }
outputs: { said: "\${{ steps.work.output }}" }`;

const spawn = (task: string, more: object = {}) => ["sessions_spawn", { task, ...more }] as const;
const types = (stdout: string): { type: string; [key: string]: unknown }[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });

describe("an agent that leads others", () => {
  story("starts three at once and merges what they say; in one slot nobody starves", async ({ fake, project }) => {
    project.write("flow.yaml", `${team}\nlimits: { concurrency: 1 }`);
    const output_schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    plays(fake, "You lead.", [
      toolReply(spawn("Part 1", { output_schema }), spawn("Part 2", { label: "second" }), spawn("Part 3")),
      toolReply(["sessions_wait", { ids: ["worker@1.1", "second"] }]),
      "nearly",
      "merged",
    ]);
    plays(fake, "You work.\nPart 1", [`{"n": "seven"}`, `{"n": 7}`]);
    plays(fake, "You work.\nPart 2", ["two"]);
    plays(fake, "You work.\nPart 3", ["three"]);
    const run = await project.muster("run", "flow.yaml", "--json", "--report", "report.json");
    expect(run).toMatchObject({ code: 0, stderr: "" });
    // The typed result was repaired; each call is paid once, and counts for the step of the leader.
    expect(fake.count()).toBe(8);
    expect(fake.mostInFlight).toBe(1);
    expect(project.report()).toMatchObject({ outputs: { said: "merged" }, usage: { calls: 8 } });
    const told = fake.requests.at(-1)?.body.messages ?? [];
    expect(told[4]?.content).toMatchObject([
      {
        content:
          '[{"id":"worker@1.1","agent":"worker","status":"succeeded","output":{"n":7}},{"id":"worker@1.2","agent":"worker","label":"second","status":"succeeded","output":"two"}]',
      },
    ]);
    // What it did not ask for it is given before it is done.
    expect(JSON.stringify(told[6]?.content)).toContain(
      'worker@1.3\\",\\"agent\\":\\"worker\\",\\"status\\":\\"succeeded',
    );
    const events = types(run.stdout);
    expect(events.filter(({ type }) => type === "session.spawned")).toMatchObject([
      { step: "work", child: "work/worker@1.1", agent: "worker", parent: "work", task: "Part 1" },
      { child: "work/worker@1.2", label: "second", model: "anthropic/claude-haiku-5-5" },
      { child: "work/worker@1.3" },
    ]);
    expect(events.filter(({ type }) => type === "session.ended")).toHaveLength(3);
    const { children } = project.report().steps["work"] as unknown as { children: object[] };
    expect(children).toMatchObject([
      { child: "work/worker@1.1", status: "succeeded", output: { n: 7 }, usage: { calls: 2 }, children: [] },
      { child: "work/worker@1.2", label: "second", output: "two", usage: { calls: 1 } },
      { child: "work/worker@1.3", output: "three" },
    ]);
    const shown = await project.muster("show");
    expect(shown.stdout).toMatch(/succeeded +work\/worker@1\.2 .* second {2}anthropic\/claude-haiku-5-5/);
  });

  story(
    "kill -9 while they work: what is paid is not paid again, and the leader finds them",
    async ({ fake, project }) => {
      project.write("flow.yaml", team);
      plays(fake, "You lead.", [
        toolReply(spawn("Part 1"), spawn("Part 2")),
        toolReply(["sessions_wait", {}]),
        "merged",
      ]);
      plays(fake, "You work.\nPart 1", ["one"]);
      const second = fake.nextRequest((request) => request.text === "You work.\nPart 2");
      const run = project.start(["run", "flow.yaml", "--json"]);
      const held = await second;
      await run.shows('"type":"session.ended"');
      await run.shows('"tool":"sessions_wait"');
      await run.crash();
      await held.closed;
      expect(fake.count()).toBe(4);

      plays(fake, "You work.\nPart 2", ["two"]);
      const resumed = await project.muster("resume", "--json", "--report", "report.json");
      expect(resumed.code).toBe(0);
      // The second worker again, and the leader's last turn: nothing else.
      expect(fake.requests.slice(4).map(({ text }) => text.split("\n")[0])).toEqual(["You work.", "You lead."]);
      expect(fake.requests[4]?.body).toEqual(held.request.body);
      expect(JSON.stringify(fake.requests[5]?.body.messages.at(-1)?.content)).toContain('one\\"},{');
      expect(project.report()).toMatchObject({ outputs: { said: "merged" }, usage: { calls: 5 } });
      expect(types(resumed.stdout).filter(({ type }) => type === "session.spawned")).toHaveLength(0);
    },
  );

  story(
    "an interrupt lets those end that are at work, and resume goes on with what they gave",
    async ({ fake, project }) => {
      project.write("flow.yaml", team);
      plays(fake, "You lead.", [
        toolReply(spawn("Part 1"), spawn("Part 2")),
        toolReply(["sessions_wait", {}]),
        "merged",
      ]);
      plays(fake, "You work.\nPart 1", ["one"]);
      const second = fake.nextRequest((request) => request.text === "You work.\nPart 2");
      const run = project.start(["run", "flow.yaml"]);
      const held = await second;
      await run.shows("ok     work/worker@1.1");
      run.signal("SIGINT");
      await run.shows("stopping");
      await held.reply("two");
      expect(await run.ended).toMatchObject({ code: 130 });
      const before = fake.count();
      const resumed = await project.muster("resume");
      expect(resumed).toMatchObject({ code: 0, stdout: "merged\n" });
      expect(fake.count() - before).toBe(1);
    },
  );

  story(
    "a budget that a child exceeds stops the run without another call; a pause waits",
    async ({ fake, project }) => {
      project.write("flow.yaml", `${team}\nlimits: { concurrency: 1, budget: { calls: 2 } }`);
      plays(fake, "You lead.", [toolReply(spawn("Part 1"), spawn("Part 2")), "merged", "merged"]);
      plays(fake, "You work.\nPart 1", ["one"]);
      plays(fake, "You work.\nPart 2", ["two"]);
      const failed = await project.muster("run", "flow.yaml", "--report", "report.json");
      expect(failed.code).toBe(1);
      expect(fake.count()).toBe(2);
      expect(project.report()).toMatchObject({ error: { class: "budget" }, usage: { calls: 2 } });

      project.edit("flow.yaml", "calls: 2", "calls: 2, on_exceeded: pause");
      const paused = await project.muster("run", "flow.yaml", "--run-id", "p1");
      expect(paused.code).toBe(4);
      const again = await project.muster("resume", "p1");
      expect(again.code).toBe(4);
      expect(fake.count()).toBe(4);
      project.edit("flow.yaml", "calls: 2", "calls: 9");
      const resumed = await project.muster("resume", "p1", "--report", "report.json");
      expect(resumed).toMatchObject({ code: 0, stdout: "merged\n" });
      expect(project.report()).toMatchObject({ usage: { calls: 5 } });
    },
  );

  story("a storm is stopped; so is a call that is made again and again", async ({ fake, project }) => {
    project.write("flow.yaml", team.replace("[worker] }", "[worker], max_children: 1 }"));
    plays(fake, "You lead.", [toolReply(spawn("Part 1"), ...[1, 2, 3, 4, 5].map((n) => spawn(`More ${n}`))), "never"]);
    plays(fake, "You work.\nPart 1", ["one"]);
    const storm = await project.muster("run", "flow.yaml", "--json", "--report", "report.json");
    expect(storm.code).toBe(1);
    expect(project.report().steps["work"]?.error).toMatchObject({ class: "tool", code: "spawn_storm" });
    expect(storm.stdout.match(/"type":"tool.denied"/g)).toHaveLength(5);
    expect(fake.count("You lead.")).toBe(1);

    const list = toolReply(["sessions_list", {}]);
    plays(
      fake,
      "You lead.",
      Array.from({ length: 9 }, () => list),
    );
    const loop = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(loop.code).toBe(1);
    expect(project.report().steps["work"]?.error).toMatchObject({ class: "tool", code: "repeated_call" });
    expect(fake.count("You lead.")).toBe(6);
  });

  story("agents that start themselves end at the depth that is written", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
limits: { depth: 2 }
agents: { self: { model: fast, instructions: You are deep., spawn: { agents: [self] } } }
steps: { work: { agent: self, task: Level 0 } }
outputs: { said: "\${{ steps.work.output }}" }`,
    );
    plays(fake, "You are deep.\nLevel 0", [toolReply(spawn("Level 1")), "x", "top"]);
    plays(fake, "You are deep.\nLevel 1", [toolReply(spawn("Level 2")), "x", "middle"]);
    plays(fake, "You are deep.\nLevel 2", [toolReply(spawn("Level 3")), "bottom"]);
    const run = await project.muster("run", "flow.yaml", "--json");
    expect(run.code).toBe(0);
    const bottom = fake.requests.filter(({ text }) => text.startsWith("You are deep.\nLevel 2"));
    // It is not offered what it may not do, and told why when it tries.
    expect(bottom[0]?.body.tools?.map(({ name }) => name)).not.toContain("sessions_spawn");
    expect(JSON.stringify(bottom[1]?.body.messages)).toContain("`limits.depth` is 2, and a child would be deeper");
    const spawned = types(run.stdout).filter(({ type }) => type === "session.spawned");
    expect(spawned.map(({ child }) => child)).toEqual(["work/self@1.1", "work/self@1.1/self@1.1"]);
  });

  story("a child has what its parent has as well, and no more; nobody else is started", async ({ fake, project }) => {
    project.write("notes.md", "green");
    project.write(
      "flow.yaml",
      `${head}
agents:
  lead: { model: fast, instructions: You lead., permissions: { files: read }, spawn: { agents: [worker] } }
  worker: { model: fast, instructions: You work., tools: [read_file, write_file], permissions: { files: write } }
  other: { model: fast, instructions: You are another. }
steps: { work: { agent: lead, task: Ask them }, more: { agent: other, task: Rest } }`,
    );
    const refused = await project.muster("validate", "flow.yaml");
    expect(refused.stderr + refused.stdout).toContain("WF8013");
    project.edit("flow.yaml", "tools: [read_file, write_file]", "tools: [read_file, state_get]");
    project.edit("flow.yaml", "permissions: { files: write }", "permissions: { files: write, state: read }");
    project.edit("flow.yaml", "permissions: { files: read }", "permissions: { files: read, state: read }");
    plays(fake, "You lead.", [toolReply(spawn("Mend it", { agent: "other" }), spawn("Mend it")), "x", "done"]);
    plays(fake, "You work.", [toolReply(["read_file", { path: "notes.md" }], ["state_get", { key: "k" }]), "ok"]);
    const run = await project.muster("run", "flow.yaml", "--json");
    expect(run.code).toBe(0);
    expect(JSON.stringify(fake.requests)).toContain("must be equal to one of the allowed values");
    expect(types(run.stdout).filter(({ type }) => type === "tool.denied")).toHaveLength(0);
    expect((await project.muster("validate", "flow.yaml")).stdout).toContain("WF8014");
  });

  story("one is stopped, by its leader and by a person; the others go on", async ({ fake, project }) => {
    project.write("flow.yaml", team);
    plays(fake, "You lead.", [
      toolReply(spawn("Part 1"), spawn("Part 2", { label: "slow" }), spawn("Part 3")),
      toolReply(["subagents", { action: "kill", target: "slow" }]),
      toolReply(["sessions_wait", {}]),
      "merged",
    ] as Answer[]);
    const third = fake.nextRequest((request) => request.text === "You work.\nPart 3");
    plays(fake, "You work.\nPart 1", ["one"]);
    const slow = fake.nextRequest((request) => request.text === "You work.\nPart 2");
    const run = project.start(["run", "flow.yaml", "--json", "--run-id", "k1"]);
    await Promise.all([slow, third]);
    await run.shows('"tool":"sessions_wait"');
    const ps = JSON.parse((await project.muster("ps", "--json")).stdout) as { steps: { step: string }[] }[];
    expect(ps[0]?.steps.map(({ step }) => step)).toEqual(["work", "work/worker@1.3"]);
    const unknown = await project.muster("kill", "k1", "worker@9");
    expect(unknown.code).toBe(2);
    const killed = await project.muster("kill", "k1", "work/worker@1.3");
    expect(killed.code).toBe(0);
    expect(await run.ended).toMatchObject({ code: 0 });
    const told = JSON.stringify(fake.requests.at(-1)?.body.messages);
    expect(told).toContain("'work/worker@1.2' was stopped by its leader");
    expect(told).toContain("'work/worker@1.3' was stopped on request");
    expect(told).toContain('\\"output\\":\\"one\\"');
  });
});

describe("an agent that is told something by its leader", () => {
  story("hears it before its next turn, once, also after a crash", async ({ fake, project }) => {
    project.write("a.md", "old");
    project.write(
      "flow.yaml",
      team
        .replace("spawn:", "permissions: { files: read }, spawn:")
        .replace("You work. }", "You work., tools: [read_file], permissions: { files: read } }"),
    );
    const steer = toolReply(["subagents", { action: "steer", target: "worker@1.1", message: "Be brief" }]);
    plays(fake, "You lead.", [toolReply(spawn("Part 1")), steer, toolReply(["sessions_wait", {}]), "merged"]);
    const first = fake.nextRequest((request) => request.text === "You work.\nPart 1");
    // Its leader says it after it was asked for the first time, not before.
    fake.on(
      ({ body, text }) => text.startsWith("You lead.") && body.messages.length === 3,
      async () => {
        await first;
        return steer;
      },
    );
    const run = project.start(["run", "flow.yaml", "--json"]);
    const held = await first;
    await run.shows('"tool":"sessions_wait"');
    await run.crash();
    await held.closed;
    plays(fake, "You work.", [toolReply(["read_file", { path: "a.md" }]), "brief"]);
    const resumed = await project.muster("resume", "--json");
    expect(resumed.code, resumed.stderr).toBe(0);
    const turns = fake.requests.filter(({ text }) => text.startsWith("You work."));
    expect(turns.map(({ text }) => text.match(/Be brief/g)?.length ?? 0)).toEqual([0, 1, 1]);
    expect(resumed.stdout.match(/"type":"session.steered"/g)).toHaveLength(1);
    expect(resumed.stdout).toContain('"child":"work/worker@1.1","turn":1,"message":"Be brief"');
  });
});

describe("an agent that keeps a conversation with one that it started", () => {
  story("sends on, reads what was said, and a crash in the middle pays nothing twice", async ({ fake, project }) => {
    project.write("flow.yaml", team);
    const session = { mode: "session", label: "helper" };
    plays(fake, "You lead.", [
      toolReply(spawn("My name is Ada", session)),
      toolReply(
        ["sessions_send", { to: "helper", message: "What is my name?" }],
        ["sessions_send", { to: "nobody", message: "Hi" }],
      ),
      toolReply(["sessions_history", { session: "helper" }]),
      "first answer",
      "merged",
    ]);
    plays(fake, "You work.\nMy name is Ada", ["Hello Ada"]);
    const second = fake.nextRequest(
      (request) => request.text.includes("What is my name?") && request.text.startsWith("You work."),
    );
    const run = project.start(["run", "flow.yaml", "--json"]);
    const held = await second;
    expect(held.request.body.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    await run.crash();
    await held.closed;
    plays(fake, "You work.\nMy name is Ada", ["Hello Ada", "Ada"]);
    const before = fake.count();
    const resumed = await project.muster("resume", "--json", "--report", "report.json");
    expect(resumed.code, resumed.stderr).toBe(0);
    // The turn that was cut off, then three of the leader's.
    expect(fake.count() - before).toBe(4);
    expect(fake.requests[before]?.body).toEqual(held.request.body);
    const told = JSON.stringify(fake.requests.at(-1)?.body.messages);
    expect(told).toContain("not sent: 'nobody' is no session that you have started");
    expect(told).toContain('{\\"message\\":\\"What is my name?\\",\\"reply\\":\\"Ada\\"}');
    expect(told).toContain('\\"mode\\":\\"session\\",\\"status\\":\\"succeeded\\",\\"output\\":\\"Hello Ada\\"');
    expect(project.report()).toMatchObject({ outputs: { said: "merged" }, usage: { calls: 7 } });
    const listed = await project.muster("sessions", "list");
    expect(listed.stdout).toMatch(/work\/worker@1\.1 .*2 turns/);
  });
});

describe("before a token is spent", () => {
  story("a simulation starts one of each at every depth; the plan names and counts them", async ({ fake, project }) => {
    const flow = (spawn: string): string => `${head}
limits: { depth: 2 }
agents:
  lead: { model: fast, spawn: { agents: ${spawn} } }
  middle: { model: fast, spawn: { agents: [worker] } }
  worker: { model: fast }
steps: { work: { agent: lead, task: Ask them, output: { type: object, properties: { ok: { type: boolean } }, required: [ok] } } }`;
    project.write("flow.yaml", flow("[middle, worker]"));
    const run = await project.muster("run", "flow.yaml", "--simulate", "--json", "--report", "report.json");
    expect(run.code).toBe(0);
    expect(fake.count()).toBe(0);
    const { children } = project.report().steps["work"] as unknown as {
      children: { child: string; output: string; children: { child: string }[] }[];
    };
    expect(children.map(({ child }) => child)).toEqual(["work/middle@1.1", "work/worker@1.2"]);
    expect(children[0]?.children).toMatchObject([{ child: "work/middle@1.1/worker@1.1", status: "succeeded" }]);
    expect(children[1]?.output).toBe("[simulated:work/worker@1.2]");

    const plan = await project.muster("plan", "flow.yaml");
    // One leader with 20 turns, one for its children and one repair; five of the dearest child, a middle with 22 and five workers with 2.
    expect(plan.stdout).toContain("calls  1 to 182");
    expect(plan.stdout).toContain("starts up to 5 in a task: worker; middle (no tools; files none");
  });
});

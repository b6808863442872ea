import { describe, expect } from "vitest";
import { toolReply, type Answer } from "../rig/fake-model/answer.ts";
import { story } from "../rig/muster/e2e.ts";

const head = `
muster: 1
name: desk
models: { fast: anthropic/claude-haiku-5-5 }
agents:
  support: { model: fast, instructions: You help. }
`;

describe("a session", () => {
  story(
    "remembers: the second step sees what the first one said, and has it on the record",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        `${head}
sessions: { helpdesk: { agent: support } }
steps:
  first: { session: helpdesk, task: My name is Ada }
  second: { session: helpdesk, task: What is my name?, needs: first }
outputs: { name: "\${{ steps.second.output }}" }`,
      );
      fake.on("My name is Ada", "Hello Ada");
      fake.on("What is my name?", "Ada");
      const run = await project.muster("run", "flow.yaml", "--run-id", "talk", "--json");
      expect(run).toMatchObject({ code: 0 });
      expect(
        fake.requests.map(({ body }) => body.messages.map(({ role, content }) => [role, textOf(content)])),
      ).toEqual([
        [["user", "My name is Ada"]],
        [
          ["user", "My name is Ada"],
          ["assistant", "Hello Ada"],
          ["user", "What is my name?"],
        ],
      ]);
      expect(eventsOf(run.stdout, "session.message")).toMatchObject([
        { step: "first", session: "helpdesk", member: 1, turn: 1 },
        { step: "second", session: "helpdesk", member: 1, turn: 2 },
      ]);
    },
  );

  story("kill -9 in the middle of a turn: it goes on there, and the turn is there once", async ({ fake, project }) => {
    project.write("notes.md", "The sky is green.");
    project.write(
      "flow.yaml",
      `${head}
  reader: { model: fast, tools: [read_file], permissions: { files: read } }
sessions: { reading: { agent: reader } }
steps:
  hello: { session: reading, task: Hello }
  work: { session: reading, task: Read the notes, needs: hello }
outputs: { said: "\${{ steps.work.output }}" }`,
    );
    fake.on((request) => request.number === 1, "hi");
    fake.on((request) => request.number === 2, toolReply(["read_file", { path: "notes.md" }]));
    const held = fake.nextRequest((request) => request.number === 3);
    const run = project.start(["run", "flow.yaml", "--run-id", "talk"]);
    const third = await held;
    await run.crash();
    await third.closed;
    fake.on((request) => request.number === 4, "green");
    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed).toMatchObject({ code: 0, stdout: "green\n" });
    expect(fake.count()).toBe(4);
    expect(fake.requests[3]?.body).toEqual(fake.requests[2]?.body);
    expect(project.report().usage.calls).toBe(3);
    const turns = project.inStore((store) => store.sessions.turns("talk/reading", 1));
    expect(turns.map(({ n, from }) => [n, from])).toEqual([
      [1, "talk hello"],
      [2, "talk work"],
    ]);
  });

  story(
    "of the project serialises two runs; a dead one is overtaken, and goes on later with what it had paid for",
    async ({ fake, project }) => {
      project.write("notes.md", "green");
      project.write(
        "flow.yaml",
        `${head}
  reader: { model: fast, tools: [read_file], permissions: { files: read } }
inputs: { who: { type: string } }
sessions: { reading: { agent: reader, scope: project } }
steps:
  ask: { session: reading, task: "{{ inputs.who }} asks" }
outputs: { said: "\${{ steps.ask.output }}" }`,
      );
      fake.on((request) => request.number === 1, toolReply(["read_file", { path: "notes.md" }]));
      const second = fake.nextRequest((request) => request.number === 2);
      const ann = project.start(["run", "flow.yaml", "--run-id", "ann", "--input", "who=Ann"]);
      const held = await second;
      const bob = project.start(["run", "flow.yaml", "--run-id", "bob", "--input", "who=Bob", "--json"]);
      await bob.shows("attempt.started");
      // Bob's turn comes when Ann's is over, or Ann is.
      expect(fake.count()).toBe(2);
      const third = fake.nextRequest("Bob asks");
      await ann.crash();
      await held.closed;
      const asked = await third;
      expect(asked.request.body.messages).toHaveLength(1);
      await asked.reply("to Bob");
      expect((await bob.ended).code).toBe(0);

      fake.on((request) => request.number === 4, "to Ann");
      const resumed = await project.muster("resume", "ann", "--report", "report.json");
      expect(resumed).toMatchObject({ code: 0, stdout: "to Ann\n" });
      // What was paid stands: only the reply that was never given is asked for again, in the conversation as it was.
      expect(fake.count()).toBe(4);
      expect(fake.requests[3]?.body).toEqual(fake.requests[1]?.body);
      expect(project.report().usage.calls).toBe(2);
      const turns = project.inStore((store) => store.sessions.turns("project/desk/reading", 1));
      expect(turns.map(({ n, from }) => [n, from])).toEqual([
        [1, "bob ask"],
        [2, "ann ask"],
      ]);

      fake.on("Cid asks", "to Cid");
      await project.muster("run", "flow.yaml", "--run-id", "cid", "--input", "who=Cid");
      const roles = fake.requests.at(-1)?.body.messages.map(({ role }) => role);
      expect(roles).toEqual(["user", "assistant", "user", "assistant", "user", "assistant", "user"]);
    },
  );

  story("with a pool answers as many at once as it has conversations", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
sessions: { desks: { agent: support, pool: 3 } }
steps:
  ask: { session: desks, for_each: [a, b, c, d], task: "Look at {{ item }}" }
outputs: { said: "\${{ steps.ask.output }}" }`,
    );
    const held = ["a", "b", "c", "d"].map((item) => fake.nextRequest(`Look at ${item}`));
    const run = project.start(["run", "flow.yaml", "--json"]);
    const [a, b, c] = await Promise.all(held.slice(0, 3));
    await b?.reply("B");
    const d = await held[3];
    expect(fake.mostInFlight).toBe(3);
    expect(d?.request.body.messages.map(({ content }) => textOf(content))).toEqual(["Look at b", "B", "Look at d"]);
    await Promise.all([a?.reply("A"), c?.reply("C"), d?.reply("D")]);
    const ended = await run.ended;
    expect(ended.code).toBe(0);
    const members = eventsOf(ended.stdout, "session.message").map((event) => {
      const { item, member, turn } = event as { item: number; member: number; turn: number };
      return [item, member, turn];
    });
    expect(members.sort(([a = 0], [b = 0]) => a - b)).toEqual([
      [0, 1, 1],
      [1, 2, 1],
      [2, 3, 1],
      [3, 2, 2],
    ]);
  });
});

describe("send", () => {
  story("waits for the reply, or leaves the message behind: nobody waits for its turn", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
sessions: { helpdesk: { agent: support } }
steps:
  tell: { send: { to: helpdesk, message: My name is Ada } }
  at_once: { value: "\${{ steps.tell.output == null }}" }
  ask: { send: { to: helpdesk, message: What is my name?, wait: 1m }, needs: tell }
outputs: { name: "\${{ steps.ask.output }}", left: "\${{ steps.tell.output }}" }`,
    );
    const told = fake.nextRequest("My name is Ada");
    fake.on("What is my name?", "Ada");
    const run = project.start(["run", "flow.yaml", "--json", "--report", "report.json"]);
    const held = await told;
    await run.shows('"step":"at_once"');
    expect(fake.count()).toBe(1);
    await held.reply("Hello Ada");
    expect((await run.ended).code).toBe(0);
    expect(fake.requests[1]?.body.messages.map(({ content }) => textOf(content))).toEqual([
      "My name is Ada",
      "Hello Ada",
      "What is my name?",
    ]);
    expect(project.report()).toMatchObject({
      outputs: { name: "Ada", left: null },
      steps: { tell: { kind: "send", output: null }, "tell-reply": { kind: "send", output: "Hello Ada" } },
    });
  });

  story(
    "a reply that does not come in time is a failure, and its message leaves no trace",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        `${head}
sessions: { helpdesk: { agent: support } }
steps:
  ask: { send: { to: helpdesk, message: Slow, wait: 1s }, on_error: continue }
  again: { send: { to: helpdesk, message: Quick, wait: 1m }, needs: ask, if: always() }
outputs: { said: "\${{ steps.again.output }}" }`,
      );
      void fake.nextRequest("Slow");
      fake.on("Quick", "ok");
      const run = project.start(["run", "flow.yaml", "--report", "report.json"]);
      expect((await run.ended).code).toBe(0);
      expect(project.report().steps["ask"]?.error).toMatchObject({ class: "timeout", code: "no_reply" });
      expect(fake.requests.at(-1)?.body.messages).toHaveLength(1);
    },
  );
});

describe("send_message", () => {
  const team = (more: string): string => `${head}
  writer: { model: fast, tools: [send_message], permissions: { sessions: [desk] }, instructions: You write. }
  clerk: { model: fast, tools: [send_message], permissions: { sessions: [loop] }, instructions: You look things up. }
  echo: { model: fast, tools: [send_message], permissions: { sessions: [desk] }, instructions: You ask back. }
sessions: { desk: { agent: clerk }, loop: { agent: echo } }
${more}`;

  story(
    "an agent asks a session and goes on with its reply; after a crash in that turn nothing is paid twice",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        team(`limits: { budget: { calls: 10 } }
steps: { write: { agent: writer, task: Write the letter } }
outputs: { said: "\${{ steps.write.output }}" }`),
      );
      fake.on("Write the letter", ({ number }) =>
        number === 1 ? toolReply(["send_message", { to: "desk", message: "Which street?" }]) : "done",
      );
      const turn = fake.nextRequest((request) => request.number === 2);
      const run = project.start(["run", "flow.yaml", "--run-id", "letter"]);
      const held = await turn;
      expect(held.request.body.system).toMatchObject([{ text: "You look things up." }]);
      await run.crash();
      await held.closed;
      fake.on((request) => request.number === 3, "Main Street");
      const resumed = await project.muster("resume", "--report", "report.json");
      expect(resumed).toMatchObject({ code: 0, stdout: "done\n" });
      expect(fake.count()).toBe(4);
      expect(fake.requests[2]?.body).toEqual(fake.requests[1]?.body);
      const last = fake.requests[3]?.body.messages.at(-1)?.content;
      expect(last).toMatchObject([{ type: "tool_result", content: "Main Street" }]);
      expect(project.report().usage.calls).toBe(3);
      const turns = project.inStore((store) => store.sessions.turns("letter/desk", 1));
      expect(turns.map(({ n, reply }) => [n, reply])).toEqual([[1, { inline: "Main Street" }]]);
    },
  );

  story("who would wait for itself is told at once", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      team(`steps: { ask: { session: desk, task: Look it up } }
outputs: { said: "\${{ steps.ask.output }}" }`),
    );
    fake.on(
      () => true,
      ({ body }) => {
        const isClerk = JSON.stringify(body.system).includes("look things up");
        if (body.messages.length > 1) return isClerk ? "gave up" : "I asked in vain";
        return toolReply(["send_message", { to: isClerk ? "loop" : "desk", message: "Do you know?" }]);
      },
    );
    const run = await project.muster("run", "flow.yaml");
    expect(run).toMatchObject({ code: 0, stdout: "gave up\n" });
    const told = fake.requests.map(({ body }) => JSON.stringify(body.messages.at(-1)?.content));
    expect(told.filter((text) => text.includes("nobody would ever answer"))).toHaveLength(1);
  });
});

describe("muster steer", () => {
  story(
    "says something before the next turn, also to one that would be done; a crash does not unsay it",
    async ({ fake, project }) => {
      project.write("notes.md", "green");
      project.write(
        "flow.yaml",
        `${head}
  reader: { model: fast, tools: [read_file], permissions: { files: read } }
sessions: { reading: { agent: reader } }
steps:
  ask: { session: reading, task: Read the notes }
outputs: { said: "\${{ steps.ask.output }}" }`,
      );
      const release = Promise.withResolvers<Answer>();
      const asked = Promise.withResolvers<void>();
      fake.on(
        (request) => request.number === 1,
        () => {
          asked.resolve();
          return release.promise;
        },
      );
      const second = fake.nextRequest((request) => request.number === 2);
      const run = project.start(["run", "flow.yaml", "--run-id", "talk"]);
      await asked.promise;
      // The session is in a turn: its name is enough.
      expect(await project.muster("steer", "reading", "Be short")).toMatchObject({ code: 0 });
      const ps = JSON.parse((await project.muster("ps", "--json")).stdout) as unknown;
      expect(ps).toMatchObject([{ sessions: [{ id: "talk/reading", step: "ask", state: "busy", member: 1 }] }]);
      release.resolve(toolReply(["read_file", { path: "notes.md" }]));
      const steered = await second;
      expect(steered.request.body.messages.at(-1)?.content).toMatchObject([
        { type: "tool_result", content: "green" },
        { type: "text", text: "Whoever runs this says meanwhile:\nBe short" },
      ]);
      await run.crash();
      await steered.closed;

      const third = fake.nextRequest((request) => request.number === 3);
      const resumed = project.start(["resume", "talk", "--json"]);
      const again = await third;
      expect(again.request.body).toEqual(steered.request.body);
      expect(await project.muster("steer", "talk/ask", "And kind")).toMatchObject({ code: 0 });
      fake.on((request) => request.number === 4, "kind and short");
      await again.reply("short");
      const ended = await resumed.ended;
      expect(ended.code).toBe(0);
      expect(JSON.stringify(fake.requests[3]?.body.messages.at(-1)?.content)).toContain("And kind");
      expect(eventsOf(ended.stdout, "session.steered")).toMatchObject([{ step: "ask", turn: 3, message: "And kind" }]);
      expect(await project.muster("steer", "reading", "Too late")).toMatchObject({ code: 2 });
    },
  );
});

describe("muster sessions", () => {
  story(
    "another process sends to a session, waits, looks at what was said, and closes it",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        `${head}
inputs: { desk: { type: string } }
sessions: { helpdesk: { agent: support } }
steps:
  hello: { session: helpdesk, task: "Hello from {{ inputs.desk }}" }
  work: { agent: support, task: Go on, needs: hello }`,
      );
      const work = fake.nextRequest("Go on");
      fake.on("Hello from Bonn", "Welcome");
      fake.on("Who am I?", "Bonn");
      const run = project.start(["run", "flow.yaml", "--run-id", "talk", "--input", "desk=Bonn"]);
      await work;
      const sent = await project.muster(
        "sessions",
        "send",
        "helpdesk",
        "Who am I?",
        "--wait",
        "1m",
        "--run-id",
        "asked",
      );
      expect(sent).toMatchObject({ code: 0, stdout: "Bonn\n" });
      // What was said to it before is before it, and it sees the inputs of its run.
      expect(fake.requests[2]?.body.messages.map(({ content }) => textOf(content))).toEqual([
        "Hello from Bonn",
        "Welcome",
        "Who am I?",
      ]);
      expect((await project.muster("sessions", "wait", "talk/helpdesk", "--timeout", "1m")).code).toBe(0);
      const listed = await project.muster("sessions", "list", "--json");
      expect(JSON.parse(listed.stdout)).toMatchObject([
        { id: "talk/helpdesk", agent: "support", run_id: "talk", state: "idle", conversations: [{ turns: 2 }] },
      ]);
      const history = await project.muster("sessions", "history", "helpdesk");
      expect(history.stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "TIME")).toBe(
        "1  TIME  from talk hello\n   > Hello from Bonn\n   Welcome\n2  TIME  from asked message\n   > Who am I?\n   Bonn\n",
      );
      expect((await project.muster("sessions", "close", "helpdesk")).code).toBe(0);
      fake.on("Anew", "yes");
      const anew = await project.muster("sessions", "send", "helpdesk", "Anew");
      expect(anew).toMatchObject({ code: 0, stdout: "yes\n" });
      expect(fake.requests.at(-1)?.body.messages).toHaveLength(1);
      await run.crash();

      expect(await project.muster("sessions", "send", "nobody", "Hello")).toMatchObject({ code: 2 });
      // A run of its own: a crash in its turn is resumed like any.
      const held = fake.nextRequest("Still there?");
      const lost = project.start([
        "sessions",
        "spawn",
        "flow.yaml",
        "helpdesk",
        "Still there?",
        "--run-id",
        "own",
        "--input",
        "desk=Ulm",
      ]);
      await held;
      await lost.crash();
      fake.on("Still there?", "Of course");
      expect(await project.muster("resume", "own")).toMatchObject({ code: 0, stdout: "Of course\n" });
      const own = project.inStore((store) => store.sessions.turns("own/helpdesk", 1));
      expect(own.map(({ n }) => n)).toEqual([1]);
    },
  );
});

function textOf(content: unknown): string {
  return typeof content === "string" ? content : (content as { text: string }[]).map(({ text }) => text).join("");
}

function eventsOf(stdout: string, type: string): unknown[] {
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string })
    .filter((event) => event.type === type);
}

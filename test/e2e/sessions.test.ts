import { describe, expect } from "vitest";
import { toolReply } from "../rig/fake-model/answer.ts";
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

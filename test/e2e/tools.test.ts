import { describe, expect } from "vitest";
import { toolReply } from "../rig/fake-model/answer.ts";
import { story } from "../rig/muster/e2e.ts";

const head = `
muster: 1
name: desk
models: { fast: anthropic/claude-haiku-5-5 }
`;

describe("an agent with tools", () => {
  story("reads, writes and answers; what it reads may be cached", async ({ fake, project }) => {
    project.write("notes.md", "The sky is green.\n");
    project.write(
      "flow.yaml",
      `${head}
agents:
  writer: { model: fast, tools: [read_file, write_file, list_files], permissions: { files: write } }
steps:
  work: { agent: writer, task: Mend the notes, output: { type: object, properties: { done: { type: boolean } }, required: [done] } }
outputs: { done: "\${{ steps.work.output.done }}" }`,
    );
    const turns = [
      toolReply(["list_files", {}], ["read_file", { path: "notes.md" }]),
      toolReply(["write_file", { path: "notes.md", content: "The sky is blue.\n" }]),
      `{"done": true}`,
    ];
    fake.on("Mend the notes", () => turns[fake.count() - 1] ?? "too many");
    const run = await project.muster("run", "flow.yaml", "--json");
    expect(run).toMatchObject({ code: 0 });
    expect(project.read("notes.md")).toBe("The sky is blue.\n");
    const told = fake.requests[2]?.body.messages ?? [];
    expect(told.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "user"]);
    expect(told[2]?.content).toMatchObject([
      { type: "tool_result", content: "flow.yaml\nnotes.md" },
      { type: "tool_result", content: "The sky is green.\n" },
    ]);
    expect(told.at(-1)?.content).toMatchObject([{ content: "wrote 17 bytes", cache_control: { type: "ephemeral" } }]);
    const types = run.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types.filter((type) => type.startsWith("tool.") || type === "agent.turn")).toEqual([
      "agent.turn",
      "tool.called",
      "tool.called",
      "tool.finished",
      "tool.finished",
      "agent.turn",
      "tool.called",
      "tool.finished",
      "agent.turn",
    ]);
  });
});

describe("what an agent may do", () => {
  story("commands run in a sandbox, and say what is denied to them", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
agents:
  worker: { model: fast, tools: [shell, write_file], permissions: { files: read, shell: [wc] } }
steps:
  work: { agent: worker, task: Count it }`,
    );
    // The second tool is refused before a token is spent.
    const refused = await project.muster("run", "flow.yaml");
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("WF8008");
    project.edit("flow.yaml", ", write_file", "");
    fake.on(
      (request) => request.number === 1,
      toolReply(
        ["shell", { command: ["wc", "-l", "flow.yaml"] }],
        ["shell", { command: ["cat", "flow.yaml"] }],
        ["shell", { command: "wc -l flow.yaml; id" }],
      ),
    );
    fake.on((request) => request.number === 2, "counted");
    const run = await project.muster("run", "flow.yaml", "--json");
    expect(run.code).toBe(0);
    const told = JSON.stringify(fake.requests[1]?.body.messages.at(-1)?.content);
    expect(told).toContain("exit code 0\\nstdout:\\n8 flow.yaml");
    expect(told).toContain("not allowed: `permissions.shell` does not allow the program 'cat'");
    expect(told).toContain("not allowed: a script may start any program");
    expect(run.stdout.match(/"type":"tool.denied"/g)).toHaveLength(2);
  });

  story("without a sandbox an agent with the shell does not start", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
agents:
  worker: { model: fast, tools: [shell], permissions: { shell: any } }
steps:
  work: { agent: worker, task: Do it }`,
    );
    const empty = { PATH: project.folder };
    const run = await project.start(["run", "flow.yaml"], empty).ended;
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("agent 'worker' may use the shell, and there is no sandbox here: install bubblewrap");
    expect(fake.count()).toBe(0);

    project.edit("flow.yaml", "permissions: { shell: any }", "permissions: { shell: any }, sandbox: prefer");
    project.write("node_modules/x", "");
    fake.on((request) => request.number === 1, toolReply(["shell", { command: ["/bin/echo", "bare"] }]));
    fake.on((request) => request.number === 2, "done");
    const bare = await project.start(["run", "flow.yaml", "--json"], empty).ended;
    expect(bare.code).toBe(0);
    expect(bare.stdout).toContain(`"level":"warn","message":"'work' ran without a sandbox: /bin/echo bare"`);
  });

  story("values of the project are read and written", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
agents:
  clerk: { model: fast, tools: [state_get, state_set, state_list], permissions: { state: write } }
steps:
  work: { agent: clerk, task: Note it }
  after: { state: { get: note }, needs: work }
outputs: { note: "\${{ steps.after.output }}" }`,
    );
    fake.on((request) => request.number === 1, toolReply(["state_set", { key: "note", value: { n: 1 } }]));
    fake.on((request) => request.number === 2, toolReply(["state_get", { key: "note" }], ["state_list", {}]));
    fake.on((request) => request.number === 3, "noted");
    expect(await project.muster("run", "flow.yaml")).toMatchObject({ code: 0 });
    expect(fake.requests[2]?.body.messages.at(-1)?.content).toMatchObject([
      { content: `{"n":1}` },
      { content: `note = {"n":1}` },
    ]);
  });

  story("what is recorded answers again, calls of tools too; a simulated run calls none", async ({ fake, project }) => {
    project.write("a.txt", "one");
    project.write(
      "flow.yaml",
      `${head}
agents:
  reader: { model: fast, tools: [read_file], permissions: { files: read } }
steps:
  work: { agent: reader, task: Read it }
outputs: { said: "\${{ steps.work.output }}" }`,
    );
    fake.on((request) => request.number === 1, toolReply(["read_file", { path: "a.txt" }]));
    fake.on((request) => request.number === 2, "one, it says");
    expect((await project.muster("run", "flow.yaml", "--record", "tape.yaml")).code).toBe(0);
    expect(project.read("tape.yaml")).toContain("name: read_file");
    expect(await project.muster("run", "flow.yaml", "--replay", "tape.yaml")).toMatchObject({
      code: 0,
      stdout: "one, it says\n",
    });
    // The file has changed: what is asked in turn two was never recorded.
    project.write("a.txt", "two");
    const miss = await project.muster("run", "flow.yaml", "--replay", "tape.yaml");
    expect(miss.code).toBe(1);
    expect(miss.stderr).toContain("result: two");
    const simulated = await project.muster("run", "flow.yaml", "--simulate", "--json");
    expect(simulated.code).toBe(0);
    expect(simulated.stdout).not.toContain("tool.called");
    expect(fake.count()).toBe(2);
  });

  story("a secret that a tool finds is neither told nor kept", async ({ fake, project }) => {
    project.env["HOUSE_KEY"] = "hush-hush-4711";
    project.write("a.txt", "the key is hush-hush-4711");
    project.write(
      "flow.yaml",
      `${head}
secrets: [HOUSE_KEY]
agents:
  reader: { model: fast, tools: [read_file], permissions: { files: read } }
steps:
  work: { agent: reader, task: Read it }
  use: { run: "true", env: { KEY: "\${{ secrets.HOUSE_KEY }}" } }`,
    );
    fake.on((request) => request.number === 1, toolReply(["read_file", { path: "a.txt" }]));
    fake.on((request) => request.number === 2, "read");
    expect((await project.muster("run", "flow.yaml")).code).toBe(0);
    expect(JSON.stringify(fake.requests[1]?.body)).toContain("the key is [secret:HOUSE_KEY]");
    const holding = project.files().filter(({ path, bytes }) => path !== "a.txt" && bytes.includes("hush-hush-4711"));
    expect(holding.map(({ path }) => path)).toEqual([]);
  });
});

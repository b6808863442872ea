import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { describe, expect, inject } from "vitest";
import type { JsonObject } from "../../src/util/json.ts";
import { toolReply } from "../rig/fake-model/answer.ts";
import { plays } from "../rig/fake-model/team.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

/** The official client at one end of `muster mcp`, as an editor would have it. */
async function connect(project: Project, ...args: string[]) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [inject("musterScript"), "mcp", ...args],
    cwd: project.folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: project.folder, ...project.env },
    stderr: "ignore",
  });
  const client = new Client({ name: "story", version: "1.0.0" });
  await client.connect(transport);
  const call = async (name: string, given: JsonObject = {}) => {
    const { structuredContent, content, isError = false } = await client.callTool({ name, arguments: given });
    const [first] = content as readonly { readonly text: string }[];
    return { data: structuredContent as Answer, text: first?.text ?? "", isError };
  };
  return { client, call, close: () => client.close() };
}

interface Answer {
  readonly run_id: string;
  readonly status: string;
  readonly outputs: JsonObject;
  readonly [key: string]: unknown;
}

const flow = `
muster: 1
name: greeting
inputs: { who: { type: string, default: Ada } }
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
limits: { budget: { usd: 1 } }
steps: { greet: { agent: writer, task: "Greet {{ inputs.who }}" } }
outputs: { greeting: "\${{ steps.greet.output }}" }
`;

describe("muster mcp FILE", () => {
  story("lists its tools and pages; none of them changes what the file says", async ({ project }) => {
    project.write("flow.yaml", flow);
    const { client, close } = await connect(project, "flow.yaml");
    const { tools } = await client.listTools();
    const parameters = Object.fromEntries(
      tools.map(({ name, inputSchema }) => [name, Object.keys(inputSchema.properties ?? {})]),
    );
    expect(parameters).toEqual({
      validate_workflow: ["text"],
      plan_workflow: ["text", "inputs"],
      run_workflow: ["inputs", "simulate", "wait_seconds"],
      show_run: ["run_id", "wait_seconds"],
      sessions_spawn: ["task", "agent", "model", "mode", "label", "timeout", "output_schema", "inputs"],
      sessions_wait: ["ids", "timeout"],
      sessions_send: ["to", "message", "timeout"],
      sessions_list: ["kinds", "active_minutes", "limit", "message_limit"],
      sessions_history: ["session", "limit", "include_tools"],
      subagents: ["action", "target", "message"],
    });
    // Nothing answers an approval.
    expect(tools.filter(({ name }) => /approv|answer|reject/.test(name))).toEqual([]);
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain("muster://language");
    const { contents } = await client.readResource({ uri: "muster://language" });
    expect(JSON.stringify(contents)).toContain("max_parallel");
    await close();
  });

  story("validates and plans the file, or a text in its place, without asking a model", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const { call, close } = await connect(project, "flow.yaml");
    expect((await call("validate_workflow")).data).toMatchObject({ valid: true, diagnostics: [] });
    const wrong = await call("validate_workflow", { text: flow.replace("agent: writer", "agent: writr") });
    expect(wrong.data).toMatchObject({
      valid: false,
      diagnostics: [{ file: "flow.yaml", line: 8, code: "WF3003", help: "did you mean 'writer'?" }],
    });
    const planned = await call("plan_workflow", { inputs: { who: "Grace" } });
    expect(planned.data).toMatchObject({
      version: 1,
      waves: [["greet"]],
      estimate: { calls: { floor: 1, ceiling: 1 } },
    });
    const refused = await call("plan_workflow", { text: "muster: 1" });
    expect(refused).toMatchObject({ isError: true });
    expect(refused.text).toContain("the workflow is not valid:\n");
    expect(fake.count()).toBe(0);
    await close();
  });

  story(
    "runs the file, tells how far it is, and shows the run, which the command knows too",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        flow.replace("steps: { greet:", "steps: { bye: { agent: writer, needs: greet, task: Bye }, greet:"),
      );
      fake.on("Greet Grace", "Hello Grace");
      const held = fake.nextRequest("Bye");
      const { call, client, close } = await connect(project, "flow.yaml");
      const told = new Promise((resolve) => {
        const ran = client.callTool(
          { name: "run_workflow", arguments: { inputs: { who: "Grace" } } },
          { onprogress: ({ message }) => resolve({ message, ran }) },
        );
      });
      const bye = await held;
      const { message, ran: running } = (await told) as { readonly message: string; readonly ran: Promise<unknown> };
      expect(message).toBe("greet succeeded");
      await bye.reply("Bye");
      const { structuredContent } = (await running) as { readonly structuredContent: unknown };
      const ran = structuredContent as Answer;
      expect(ran).toMatchObject({ status: "succeeded", outputs: { greeting: "Hello Grace" }, error: null });
      const shown = await call("show_run", { run_id: ran.run_id });
      expect(shown.data).toMatchObject({
        version: 1,
        status: "succeeded",
        steps: { greet: { output: "Hello Grace" } },
      });
      await close();
      expect((await project.muster("show", ran.run_id)).stdout).toContain("greet");
      expect(fake.count()).toBe(2);
    },
  );

  story("refuses inputs that do not fit, files of its own choice, and runs that there are not", async ({ project }) => {
    project.write("flow.yaml", flow);
    project.write("other.yaml", flow);
    const { call, client, close } = await connect(project, "flow.yaml");
    expect(await call("run_workflow", { inputs: { who: 5 } })).toMatchObject({ isError: true });
    const own = await client.callTool({ name: "run_workflow", arguments: { workflow: "other.yaml" } }).then(
      ({ isError }) => isError,
      () => true,
    );
    expect(own).toBe(true);
    const unknown = await call("show_run", { run_id: "nobody" });
    expect(unknown).toMatchObject({ isError: true });
    expect(unknown.text).toMatch(/there is no (?:run|state)/);
    await close();
  });

  story("a run that takes longer goes on, and is waited for with show_run", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const held = fake.nextRequest("Greet Ada");
    const { call, close } = await connect(project, "flow.yaml");
    const started = await call("run_workflow", { wait_seconds: 0 });
    expect(started.data).toMatchObject({ status: "running" });
    const request = await held;
    const shown = call("show_run", { run_id: started.data.run_id, wait_seconds: 60 });
    await request.reply("Hello");
    expect((await shown).data).toMatchObject({ status: "succeeded", outputs: { greeting: "Hello" } });
    await close();
  });

  story("when the client goes away the run is saved, and resume goes on with it", async ({ fake, project }) => {
    project.write("flow.yaml", flow.replace("limits: {", "limits: { grace: 1ms,"));
    const held = fake.nextRequest("Greet Ada");
    const { call, close } = await connect(project, "flow.yaml");
    const { data } = await call("run_workflow", { wait_seconds: 0 });
    await held;
    await close();
    fake.on("Greet Ada", "Hello again");
    expect(await project.muster("resume", data.run_id)).toMatchObject({ code: 0, stdout: "Hello again\n" });
  });

  story("a run that waits for a person says so, and no tool answers", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: careful
steps:
  ok: { approval: { prompt: May it go out? } }
  done: { value: "yes", needs: ok }
outputs: { done: "\${{ steps.done.output }}" }
`,
    );
    const { call, client, close } = await connect(project, "flow.yaml");
    const { data } = await call("run_workflow");
    expect(data).toMatchObject({
      status: "waiting",
      waits_for: [
        {
          for: "approval",
          step: "ok",
          a_person_answers_with: `muster approve ${data.run_id} ok (or muster reject), then muster resume ${data.run_id}`,
        },
      ],
    });
    expect((await call("show_run")).data).toMatchObject({ status: "waiting", waits_for: [{ step: "ok" }] });
    const { tools } = await client.listTools();
    expect(tools.filter(({ name }) => /approve|reject|answer/.test(name))).toEqual([]);
    await close();
  });
});

describe("muster mcp", () => {
  story("without a file serves the workflows of the project, and nothing outside of it", async ({ project }) => {
    project.write(".git/HEAD", "");
    project.write("workflows/flow.yaml", flow);
    const { call, close } = await connect(project);
    expect((await call("validate_workflow", { workflow: "workflows/flow.yaml" })).data).toMatchObject({ valid: true });
    const ran = await call("run_workflow", { workflow: "workflows/flow.yaml", simulate: true });
    expect(ran.data).toMatchObject({ status: "succeeded", simulated: true });
    for (const workflow of ["../elsewhere.yaml", "/etc/passwd"]) {
      const refused = await call("validate_workflow", { workflow });
      expect(refused).toMatchObject({ isError: true, text: `${workflow} is not in the project` });
    }
    expect(await call("run_workflow")).toMatchObject({ isError: true });
    await close();
  });

  story("says which file there is not", async ({ project }) => {
    expect(await project.muster("mcp", "nobody.yaml")).toMatchObject({
      code: 2,
      stderr: "muster: there is no file nobody.yaml\n",
    });
  });
});

describe("agents led over MCP", () => {
  const team = `
muster: 1
name: desk
models: { fast: anthropic/claude-haiku-5-5 }
agents:
  lead: { model: fast, instructions: You lead., spawn: { agents: [worker] } }
  worker: { model: fast, instructions: You work. }
limits: { budget: { calls: 20 } }
steps: { ask: { approval: { prompt: "Go on?" } }, work: { needs: ask, agent: lead, task: Do it } }
`;

  story(
    "are started on tasks and waited for, with typed results; one that is not in the file is not",
    async ({ fake, project }) => {
      project.write("flow.yaml", team);
      const { call, close } = await connect(project, "flow.yaml");
      plays(fake, "You lead.", [
        toolReply(["sessions_spawn", { task: "A part" }]),
        toolReply(["sessions_wait", {}]),
        `{"n": 3}`,
      ]);
      plays(fake, "You work.\nA part", ["three"]);
      const held = fake.nextRequest((request) => request.text === "You work.\nAlone");
      const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
      const lead = await call("sessions_spawn", { agent: "lead", task: "Count them", output_schema: schema });
      const alone = await call("sessions_spawn", { agent: "worker", task: "Alone", label: "single" });
      expect([lead.data, alone.data]).toMatchObject([{ status: "running", mode: "run" }, { status: "running" }]);
      await held;
      const early = await call("sessions_wait", { ids: [alone.data["id"] as string], timeout: 0 });
      expect(early.data["results"]).toMatchObject([{ status: "running" }]);
      const done = await call("sessions_wait", { ids: [lead.data["id"] as string] });
      expect(done.data["results"]).toMatchObject([{ status: "succeeded", output: { n: 3 }, usage: { calls: 4 } }]);

      const listed = await call("subagents", { action: "list" });
      expect(listed.data["runs"]).toMatchObject([{ run_id: alone.data["id"], workflow: "desk/single" }]);
      const told = await call("subagents", { action: "steer", target: alone.data["id"] as string, message: "Hurry" });
      expect(told.text).toContain("before its next turn");
      expect((await call("subagents", { action: "kill", target: alone.data["id"] as string })).isError).toBe(false);
      const killed = await call("sessions_wait", { ids: [alone.data["id"] as string] });
      expect(killed.data["results"]).toMatchObject([{ status: "cancelled" }]);
      const all = await call("sessions_list", { kinds: ["run"] });
      expect(all.data["runs"]).toMatchObject([{ status: "cancelled" }, { status: "succeeded" }]);

      const unknown = await call("sessions_spawn", { agent: "boss", task: "Rule" });
      expect(unknown).toMatchObject({ isError: true, text: "the workflow has no agent 'boss'; it has lead, worker" });
      const dear = await call("sessions_spawn", { agent: "worker", task: "Think", model: "anthropic/claude-opus-5-5" });
      expect(dear.text).toContain("no agent of the workflow asks 'anthropic/claude-opus-5-5'");
      const bad = await call("sessions_spawn", { agent: "worker", task: "Think", output_schema: { type: "nothing" } });
      expect(bad.text).toContain("output_schema cannot be used");
      await close();
    },
  );

  story("keep a conversation: spawned, sent to, listed, read", async ({ fake, project }) => {
    project.write("flow.yaml", team);
    const { call, close } = await connect(project, "flow.yaml");
    plays(fake, "You work.\nMy name is Ada", ["Hello Ada", "Ada"]);
    const started = await call("sessions_spawn", {
      agent: "worker",
      task: "My name is Ada",
      mode: "session",
      label: "helpdesk",
    });
    expect(started.data).toMatchObject({ session: "project/desk/helpdesk", mode: "session" });
    await call("sessions_wait", { ids: [started.data["id"] as string] });
    const reply = await call("sessions_send", { to: "helpdesk", message: "What is my name?" });
    expect(reply.data).toMatchObject({ session: "project/desk/helpdesk", status: "succeeded", output: "Ada" });
    const listed = await call("sessions_list", { message_limit: 1 });
    expect(listed.data["sessions"]).toMatchObject([
      {
        id: "project/desk/helpdesk",
        agent: "worker",
        state: "idle",
        messages: [{ message: "What is my name?", reply: "Ada" }],
      },
    ]);
    const history = await call("sessions_history", { session: "helpdesk" });
    expect(history.data["turns"]).toMatchObject([
      { turn: 1, reply: "Hello Ada" },
      { turn: 2, reply: "Ada" },
    ]);
    expect((await call("sessions_send", { to: "nobody", message: "Hi" })).isError).toBe(true);
    await close();
  });
});

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const fakeAgent = fileURLToPath(new URL("../rig/fake-acp/main.ts", import.meta.url));

/** A workflow whose agent is the fake coding agent. */
function write(project: Project, agent: string, steps: string, more = ""): void {
  project.write(
    "flow.yaml",
    `muster: 1
name: coding
${more}
agents:
  coder:
    acp: { command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(fakeAgent)}], mode: default }
    ${agent}
steps:
  ${steps}
outputs: { x: "\${{ steps.x.output }}" }
`,
  );
}

describe("a coding agent over ACP", () => {
  story("is put into its mode, answers with its last words, and tells its use and cost", async ({ project }) => {
    write(project, 'env: { OWN: "yes" }', "x: { agent: coder, task: Hello }");
    expect(await project.muster("run", "flow.yaml", "--report", "report.json")).toMatchObject({
      code: 0,
      stdout: "Let me see. mode default, key none, own yes\n",
    });
    expect(project.report()).toMatchObject({
      cost_usd: 0.25,
      usage: { calls: 1, input_tokens: 10, output_tokens: 2 },
    });
    expect(project.report().steps["x"]).toMatchObject({ model: "acp/coder" });
  });

  story("may do what its permissions say when it asks, once at a time, and nothing else", async ({ project }) => {
    write(
      project,
      "permissions: { files: write, network: [example.com] }",
      `x: { value: done, needs: [inside, outside, script, page, other, vague] }
  inside: { agent: coder, task: Edit notes.txt }
  outside: { agent: coder, task: Edit ../notes.txt }
  script: { agent: coder, task: Run ls }
  page: { agent: coder, task: "Fetch https://example.com/a" }
  other: { agent: coder, task: "Fetch http://127.0.0.1/" }
  vague: { agent: coder, task: Guess }`,
    );
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(0);
    const said = Object.fromEntries(Object.entries(project.report().steps).map(([id, { output }]) => [id, output]));
    expect(said).toMatchObject({
      inside: "edited notes.txt",
      outside: "not allowed to edit ../notes.txt",
      script: "not allowed to run",
      page: "read https://example.com/a",
      other: "not allowed to read",
      vague: "not allowed to guess",
    });
    expect(project.read("notes.txt")).toBe("edited\n");
    const logs = await project.muster("logs", project.report().run_id, "outside", "--json");
    const events = logs.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly type: string });
    expect(events.filter(({ type }) => type.startsWith("tool."))).toMatchObject([
      { type: "tool.called", tool: "Edit ../notes.txt" },
      { type: "tool.denied", reason: "../notes.txt is not in its workspace" },
      { type: "tool.finished", status: "error" },
    ]);
  });

  story("without permissions may do nothing that it asks for", async ({ project }) => {
    write(project, "instructions: You code.", "x: { agent: coder, task: Edit notes.txt }");
    expect(await project.muster("run", "flow.yaml")).toMatchObject({
      code: 0,
      stdout: "not allowed to edit notes.txt\n",
    });
    expect(project.has("notes.txt")).toBe(false);
  });

  story("a typed answer is repaired in the same conversation", async ({ project }) => {
    write(
      project,
      "instructions: You code.",
      "x: { agent: coder, task: Count, output: { type: object, properties: { n: { type: integer } }, required: [n] } }",
    );
    const ran = await project.muster("run", "flow.yaml", "--report", "report.json", "--record", "tape.yaml");
    // It tells how many prompts it has been given.
    expect(ran).toMatchObject({ code: 0, stdout: `{\n  "x": {\n    "n": 2\n  }\n}\n` });
    expect(project.report()).toMatchObject({ cost_usd: 0.5, usage: { calls: 2 } });
    expect(project.read("tape.yaml")).toContain("cost_usd: 0.25");
  });

  story("a budget counts what it says that it cost", async ({ project }) => {
    write(
      project,
      "assume: { usd: 0.50 }",
      "x: { for_each: [1, 2, 3], max_parallel: 1, agent: coder, task: Hello }",
      "limits: { budget: { usd: 0.80 } }",
    );
    // 0.25 + 0.25, and the third, which may cost 0.50, does not fit any more.
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    expect(project.report()).toMatchObject({ cost_usd: 0.5, error: { class: "budget" } });
  });

  story("a time limit tells it to stop, and ends it", async ({ project }) => {
    write(project, "instructions: You code.", "x: { agent: coder, task: Hang, timeout: 3s }");
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    expect(project.report().steps["x"]).toMatchObject({ attempts: 1, error: { class: "timeout" } });
    expect(project.has("cancelled")).toBe(true);
    expect(existsSync(`/proc/${project.read("begun")}/cmdline`)).toBe(false);
  });

  story("tells why it did not answer", async ({ project }) => {
    write(
      project,
      "instructions: You code.",
      `x: { agent: coder, task: Die }
  login: { agent: coder, task: Login }
  limit: { agent: coder, task: Limit }`,
    );
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    const { x, login, limit } = project.report().steps;
    expect(x?.error).toMatchObject({ class: "exit", code: "exit_3", partial: "out of coffee\n" });
    expect(login?.error).toMatchObject({ class: "auth", code: "login_required" });
    expect(limit?.error).toMatchObject({ class: "tool", code: "max_turns" });
  });

  story("after a crash it is not started again unasked", async ({ project }) => {
    write(project, "instructions: You code.", "x: { agent: coder, task: Hang }");
    const run = project.start(["run", "flow.yaml"]);
    await project.appears("begun");
    await run.crash();
    expect((await project.muster("resume", "--report", "report.json")).code).toBe(1);
    expect(project.report().steps["x"]?.error).toMatchObject({ code: "outcome_unknown" });
    expect(await project.muster("resume", "--rerun", "x")).toMatchObject({ code: 0, stdout: "Let me see. again\n" });
  });

  story("is simulated and replayed without being started", async ({ project }) => {
    write(project, "instructions: You code.", "x: { agent: coder, task: Hello }");
    expect((await project.muster("run", "flow.yaml", "--record", "tape.yaml")).code).toBe(0);
    project.edit("flow.yaml", JSON.stringify(process.execPath), '"./gone"');
    expect((await project.muster("run", "flow.yaml", "--simulate")).code).toBe(0);
    expect(await project.muster("run", "flow.yaml", "--replay", "tape.yaml")).toMatchObject({
      code: 0,
      stdout: "Let me see. mode default, key none, own undefined\n",
    });
    expect(await project.muster("run", "flow.yaml")).toMatchObject({ code: 1 });
  });
});

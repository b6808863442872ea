import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const flow = `
muster: 1
name: looked-at
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  fetch: { value: 1 }
  draft: { needs: fetch, agent: writer, task: Draft }
  chapters: { for_each: [one, two], needs: draft, max_parallel: 1, agent: writer, task: "Chapter {{ item }}" }
  lint: { run: "true" }
  publish: { needs: [chapters, lint], run: "echo published" }
outputs:
  draft: "\${{ steps.draft.output }}"
  published: "\${{ steps.publish.output }}"
`;

describe("muster run --only", () => {
  story("runs these steps and what they need, and tells the outputs that it can", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    fake.on("Draft", "a draft");
    const ended = await project.muster("run", "flow.yaml", "--only", "draft", "lint", "--report", "report.json");
    expect(ended).toMatchObject({ code: 0, stdout: "a draft\n" });
    expect(Object.keys(project.report().steps)).toEqual(["fetch", "draft", "lint"]);
    expect(project.report().outputs).toEqual({ draft: "a draft" });
    expect(fake.count()).toBe(1);
  });

  story("is remembered by a resume", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const failing = fake.on("Draft", { kind: "fail", status: 400, type: "invalid_request_error", message: "no" });
    expect((await project.muster("run", "flow.yaml", "--only", "draft")).code).toBe(1);
    failing();
    expect((await project.muster("resume", "--report", "report.json")).code).toBe(0);
    expect(Object.keys(project.report().steps)).toEqual(["fetch", "draft"]);
  });

  story("knows no step that is not there", async ({ project }) => {
    project.write("flow.yaml", flow);
    expect(await project.muster("run", "flow.yaml", "--only", "drfat")).toMatchObject({
      code: 2,
      stderr: "muster: --only: the workflow has no step 'drfat'; did you mean 'draft'?\n",
    });
    expect(project.has(".muster")).toBe(false);
  });
});

describe("muster ps", () => {
  story("shows what a run is at, while it is at it", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const [first, second] = [fake.nextRequest("Chapter one"), fake.nextRequest("Chapter two")];
    const run = project.start(["run", "flow.yaml", "--run-id", "R1"]);
    await (await first).reply("1");
    const held = await second;

    const [shown] = JSON.parse((await project.muster("ps", "--json")).stdout) as [{ [name: string]: unknown }];
    expect(shown).toMatchObject({
      run_id: "R1",
      workflow: "looked-at",
      file: "flow.yaml",
      status: "running",
      owner: { pid: run.pid },
      steps_done: 3,
      steps_total: 5,
    });
    expect(shown["steps"]).toMatchObject([
      {
        step: "chapters",
        kind: "agent",
        status: "running",
        attempt: 1,
        items: { total: 2, succeeded: 1, failed: 0, running: 1 },
        model: "anthropic/claude-haiku-5-5",
      },
    ]);
    const lines = (await project.muster("ps")).stdout.split("\n");
    expect(lines[0]).toBe("looked-at  R1");
    expect(lines[1]).toMatch(new RegExp(`^ {3}\\d+\\.\\ds {2}3/5 steps {2}\\d+ tokens {2}.* {2}pid ${run.pid} on `));
    expect(lines[2]).toMatch(/^ . chapters +█+░+ 1\/2 +claude-haiku-5-5 +\d/u);

    const watch = project.start(["ps", "--watch", "--json"]);
    await watch.shows('"run_id":"R1"');
    await held.reply("2");
    expect((await run.ended).code).toBe(0);
    await watch.shows("[]\n");
    watch.signal("SIGINT");
    expect(await watch.ended).toMatchObject({ signal: "SIGINT", stderr: "" });
    expect(await project.muster("ps")).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "nothing runs now: 'muster runs' lists what did\n",
    });
  });

  story("does not show a run whose runner was killed", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const held = fake.nextRequest("Draft");
    const run = project.start(["run", "flow.yaml"]);
    await held;
    await run.crash();
    expect((await project.muster("ps", "--json")).stdout).toBe("[]\n");
  });
});

describe("muster graph", () => {
  story("draws a workflow and a run of it", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const plain = await project.muster("graph", "flow.yaml");
    expect(plain.stdout).toBe(`flowchart TD
  s0["fetch<br/>value"]
  s1(["draft<br/>agent writer"])
  s2(["chapters<br/>agent writer × 2"])
  s3[["lint<br/>run"]]
  s4[["publish<br/>run"]]
  s0 --> s1
  s1 --> s2
  s2 --> s4
  s3 --> s4
`);
    expect((await project.muster("plan", "flow.yaml", "--format", "mermaid")).stdout).toBe(plain.stdout);
    fake.on("Chapter", { kind: "fail", status: 400, type: "invalid_request_error", message: "no" });
    await project.muster("run", "flow.yaml", "--run-id", "R1");
    const { nodes, edges } = JSON.parse((await project.muster("graph", "R1", "--json")).stdout) as {
      nodes: { id: string; status: string }[];
      edges: unknown[];
    };
    expect(nodes.map(({ id, status }) => [id, status])).toEqual([
      ["fetch", "succeeded"],
      ["draft", "succeeded"],
      ["chapters", "failed"],
      ["lint", "succeeded"],
      ["publish", "skipped"],
    ]);
    expect(edges[0]).toEqual({ from: "fetch", to: "draft", some_of: null });
    expect((await project.muster("graph", "R1")).stdout).toContain("  class s2 failed\n");
    expect((await project.muster("graph", "R1", "--format", "svg")).stdout).toMatch(
      /^<svg .*<g class="failed">.*<\/svg>\n$/s,
    );
    expect((await project.muster("graph", "R1", "--format", "dot")).stdout).toMatch(/^digraph "looked-at" {\n.*}\n$/s);
  });

  story("knows neither a file nor a run that is not there", async ({ project }) => {
    expect(await project.muster("graph", "nope.yaml")).toMatchObject({
      code: 2,
      stderr: "muster: cannot read nope.yaml: there is no such file\n",
    });
    project.write("flow.yaml", flow);
    await project.muster("state", "set", "k", "1");
    expect(await project.muster("graph", "NOPE")).toMatchObject({
      code: 2,
      stderr: "muster: there is no run NOPE: 'muster runs' lists them\n",
    });
  });
});

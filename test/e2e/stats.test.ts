import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const FLOW = `
muster: 1
name: counted
version: 1.2.0
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps:
  draft: { agent: writer, task: Draft }
  both:
    steps: { edit: { agent: writer, task: "Edit {{ steps.draft.output }}" } }
    outputs: { text: "\${{ steps.edit.output }}" }
outputs: { text: "\${{ steps.both.output.text }}" }
score: size(steps.draft.output)
roi: { manual_hours: 2, hourly_rate: 50 }
`;

describe("muster stats", () => {
  story("counts runs by what their ends left behind, simulated ones apart", async ({ fake, project }) => {
    project.write("flow.yaml", FLOW);
    fake.on(/./, ({ text }) => `<${text.trim()}>`);
    expect((await project.muster("run", "flow.yaml", "--run-id", "R1")).code).toBe(0);
    expect((await project.muster("run", "flow.yaml", "--simulate")).code).toBe(0);
    fake.on("Edit", () => ({ kind: "fail", status: 400, type: "invalid_request_error", message: "no" }));
    expect((await project.muster("run", "flow.yaml")).code).toBe(1);

    const { code, stdout } = await project.muster("stats", "counted", "--json");
    expect(code).toBe(0);
    const told = JSON.parse(stdout) as { readonly version: number; readonly workflows: readonly unknown[] };
    expect(told.version).toBe(1);
    expect(told.workflows).toMatchObject([
      {
        workflow: "counted",
        mode: "live",
        runs: 2,
        succeeded: 1,
        failed: 1,
        success_rate: 0.5,
        calls: 3,
        score: { runs: 1, mean: 7, min: 7, max: 7 },
        by_agent: [{ agent: "writer", calls: 3 }],
        by_model: [{ model: "anthropic/claude-haiku-5-5", calls: 3 }],
        by_step: [
          { step: "draft", succeeded: 2, calls: 2 },
          { step: "both", succeeded: 1, failed: 1 },
          { step: "both/edit", succeeded: 1, failed: 1, calls: 1 },
        ],
        by_version: [{ version: "1.2.0", runs: 2 }],
        critical_path: { run_id: "R1" },
        savings: { runs: 1, hours: 2 },
      },
      { workflow: "counted", mode: "simulated", runs: 1, succeeded: 1 },
    ]);
    const text = (await project.muster("stats")).stdout;
    expect(text).toMatch(/^counted {2}2 runs, 1 succeeded, 1 failed {2}50% succeed\n/);
    expect(text).toContain("\ncounted  simulated  1 run, 1 succeeded");
    expect(await project.muster("stats", "conted")).toMatchObject({
      code: 2,
      stderr: "muster: there is no run of a workflow 'conted'; did you mean 'counted'?\n",
    });
  });

  story("a run that is killed counts as unfinished; its resume leaves the figures", async ({ fake, project }) => {
    project.write("flow.yaml", FLOW);
    fake.on(/./, () => "fine");
    const held = fake.nextRequest("Draft");
    const run = project.start(["run", "flow.yaml"]);
    await held;
    await run.crash();
    const count = async (): Promise<unknown> => JSON.parse((await project.muster("stats", "--json")).stdout);
    expect(await count()).toMatchObject({ workflows: [{ runs: 1, unfinished: 1, success_rate: null, by_step: [] }] });
    expect((await project.muster("resume")).code).toBe(0);
    expect(await count()).toMatchObject({ workflows: [{ runs: 1, succeeded: 1, calls: 2 }] });
  });
});

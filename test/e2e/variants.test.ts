import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const TOP = `
muster: 1
name: experiment
inputs: { topic: { type: string, default: cats } }
variants:
  short: { weight: 1, uses: ./short.yaml }
  long: { weight: 1, uses: ./long.yaml }
roi: { manual_hours: 0.5, hourly_rate: 40 }
`;
const leaf = (name: string, task: string, score: string): string => `
muster: 1
name: ${name}
inputs: { topic: { type: string } }
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps: { write: { agent: writer, task: "${task} {{ inputs.topic }}" } }
outputs: { text: "\${{ steps.write.output }}" }
score: ${score}
`;

function begin(project: Project): void {
  project.write("top.yaml", TOP);
  project.write("short.yaml", leaf("short", "Few words on", "size(steps.write.output) / 2"));
  project.write("long.yaml", leaf("long", "Many words on", "from_json(steps.write.output)"));
}

describe("variants", () => {
  story("a run takes the one that is named, and has its outputs and its score", async ({ fake, project }) => {
    begin(project);
    fake.on("Few words on dogs", () => "woof");
    const run = await project.muster(
      "run",
      "top.yaml",
      "--variant",
      "short",
      "--input",
      "topic=dogs",
      "--report",
      "report.json",
    );
    expect([run.code, run.stdout]).toEqual([0, "woof\n"]);
    expect(run.stderr).toContain("  variant  short\n  score    2\n");
    expect(project.report()).toMatchObject({
      variant: "short",
      score: 2,
      roi: { manual_hours: 0.5, hourly_rate: 40, saved_hours: 0.5 },
      outputs: { text: "woof" },
    });
    expect((await project.muster("show")).stdout).toContain("\nvariant  short\nscore    2\n");
    const shown = JSON.parse((await project.muster("show", "--json")).stdout) as unknown;
    expect(shown).toMatchObject({ variant: "short", score: 2 });
  });

  story("it is chosen once: equal keys take the same, and a resume goes on with it", async ({ fake, project }) => {
    begin(project);
    fake.on(/words/, () => ({ kind: "fail", status: 400, type: "invalid_request_error", message: "no" }));
    const taken = async (key: string): Promise<unknown> => {
      await project.muster("run", "top.yaml", "--key", key, "--report", "report.json");
      return (project.report() as unknown as { readonly variant: string }).variant;
    };
    const first = await taken("customer 7");
    expect(await taken("customer 7")).toBe(first);
    fake.on(/words/, () => "fine");
    project.edit(
      "top.yaml",
      first === "short" ? "weight: 1, uses: ./short" : "weight: 1, uses: ./long",
      `weight: 0, uses: ./${String(first)}`,
    );
    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed.code).toBe(0);
    expect(project.report()).toMatchObject({ variant: first, outputs: { text: "fine" } });
  });

  story("a score that is no number takes nothing from the run", async ({ fake, project }) => {
    begin(project);
    fake.on("Many words", () => "no JSON");
    const run = await project.muster("run", "top.yaml", "--variant", "long", "--report", "report.json");
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/\n {2}score {4}not computed: .+\n/);
    expect(project.report()).toMatchObject({ status: "succeeded", score: null, outputs: { text: "no JSON" } });
    const logs = await project.muster("logs", "--json");
    expect(JSON.parse(logs.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      type: "run.finished",
      score: null,
      score_problem: expect.any(String) as unknown,
    });
  });

  story("the plan shows all of them, or the one that is named", async ({ project }) => {
    begin(project);
    const all = await project.muster("plan", "top.yaml");
    expect(all.stdout).toContain("uses short.yaml, a variant for 50% of the runs");
    expect(all.stdout).toContain("uses long.yaml, a variant for 50% of the runs");
    const one = await project.muster("plan", "top.yaml", "--variant", "long");
    expect(one.stdout).toContain("uses long.yaml, the chosen variant");
    expect(one.stdout).not.toContain("short");
    const none = await project.muster("run", "short.yaml", "--variant", "long");
    expect([none.code, none.stderr]).toEqual([
      2,
      "muster: --variant: the workflow has no variants, so none is called 'long'\n",
    ]);
  });
});

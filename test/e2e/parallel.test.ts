import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const research = (more: string): string => `
muster: 1
name: research
models: { fast: anthropic/claude-haiku-5-5 }
agents:
  writer: { model: fast, instructions: You write. }
${more}
`;

describe("work that does not depend on each other runs at once", () => {
  story("three researchers are in flight together; the report starts only after the last of them", async ({ fake, project }) => {
    project.write("flow.yaml", research(`
steps:
  alpha: { agent: writer, task: Research alpha. }
  beta: { agent: writer, task: Research beta. }
  gamma: { agent: writer, task: Research gamma. }
  report:
    agent: writer
    task: "Report: {{ steps.alpha.output }}, {{ steps.beta.output }}, {{ steps.gamma.output }}"
outputs: { report: "\${{ steps.report.output }}" }`));
    const held = Promise.all(["alpha", "beta", "gamma"].map((name) => fake.nextRequest(`Research ${name}`)));
    const report = fake.nextRequest("Report:");
    const run = project.start(["run", "flow.yaml"]);

    const [alpha, beta, gamma] = await held;
    expect(fake.inFlight).toBe(3);
    await gamma?.reply("G");
    await alpha?.reply("A");
    expect(fake.count("Report:")).toBe(0);
    await beta?.reply("B");
    expect((await report).request.text).toContain("Report: A, B, G");
    await (await report).reply("# All of it");

    expect(await run.ended).toMatchObject({ code: 0, stdout: "# All of it\n" });
    expect(fake.count()).toBe(4);
    expect(fake.refusals).toEqual([]);
  });
});

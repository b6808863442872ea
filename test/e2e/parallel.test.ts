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
  story(
    "three researchers are in flight together; the report starts only after the last of them",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        research(`
steps:
  alpha: { agent: writer, task: Research alpha. }
  beta: { agent: writer, task: Research beta. }
  gamma: { agent: writer, task: Research gamma. }
  report:
    agent: writer
    task: "Report: {{ steps.alpha.output }}, {{ steps.beta.output }}, {{ steps.gamma.output }}"
outputs: { report: "\${{ steps.report.output }}" }`),
      );
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
    },
  );

  story("max_parallel bounds one step, limits.concurrency all of them", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      research(`
limits: { concurrency: 3 }
steps:
  narrow:
    for_each: [n1, n2, n3, n4]
    max_parallel: 1
    agent: writer
    task: Narrow {{ item }}
  wide:
    for_each: [w1, w2, w3, w4, w5, w6]
    agent: writer
    task: Wide {{ item }}`),
    );
    // Answers the oldest request only when all that may be in flight together are.
    const left = { Narrow: 4, Wide: 6 };
    const open: { readonly kind: "Narrow" | "Wide"; readonly answer: (text: string) => void }[] = [];
    let mostNarrow = 0;
    fake.on(
      /Narrow|Wide/,
      ({ text }) =>
        new Promise((answer) => {
          open.push({ kind: text.includes("Narrow") ? "Narrow" : "Wide", answer });
          mostNarrow = Math.max(mostNarrow, open.filter(({ kind }) => kind === "Narrow").length);
          while (open.length > 0 && open.length >= Math.min(3, Math.min(1, left.Narrow) + left.Wide)) {
            const oldest = open.shift() as (typeof open)[number];
            left[oldest.kind] -= 1;
            oldest.answer("done");
          }
        }),
    );

    expect((await project.muster("run", "flow.yaml")).code).toBe(0);
    expect(fake.count("Narrow")).toBe(4);
    expect(fake.count("Wide")).toBe(6);
    expect(fake.mostInFlight).toBe(3);
    expect(mostNarrow).toBe(1);
  });

  story("--concurrency is over the limit of the file", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      research(`
steps:
  all: { for_each: [1, 2, 3, 4], agent: writer, task: "Item {{ item }}" }`),
    );

    expect((await project.muster("run", "flow.yaml", "--concurrency", "1")).code).toBe(0);
    expect(fake.count()).toBe(4);
    expect(fake.mostInFlight).toBe(1);
  });
});

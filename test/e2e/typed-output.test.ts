import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const flow = (schema: string): string => `
muster: 1
name: typed
models: { fast: anthropic/claude-haiku-5-5 }
agents: { clerk: { model: fast } }
steps:
  sort:
    agent: clerk
    task: Sort the mail
    output: ${schema}
outputs: { sort: "\${{ steps.sort.output }}" }
`;
const EXPRESSIBLE =
  "{ type: object, properties: { kind: { type: string, enum: [bill, letter] }, page: { type: integer, minimum: 1 } }, required: [kind, page] }";
/** Keys that no one can list beforehand: beyond structured outputs. */
const INEXPRESSIBLE = "{ type: object, additionalProperties: { type: integer }, minProperties: 1 }";

describe("typed output", () => {
  story(
    "a schema that the provider can express is sent as structured output, without what it cannot; the rest is verified here",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow(EXPRESSIBLE));
      fake.on("Sort the mail", `{"kind":"bill","page":2}`);
      expect(await project.muster("run", "flow.yaml")).toMatchObject({
        code: 0,
        stdout: `{\n  "sort": {\n    "kind": "bill",\n    "page": 2\n  }\n}\n`,
      });
      expect(fake.refusals).toEqual([]);
      expect(fake.requests[0]?.body.output_config?.format).toMatchObject({
        type: "json_schema",
        schema: {
          type: "object",
          properties: { kind: { enum: ["bill", "letter"] }, page: { type: "integer" } },
          required: ["kind", "page"],
          additionalProperties: false,
        },
      });
      expect(fake.count()).toBe(1);
    },
  );

  story(
    "a schema that it cannot express is in the prompt, and the reply may come in a code fence",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow(INEXPRESSIBLE));
      fake.on("Sort the mail", '```json\n{"a":1,"b":2}\n```');
      expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(0);
      expect(fake.refusals).toEqual([]);
      expect(fake.requests[0]?.body.output_config?.format).toBeUndefined();
      expect(fake.requests[0]?.text).toContain(`"additionalProperties":{"type":"integer"}`);
      expect(project.report().outputs).toEqual({ sort: { a: 1, b: 2 } });
    },
  );

  story("a wrong reply gets one repair turn that shows what is wrong with it", async ({ fake, project }) => {
    project.write("flow.yaml", flow(EXPRESSIBLE));
    const first = fake.nextRequest("Sort the mail");
    const run = project.start(["run", "flow.yaml", "--report", "report.json"]);
    const repair = fake.nextRequest("does not fit");
    await (await first).reply({ kind: "parcel", page: 0 });
    const { body } = (await repair).request;
    expect(body.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(body.messages[1]?.content).toBe(`{"kind":"parcel","page":0}`);
    const told = JSON.stringify(body.messages[2]?.content);
    expect(told).toContain("/kind");
    expect(told).toContain("bill");
    expect(told).toContain("/page");
    await (await repair).reply({ kind: "letter", page: 1 });

    expect((await run.ended).code).toBe(0);
    expect(fake.count()).toBe(2);
    expect(project.report()).toMatchObject({
      outputs: { sort: { kind: "letter", page: 1 } },
      usage: { calls: 2 },
      steps: { sort: { attempts: 1 } },
    });
  });

  story(
    "a second wrong reply is failure 'output': the page shows the errors and what the model answered",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow(EXPRESSIBLE));
      fake.on("Sort the mail", "I would say: a bill.");
      const run = await project.muster("run", "flow.yaml", "--report", "report.json");
      expect(run.code).toBe(1);
      expect(fake.count()).toBe(2);
      const report = project.report();
      expect(report).toMatchObject({
        error: { class: "output", code: "schema_mismatch" },
        usage: { calls: 2 },
        steps: { sort: { status: "failed", attempts: 1 } },
      });
      expect(report.steps["sort"]?.error?.partial).toBe("I would say: a bill.");
      const page = await project.muster("show");
      expect(page.stdout).toContain("attempt 1  output/schema_mismatch: ");
      expect(page.stdout).toContain("the reply is not JSON");
      expect(page.stdout).toContain("| I would say: a bill.");
      expect(page.stdout).toContain("say in the task what the fields mean");
    },
  );
});

import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Report } from "../rig/muster/project.ts";
import { timeless } from "../rig/muster/timeless.ts";

const FLOW = `
muster: 1
name: streams
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps:
  facts: { run: "echo facts; echo noise >&2" }
  research:
    for_each: [one, two, three]
    agent: writer
    task: "Research {{ item }} {{ steps.facts.output }}"
    retry: { max_attempts: 2, backoff: fixed, delay: 1ms }
    join: { at_least: 2 }
  never: { agent: writer, task: Never, if: "size(steps.research.output) > 5" }
  later: { agent: writer, task: Later, needs: [never] }
  broken: { run: "echo so far; exit 7", on_error: continue }
  count: { value: "\${{ size(steps.research.output) }}" }
outputs: { count: "\${{ steps.count.output }}", facts: "\${{ steps.facts.output }}" }
`;

function validator(schema: string) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (formats as unknown as (ajv: Ajv2020) => void)(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(`schemas/${schema}`, "utf8")) as object);
  return (value: unknown) => (validate(value) ? [] : [value, validate.errors]);
}

describe("what goes to which stream, and in which form", () => {
  story(
    "--json is one event a line, valid under schemas/event.v1.json, and 'logs --json' gives the same again",
    async ({ fake, project }) => {
      project.write("flow.yaml", FLOW);
      fake.on("Research two", { kind: "fail", status: 500, type: "api_error", message: "boom" });
      const run = await project.muster("run", "flow.yaml", "--json", "--report", "report.json");
      expect(run).toMatchObject({ code: 0, stderr: "" });
      expect(run.stdout.endsWith("\n")).toBe(true);
      const events = run.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { seq: number; type: string; step?: string });
      const check = validator("event.v1.json");
      expect(events.flatMap(check)).toEqual([]);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect([events[0]?.type, events.at(-1)?.type]).toEqual(["run.started", "run.finished"]);
      const types = (step: string): string[] => events.filter((event) => event.step === step).map(({ type }) => type);
      expect(types("facts")).toEqual(["step.started", "attempt.started", "step.succeeded"]);
      expect(types("never")).toEqual(["step.skipped"]);
      expect(types("later")).toEqual(["step.skipped"]);
      expect(types("broken")).toEqual(["step.started", "attempt.started", "attempt.failed", "step.failed"]);
      expect(types("research").toSorted()).toEqual([
        "attempt.failed",
        "attempt.failed",
        "attempt.started",
        "attempt.started",
        "attempt.started",
        "attempt.started",
        "item.failed",
        "item.succeeded",
        "item.succeeded",
        "model.called",
        "model.called",
        "step.started",
        "step.succeeded",
      ]);
      expect((await project.muster("logs", "--json")).stdout).toBe(run.stdout);

      expect(validator("report.v1.json")(project.report())).toEqual([]);
      const shown = JSON.parse((await project.muster("show", "--json")).stdout) as Report;
      expect(validator("report.v1.json")(shown)).toEqual([]);
      expect(timeless(shown)).toEqual(timeless(project.report()));
    },
  );

  story(
    "outputs are all that is on stdout; progress is on stderr, without colour where none is wanted",
    async ({ fake, project }) => {
      project.write("flow.yaml", FLOW);
      const plain = await project.muster("run", "flow.yaml");
      expect(plain.stdout).toBe(`{\n  "count": 3,\n  "facts": "facts"\n}\n`);
      expect(plain.stderr).toContain("  ok     research  ");
      expect(plain.stderr).toContain("  fail   broken  exit: 'broken' ended with exit code 7  (caught by on_error)\n");
      expect(plain.stderr).toContain("  skip   never  its condition is false\n");
      expect(fake.count()).toBe(3);

      const escape = "\u001b[";
      expect(plain.stderr).not.toContain(escape);
      const coloured = await project.start(["run", "flow.yaml"], { FORCE_COLOR: "1" }).ended;
      expect(coloured.stderr).toContain(escape);
      expect(coloured.stdout).toBe(plain.stdout);
      expect(
        (await project.start(["run", "flow.yaml"], { FORCE_COLOR: "1", NO_COLOR: "1" }).ended).stderr,
      ).not.toContain(escape);
      expect(
        (await project.start(["run", "flow.yaml", "--no-color"], { FORCE_COLOR: "1" }).ended).stderr,
      ).not.toContain(escape);
    },
  );

  story("a failed, an interrupted and a cancelled run have valid reports too", async ({ fake, project }) => {
    project.write("flow.yaml", FLOW.replace(", on_error: continue", ""));
    const valid = validator("report.v1.json");
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    expect(valid(project.report())).toEqual([]);
    expect(project.report()).toMatchObject({
      status: "failed",
      error: { class: "exit", code: "exit_7", message: "step 'broken' failed: 'broken' ended with exit code 7" },
    });

    for (const [how, status] of [
      ["SIGINT", "interrupted"],
      ["kill", "cancelled"],
    ] as const) {
      const held = fake.nextRequest("Research one");
      const run = project.start(["run", "flow.yaml", "--run-id", how, "--report", "report.json"]);
      await held;
      if (how === "kill") await project.muster("kill", how);
      else
        for (const signal of [how, how] as const) {
          run.signal(signal);
          await run.shows("stopping");
        }
      await run.ended;
      expect(valid(project.report())).toEqual([]);
      expect(project.report()).toMatchObject({ status });
    }
  });
});

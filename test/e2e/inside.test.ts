import { describe, expect } from "vitest";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";
import type { FakeAnthropic } from "../rig/fake-anthropic/fake-anthropic.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Report } from "../rig/muster/project.ts";

const head = `
muster: 1
name: inside
models: { fast: anthropic/claude-haiku-5-5, smart: anthropic/claude-opus-5-5 }
agents: { writer: { model: fast } }
`;

/** The tasks that were asked, in order of arrival. */
const asked = (fake: FakeAnthropic): string[] => fake.requests.map(({ text }) => text.trim());

/** Answers every task with itself. */
const echo = (fake: FakeAnthropic): (() => void) => fake.on(/./, ({ text }) => `<${text.trim()}>`);

/** When the steps ended. */
const endsOf = ({ steps }: Report): unknown =>
  Object.entries(steps).map(([path, step]) => [path, Date.parse(step.started_at ?? "") + (step.duration_ms ?? 0)]);

/** Throws with what is wrong when the value does not fit the schema of that name. */
const schemaCheck = (name: string): ((value: unknown) => void) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const check = ajv.compile(JSON.parse(readFileSync(`schemas/${name}.v1.json`, "utf8")) as object);
  return (value) => expect(check(value), ajv.errorsText(check.errors)).toBe(true);
};

describe("shapes inside of each other", () => {
  story("items of a group of a sub-workflow of a sub-workflow of a group", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  outer:
    steps:
      top: { uses: ./one.yaml, with: { word: hay } }
    outputs: { said: "\${{ steps.top.output.said }}" }
outputs: { said: "\${{ steps.outer.output.said }}" }`,
    );
    project.write(
      "one.yaml",
      `${head.replace("name: inside", "name: one")}
inputs: { word: { type: string } }
steps:
  middle: { uses: ./two.yaml, with: { words: ["\${{ inputs.word }}", corn] } }
outputs: { said: "\${{ steps.middle.output.said }}" }`
        .replace(/agents: .*\n/, "")
        .replace(/models: .*\n/, ""),
    );
    project.write(
      "two.yaml",
      `${head.replace("name: inside", "name: two")}
inputs: { words: { type: array, items: { type: string } } }
steps:
  each:
    for_each: \${{ inputs.words }}
    max_parallel: 1
    steps:
      draft: { agent: writer, task: "Draft {{ item }} {{ index }}" }
      checks:
        matrix: { of: [facts, style] }
        max_parallel: 1
        steps:
          check: { agent: writer, task: "Check {{ matrix.of }} of {{ item }}: {{ steps.draft.output }}" }
        outputs: { text: "\${{ steps.check.output }}" }
    outputs: { all: "\${{ steps.checks.output.map(c, c.text) }}" }
outputs: { said: "\${{ steps.each.output.map(e, e.all) }}" }`
        .replace("smart: anthropic/claude-opus-5-5", "")
        .replace(", }", " }"),
    );
    echo(fake);
    const { code, stderr, stdout } = await project.muster("run", "flow.yaml", "--json", "--report", "report.json");
    expect(code, stderr + stdout).toBe(0);
    const checks = (item: string, index: number): string[] =>
      ["facts", "style"].map((of) => `Check ${of} of ${item}: <Draft ${item} ${index}>`);
    expect(asked(fake)).toEqual(["Draft hay 0", ...checks("hay", 0), "Draft corn 1", ...checks("corn", 1)]);
    const report = project.report();
    expect(report.outputs).toEqual({
      said: [checks("hay", 0).map((text) => `<${text}>`), checks("corn", 1).map((text) => `<${text}>`)],
    });

    // What a group or sub-workflow does stands beside it by its path; what items do, with the item.
    expect(Object.keys(report.steps)).toEqual(["outer", "outer/top", "outer/top/middle", "outer/top/middle/each"]);
    expect(report.steps["outer"]).toMatchObject({ kind: "steps", usage: { calls: 6 } });
    const path = "outer/top/middle/each[1]";
    expect(report.steps["outer/top/middle/each"]).toMatchObject({
      results: [
        {},
        {
          item: "corn",
          steps: {
            [`${path}/draft`]: { output: "<Draft corn 1>" },
            [`${path}/checks`]: {
              results: [
                { item: { of: "facts" }, steps: { [`${path}/checks[0]/check`]: { status: "succeeded" } } },
                { steps: { [`${path}/checks[1]/check`]: {} } },
              ],
            },
          },
        },
      ],
    });
    schemaCheck("report")(report);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; step?: string });
    events.forEach(schemaCheck("event"));
    const succeeded = events.filter(({ type }) => type === "step.succeeded").map(({ step }) => step);
    expect(succeeded.slice(-4)).toEqual(["outer/top/middle/each", "outer/top/middle", "outer/top", "outer"]);
    expect(succeeded).toContain(`${path}/checks[0]/check`);

    // Read from the record alone the steps ended when they did, not at the time of this look.
    const shown = JSON.parse((await project.muster("show", "--json")).stdout) as Report;
    expect(endsOf(shown)).toEqual(endsOf(report));
    expect(shown.steps["outer"]?.duration_ms).toBeGreaterThan(0);
  });

  story("sub-workflows go as deep as limits.depth allows, and no deeper", async ({ fake, project }) => {
    const level = (name: string, step: string): string =>
      `muster: 1\nname: ${name}\nsteps: { s: ${step} }\noutputs: { out: "\${{ steps.s.output${step.includes("uses") ? ".out" : ""} }}" }\n`;
    for (const n of [0, 1, 2, 3])
      project.write(`l${n}.yaml`, level(`l${n}`, n === 3 ? "{ value: deep }" : `{ uses: ./l${n + 1}.yaml }`));
    expect(await project.muster("run", "l0.yaml")).toMatchObject({ code: 0, stdout: "deep\n" });
    project.write("l0.yaml", `limits: { depth: 2 }\n${level("l0", "{ uses: ./l1.yaml }")}`);
    const refused = await project.muster("run", "l0.yaml");
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("limits: { depth: 3 }");
    expect(fake.count()).toBe(0);
  });

  story("a repeat around a fan-out, with a fallback and a batch in it", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  rounds:
    repeat: { until: output.n >= 2, max: 3 }
    steps:
      before: { value: "\${{ previous == null ? 0 : previous.n }}" }
      count:
        for_each: [a, b, c]
        batch: { size: 2 }
        max_parallel: 1
        agent: writer
        fallback: [{ model: smart }]
        task: "Count {{ join items '+' }} after {{ steps.before.output }}."
        output: { type: array, items: { type: integer } }
    outputs: { n: "\${{ steps.count.output[0] }}", all: "\${{ steps.count.output }}" }
outputs: { all: "\${{ steps.rounds.output.all }}", rounds: "\${{ steps.rounds.results.map(r, r.output.n) }}" }`,
    );
    fake.on("Count", ({ body, text }) => {
      if (body.model === "claude-haiku-5-5")
        return { kind: "fail", status: 400, type: "invalid_request_error", message: "no" };
      const [, items = "", before] = /Count (\S+) after (\d*)/.exec(text) ?? [];
      return JSON.stringify(items.split("+").map(() => Number(before ?? 0) + 1));
    });
    const { code, stderr } = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(code, stderr).toBe(0);
    expect(project.report().outputs).toEqual({ all: [2, 2, 2], rounds: [1, 2] });
    const models = fake.requests.map(({ body, text }) => `${body.model.split("-")[1]} ${text.trim().split("\n")[0]}`);
    expect(models).toEqual(
      ["a+b after 0.", "c after 0.", "a+b after 1.", "c after 1."].flatMap((what) => [
        `haiku Count ${what}`,
        `opus Count ${what}`,
      ]),
    );
    schemaCheck("report")(project.report());
  });

  story("a group ends by its timeout, with the call inside; `finally` runs and sees why", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  group:
    timeout: 300ms
    steps:
      slow: { agent: writer, task: Slow }
finally:
  tell: { agent: writer, task: "Tell {{ run.status }}: {{ run.error.message }}" }`,
    );
    echo(fake);
    const slow = fake.nextRequest("Slow");
    const run = project.start(["run", "flow.yaml", "--report", "report.json"]);
    await (
      await slow
    ).closed;
    expect((await run.ended).code).toBe(1);
    expect(asked(fake)).toEqual(["Slow", "Tell failed: 'group' did not end within 300ms"]);
    expect(project.report()).toMatchObject({
      status: "failed",
      error: { class: "timeout" },
      steps: { group: { status: "failed" }, "group/slow": { status: "cancelled" }, tell: { status: "succeeded" } },
    });
    schemaCheck("report")(project.report());
  });

  story("a batch of values with a wrong count fails, as any other does", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: batch
steps:
  half: { for_each: [1, 2, 3], batch: 2, value: "\${{ items.filter(i, i != 2) }}" }`,
    );
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    expect(project.report().steps["half"]?.results).toMatchObject([
      { status: "failed", error: { code: "batch_count" } },
      { status: "failed", error: { code: "batch_count" } },
      { status: "succeeded" },
    ]);
  });

  story("each isolated unit has an empty folder of its own", async ({ project }) => {
    project.write("seen.txt", "of the project");
    project.write(
      "flow.yaml",
      `
muster: 1
name: apart
steps:
  group:
    for_each: [one, two]
    steps:
      look:
        workspace: isolated
        env: { WHO: "{{ item }}" }
        run: 'ls -A | wc -l | tr -d " "; touch "$WHO.txt"; ls; pwd'
    outputs: { said: "\${{ lines(steps.look.output) }}" }
outputs: { said: "\${{ steps.group.output.map(g, g.said) }}" }`,
    );
    const { code, stderr } = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(code, stderr).toBe(0);
    const said = project.report().outputs?.["said"] as string[][];
    expect(said.map((lines) => lines.slice(0, 2))).toEqual([
      ["0", "one.txt"],
      ["0", "two.txt"],
    ]);
    const folders = said.map((lines) => lines[2] ?? "");
    expect(new Set(folders).size).toBe(2);
    for (const folder of folders) expect(folder).toContain("/.muster/runs/");
    expect([project.has("one.txt"), project.has("two.txt")]).toEqual([false, false]);
  });

  story("kill RUN group/inner stops that step in every item, those to come as well", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  group:
    for_each: [a, b]
    max_parallel: 1
    steps:
      draft: { agent: writer, task: "Draft {{ item }}" }
      check: { agent: writer, task: "Check {{ steps.draft.output }}", on_error: { output: unchecked } }
    outputs: { text: "\${{ steps.check.output }}" }
  end: { agent: writer, task: "End {{ json steps.group.output }}" }
outputs: { end: "\${{ steps.end.output }}" }`,
    );
    echo(fake);
    const first = fake.nextRequest("Check");
    const last = fake.nextRequest("End");
    const run = project.start(["run", "flow.yaml", "--run-id", "R"]);
    const held = await first;
    expect(await project.muster("kill", "R", "group/chek")).toMatchObject({
      code: 2,
      stderr: "muster: run R has no step 'group/chek'\n",
    });
    expect((await project.muster("kill", "R", "group/check")).code).toBe(0);
    await held.closed;
    await last;
    await run.crash();
    expect(await project.muster("resume", "R", "--report", "report.json")).toMatchObject({ code: 0 });
    const end = `End [{"text":"unchecked"},{"text":"unchecked"}]`;
    expect(asked(fake)).toEqual(["Draft a", "Check <Draft a>", "Draft b", end, end]);
    expect(project.report().steps["group"]).toMatchObject({
      results: [0, 1].map((index) => ({
        steps: { [`group[${index}]/check`]: { status: "failed", caught: true, error: { class: "cancelled" } } },
      })),
    });
  });

  story("kill RUN group[1]/inner stops that one alone", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  group:
    for_each: [a, b]
    join: any
    steps: { draft: { agent: writer, task: "Draft {{ item }}" } }
    outputs: { text: "\${{ steps.draft.output }}" }
outputs: { first: "\${{ steps.group.output.text }}" }`,
    );
    const both = [fake.nextRequest("Draft a"), fake.nextRequest("Draft b")] as const;
    const run = project.start(["run", "flow.yaml", "--run-id", "R"]);
    const [a, b] = await Promise.all(both);
    expect((await project.muster("kill", "R", "group[1]/draft")).code).toBe(0);
    await b.closed;
    await a.reply("alpha");
    expect(await run.ended).toMatchObject({ code: 0, stdout: "alpha\n" });
  });
});

describe("a recording of nested steps", () => {
  story("is made by --record, and --replay and --simulate ask no model", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  group:
    for_each: [a, b]
    steps:
      draft: { agent: writer, task: "Draft {{ item }}" }
      edit: { agent: writer, task: "Edit {{ steps.draft.output }}" }
    outputs: { text: "\${{ steps.edit.output }}" }
outputs: { all: "\${{ steps.group.output.map(g, g.text).join(' ') }}" }`,
    );
    echo(fake);
    const stdout = "<Edit <Draft a>> <Edit <Draft b>>\n";
    expect(await project.muster("run", "flow.yaml", "--record", "calls.yaml")).toMatchObject({ code: 0, stdout });
    expect(await project.muster("run", "flow.yaml", "--replay", "calls.yaml")).toMatchObject({ code: 0, stdout });
    const simulated = await project.muster("run", "flow.yaml", "--simulate", "--report", "report.json");
    expect(simulated.code).toBe(0);
    expect(simulated.stdout).toContain("[simulated:");
    expect(fake.count()).toBe(4);
    schemaCheck("report")(project.report());
  });
});

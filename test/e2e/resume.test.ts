import { describe, expect } from "vitest";
import type { FakeAnthropic } from "../rig/fake-anthropic/fake-anthropic.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const WORKFLOW = `
muster: 1
name: news
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
inputs: { tone: { type: string, default: dry } }
steps:
  research:
    for_each: [ants, bees, cats]
    agent: writer
    task: Research {{ item }}
  title: { agent: writer, task: Find a title }
  article: { agent: writer, task: "Write on {{ join steps.research.output ', ' }} in a {{ inputs.tone }} tone" }
  print: { agent: writer, task: "Print {{ steps.title.output }}: {{ steps.article.output }}" }
outputs: { page: "\${{ steps.print.output }}" }
`;

/** The first line of a task, for accounts of what was asked. */
const asked = (fake: FakeAnthropic, from = 0): string[] =>
  fake.requests
    .slice(from)
    .map(({ text }) => text.trim().split("\n")[0] ?? "")
    .sort();

/** Runs the workflow up to its last step, which fails; gives the number of calls so far. */
async function failedRun(fake: FakeAnthropic, project: Project): Promise<number> {
  project.write("flow.yaml", WORKFLOW);
  fake.on("Research", ({ text }) => text.trim().slice(9));
  fake.on("Find a title", "News");
  fake.on("Write on", ({ text }) => text.trim().slice(9));
  const mended = fake.on("Print", { kind: "fail", status: 400, type: "invalid_request_error", message: "not today" });
  expect((await project.muster("run", "flow.yaml")).code).toBe(1);
  expect(asked(fake)).toEqual([
    "Find a title",
    "Print News: ants, bees, cats in a dry tone",
    "Research ants",
    "Research bees",
    "Research cats",
    "Write on ants, bees, cats in a dry tone",
  ]);
  mended();
  fake.on("Print", ({ text }) => text.trim());
  return fake.count();
}

describe("resume pays only for what is not on the record, and says before it starts what that is", () => {
  story("after a failed run only what failed runs again; after a success nothing does", async ({ fake, project }) => {
    const before = await failedRun(fake, project);
    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed).toMatchObject({ code: 0, stdout: "Print News: ants, bees, cats in a dry tone\n" });
    const { run_id: runId } = project.report();
    expect(resumed.stderr.split("\n").slice(0, 3)).toEqual([
      `resume ${runId} of flow.yaml`,
      "  reused  research (3), title, article",
      "  runs    print  failed before, tried anew",
    ]);
    expect(asked(fake, before)).toEqual(["Print News: ants, bees, cats in a dry tone"]);
    expect(project.report()).toMatchObject({
      status: "succeeded",
      usage: { calls: 6 },
      steps: { research: { reused: 3 }, print: { reused: 0, attempts: 1 } },
    });

    const again = await project.muster("resume", runId);
    expect(again.code).toBe(0);
    expect(again.stderr).toBe(`run ${runId} has succeeded: there is nothing to resume\n`);
    expect(again.stdout).toContain("Print News: ants, bees, cats in a dry tone");
    expect(fake.count()).toBe(before + 1);
    expect((await project.muster("resume")).stderr).toBe(
      "muster: there is no unfinished run: 'muster runs' lists all\n",
    );
  });

  story("--dry-run says the same, and calls and writes nothing", async ({ fake, project }) => {
    const before = await failedRun(fake, project);
    const state = project.inStore((store) => [
      store.listRuns(),
      [...store.readEvents(store.listRuns()[0]?.runId ?? "")],
    ]);
    const dry = await project.muster("resume", "--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.stderr).toContain(
      "  reused  research (3), title, article\n  runs    print  failed before, tried anew\n",
    );
    expect(fake.count()).toBe(before);
    expect(
      project.inStore((store) => [store.listRuns(), [...store.readEvents(store.listRuns()[0]?.runId ?? "")]]),
    ).toEqual(state);
  });

  story(
    "an edited step runs again, and a reader of it only when the value came out different",
    async ({ fake, project }) => {
      const before = await failedRun(fake, project);
      project.edit("flow.yaml", "Find a title", "Find a shorter title");
      fake.on("Find a shorter title", "News");
      const same = await project.muster("resume");
      expect(same.stderr).toContain(
        "  reused  research (3), article\n  runs    title  the step changed\n  then    print\n",
      );
      expect(same.code).toBe(0);
      expect(asked(fake, before)).toEqual(["Find a shorter title", "Print News: ants, bees, cats in a dry tone"]);
    },
  );

  story("an edited step whose value changed takes its readers with it, and no one else", async ({ fake, project }) => {
    const before = await failedRun(fake, project);
    project.edit("flow.yaml", "in a {{ inputs.tone }} tone", "in a very {{ inputs.tone }} tone");
    const resumed = await project.muster("resume");
    expect(resumed.stderr).toContain(
      "  reused  research (3), title\n  runs    article  the step changed\n  then    print\n",
    );
    expect(resumed).toMatchObject({ code: 0, stdout: "Print News: ants, bees, cats in a very dry tone\n" });
    expect(asked(fake, before)).toEqual([
      "Print News: ants, bees, cats in a very dry tone",
      "Write on ants, bees, cats in a very dry tone",
    ]);
  });

  story("of an edited list only the new entry runs, wherever it stands", async ({ fake, project }) => {
    const before = await failedRun(fake, project);
    project.edit("flow.yaml", "[ants, bees, cats]", "[wasps, cats, ants]");
    const resumed = await project.muster("resume");
    expect(resumed.stderr).toContain(
      "  reused  title\n  runs    research  1 not done yet; 2 reused\n  then    article, print\n",
    );
    expect(resumed).toMatchObject({ code: 0, stdout: "Print News: wasps, cats, ants in a dry tone\n" });
    expect(asked(fake, before)).toEqual([
      "Print News: wasps, cats, ants in a dry tone",
      "Research wasps",
      "Write on wasps, cats, ants in a dry tone",
    ]);
  });

  story(
    "comments, retry, timeout, limits and an order that changes nothing change nothing",
    async ({ fake, project }) => {
      const before = await failedRun(fake, project);
      project.edit(
        "flow.yaml",
        "  title: {",
        "  # a better one?\n  title: { timeout: 2m, retry: { max_attempts: 3 }, needs: [],",
      );
      project.edit("flow.yaml", "    for_each:", "    max_parallel: 1\n    for_each:");
      project.edit("flow.yaml", "name: news", "name: news\nlimits: { concurrency: 2 }");
      const resumed = await project.muster("resume");
      expect(resumed.stderr).toContain(
        "  reused  research (3), title, article\n  runs    print  failed before, tried anew\n",
      );
      expect(resumed.code).toBe(0);
      expect(fake.count()).toBe(before + 1);
    },
  );

  story(
    "inputs and env are those of the first start, whatever the file's defaults say now",
    async ({ fake, project }) => {
      await failedRun(fake, project);
      project.edit("flow.yaml", "default: dry", "default: warm");
      expect(await project.muster("resume")).toMatchObject({
        code: 0,
        stdout: "Print News: ants, bees, cats in a dry tone\n",
      });
    },
  );

  story(
    "what was spent stays spent: a failed reply that was paid for is in the report of the resume",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        `
muster: 1
name: spend
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps:
  typed: { agent: writer, task: Count, output: { type: object, properties: { n: { type: integer } }, required: [n] } }`,
      );
      const wrong = fake.on("Count", "many");
      expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
      const first = project.report();
      expect(first.usage.calls).toBe(2);
      wrong();
      fake.on("Count", `{"n":3}`);
      expect((await project.muster("resume", "--report", "report.json")).code).toBe(0);
      const second = project.report();
      expect(second.usage.calls).toBe(3);
      expect(second.usage.output_tokens).toBe(first.usage.output_tokens + 2);
      expect(second.cost_usd).toBeGreaterThan(first.cost_usd ?? 0);
      const shown = JSON.parse((await project.muster("show", "--json")).stdout) as unknown;
      expect(shown).toMatchObject({ usage: { calls: 3 }, cost_usd: second.cost_usd });
    },
  );

  story(
    "a failure that on_error caught is a fact too; the one that nothing caught is tried anew",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        `
muster: 1
name: caught
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps:
  optional: { agent: writer, task: Optional, on_error: continue }
  wanted: { agent: writer, task: Wanted }`,
      );
      const broken = fake.on(/Optional|Wanted/, {
        kind: "fail",
        status: 400,
        type: "invalid_request_error",
        message: "no",
      });
      expect((await project.muster("run", "flow.yaml")).code).toBe(1);
      broken();
      const resumed = await project.muster("resume", "--report", "report.json");
      expect(resumed.code).toBe(0);
      expect(asked(fake)).toEqual(["Optional", "Wanted", "Wanted"]);
      expect(project.report().steps).toMatchObject({
        optional: { status: "failed", caught: true },
        wanted: { status: "succeeded" },
      });
    },
  );
});

describe("a run step whose runner died", () => {
  const flow = (more: string): string => `
muster: 1
name: effects
steps:
  pay: { run: "echo paid >> paid.txt; [ -e go ] || { touch started; exec sleep 60; }"${more} }
  after: { run: [printf, "%s", done], needs: [pay] }
outputs: { after: "\${{ steps.after.output }}" }
`;
  /** Starts the workflow and kills its runner while 'pay' is at work. */
  const crashInPay = async (project: Project): Promise<void> => {
    const run = project.start(["run", "flow.yaml", "--json"]);
    await run.shows(`"type":"attempt.started","step":"pay"`);
    await project.appears("started");
    await run.crash();
    project.write("go", "");
  };

  story(
    "has an unknown outcome: it is not repeated, not by a second resume either, but by the person's word",
    async ({ project }) => {
      project.write("flow.yaml", flow(""));
      await crashInPay(project);
      for (const time of ["first", "second"]) {
        const resumed = await project.muster("resume", "--report", "report.json");
        expect(resumed.code, `the ${time} resume`).toBe(1);
        expect(project.report().steps["pay"]?.error).toMatchObject({ class: "internal", code: "outcome_unknown" });
        expect(project.read("paid.txt")).toBe("paid\n");
        const page = await project.muster("show");
        expect(page.stdout).toContain(`next  muster resume ${project.report().run_id} --rerun pay`);
      }
      const rerun = await project.muster("resume", "--rerun", "pay");
      expect(rerun).toMatchObject({ code: 0, stdout: "done\n" });
      expect(rerun.stderr).toContain("  runs    pay  asked for with --rerun\n");
      expect(project.read("paid.txt")).toBe("paid\npaid\n");
    },
  );

  story("runs again when it says that it may", async ({ project }) => {
    project.write("flow.yaml", flow(", idempotent: true"));
    await crashInPay(project);
    const resumed = await project.muster("resume");
    expect(resumed).toMatchObject({ code: 0, stdout: "done\n" });
    expect(resumed.stderr).toContain("  runs    pay  in flight when the runner stopped\n  then    after\n");
    expect(project.read("paid.txt")).toBe("paid\npaid\n");
  });

  story("--rerun of a list says how many of it run, whatever runs at once", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: list
steps:
  w: { for_each: [1, 2, 3, 4, 5], max_parallel: 2, run: [echo, "{{ item }}"] }`,
    );
    expect((await project.muster("run", "flow.yaml", "--run-id", "R")).code).toBe(0);
    const told = await project.muster("resume", "R", "--rerun", "w", "--dry-run");
    expect(told.stderr + told.stdout).toContain("  runs    w  5 asked for with --rerun\n");
  });

  story("--rerun of a step that does not exist is refused with the nearest name", async ({ project }) => {
    project.write("flow.yaml", flow(""));
    await crashInPay(project);
    expect(await project.muster("resume", "--rerun", "pya")).toMatchObject({
      code: 2,
      stderr: "muster: --rerun pya: the workflow has no such step; did you mean 'pay'?\n",
    });
  });
});

import { join } from "node:path";
import { describe, expect } from "vitest";
import type { FakeAnthropic } from "../rig/fake-anthropic/fake-anthropic.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const FLOW = `
muster: 1
name: letters
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
secrets: [DEPLOY_TOKEN]
steps:
  draft:
    for_each: [ant, bee, cat]
    agent: writer
    task: Draft {{ item }}
    join: { at_least: 1 }
  deploy:
    run: "echo $TOKEN; test -f ready"
    env: { TOKEN: "\${{ secrets.DEPLOY_TOKEN }}" }
    on_error: continue
  end: { agent: writer, task: "End {{ json steps.draft.output }}" }
outputs: { end: "\${{ steps.end.output }}" }
`;
const TOKEN = "deploy-0123456789";
const refusal = { kind: "fail", status: 400, type: "invalid_request_error", message: "no" } as const;

interface Letter {
  readonly id: string;
  readonly step: string;
  readonly retry: string | null;
  readonly item: number | null;
  readonly inputs: unknown;
}

async function lettersOf(project: Project, ...more: string[]): Promise<readonly Letter[]> {
  const { stdout } = await project.muster("dead-letters", "list", ...more, "--json");
  return JSON.parse(stdout) as readonly Letter[];
}

/** A run that succeeds although two of its units have failed for good. */
async function begin(fake: FakeAnthropic, project: Project): Promise<void> {
  project.env["DEPLOY_TOKEN"] = TOKEN;
  project.write("flow.yaml", FLOW);
  fake.on(/./, ({ text }) => `<${text.trim()}>`);
  fake.on("Draft bee", () => refusal);
  expect((await project.muster("run", "flow.yaml", "--run-id", "R1")).code).toBe(0);
}

describe("muster dead-letters", () => {
  story("lists what failed for good, shows one, and hides what is dropped", async ({ fake, project }) => {
    expect(await project.muster("dead-letters", "list", "--json")).toMatchObject({ code: 0, stdout: "[]\n" });
    await begin(fake, project);
    const letters = await lettersOf(project);
    expect(letters).toMatchObject([
      {
        run_id: "R1",
        workflow: "letters",
        step: "deploy",
        item: null,
        kind: "run",
        error: { class: "exit", code: "exit_1", partial: "[secret:DEPLOY_TOKEN]\n" },
        caught: true,
        attempts: 1,
        inputs: { env: { TOKEN: "[secret:DEPLOY_TOKEN]" } },
      },
      {
        step: "draft",
        item: 1,
        agent: "writer",
        model: "anthropic/claude-haiku-5-5",
        error: { class: "invalid", code: "http_400" },
        inputs: { task: "Draft bee" },
      },
    ]);
    const [deploy, bee] = letters as [Letter, Letter];
    const shown = await project.muster("dead-letters", "show", bee.id.slice(0, 6));
    expect(shown.stdout).toContain(`draft[1]  ${bee.id}  of letters, run R1\n`);
    expect(shown.stdout).toContain("    Draft bee\n");
    expect(await project.muster("dead-letters", "drop", deploy.id)).toMatchObject({
      code: 0,
      stderr: `dropped ${deploy.id}, deploy of run R1\n`,
    });
    expect((await lettersOf(project)).map(({ id }) => id)).toEqual([bee.id]);
    expect((await lettersOf(project, "--all")).length).toBe(2);
    expect(await project.muster("dead-letters", "drop", "nothing")).toMatchObject({
      code: 2,
      stderr: "muster: there is no dead letter nothing: 'muster dead-letters list' shows all\n",
    });
    for (const { path, bytes } of project.files()) expect([path, bytes.includes(TOKEN)]).toEqual([path, false]);
  });

  story("tries one again alone; a resume of the run that had succeeded uses it", async ({ fake, project }) => {
    await begin(fake, project);
    const [deploy, bee] = (await lettersOf(project)) as [Letter, Letter];
    const before = fake.count();
    const failed = await project.muster("dead-letters", "retry", bee.id);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("draft[1] failed again\n");
    expect(fake.count()).toBe(before + 1);
    expect(project.inStore((store) => store.findRun("R1")?.status)).toBe("succeeded");

    fake.on("Draft bee", () => "a bee");
    const again = await project.muster("dead-letters", "retry", bee.id);
    expect([again.code, again.stderr.split("\n").at(-2)]).toEqual([
      0,
      "draft[1] succeeded: 'muster resume R1' goes on with what came of it",
    ]);
    expect((await lettersOf(project)).map(({ id }) => id)).toEqual([deploy.id]);
    expect(fake.count()).toBe(before + 2);

    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed.code).toBe(0);
    expect(fake.requests.slice(before + 2).map(({ text }) => text.trim())).toEqual([
      'End ["<Draft ant>","a bee","<Draft cat>"]',
    ]);
    expect((await lettersOf(project)).map(({ id }) => id)).toEqual([deploy.id]);
    expect(project.report()).toMatchObject({ status: "succeeded", usage: { calls: 5 } });
  });

  story("says that the manifest has changed, and runs the unit as it is now", async ({ fake, project }) => {
    await begin(fake, project);
    project.edit("flow.yaml", "test -f ready", "echo mended");
    const [deploy] = (await lettersOf(project)) as [Letter];
    const again = await project.muster("dead-letters", "retry", deploy.id);
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringContaining("the manifest has changed since: 'deploy' runs as it is written now\n"),
    ]);
    expect((await project.muster("resume", "--report", "report.json")).code).toBe(0);
    expect(project.report().steps["deploy"]).toMatchObject({ status: "succeeded", reused: 1 });
  });

  story("a retry that is killed is finished by a resume; nothing is on the record twice", async ({ fake, project }) => {
    await begin(fake, project);
    const [, bee] = (await lettersOf(project)) as [Letter, Letter];
    const held = fake.nextRequest("Draft bee");
    const live = project.start(["dead-letters", "retry", bee.id]);
    await held;
    expect((await project.muster("dead-letters", "list")).stdout).toMatch(/being retried, caught {2}before: /);
    await live.crash();
    expect((await lettersOf(project)).map(({ retry }) => retry)).toEqual([null, "interrupted"]);
    const page = (await project.muster("dead-letters", "show", bee.id)).stdout;
    expect(page).toContain("retry interrupted; before that it failed so:");

    fake.on("Draft bee", () => "a bee");
    const preload = join(import.meta.dirname, "../rig/muster/crash-at-commit.ts");
    for (const at of [1, 2, 3]) {
      const doomed = project.start(["dead-letters", "retry", bee.id], {
        NODE_OPTIONS: `--disable-warning=ExperimentalWarning --experimental-strip-types --import ${preload}`,
        CRASH_AT: String(at),
        CRASH_WHEN: "after",
      });
      await doomed.ended;
    }
    expect((await project.muster("resume", "R1", "--report", "report.json")).code).toBe(0);
    expect(project.report()).toMatchObject({
      status: "succeeded",
      outputs: { end: '<End ["<Draft ant>","a bee","<Draft cat>"]>' },
    });
    expect((await lettersOf(project)).map(({ step }) => step)).toEqual(["deploy"]);
  });

  story("a loop that came to its end goes through its rounds again", async ({ fake, project }) => {
    const loop = (max: number) => `
muster: 1
name: loop
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps:
  r:
    agent: writer
    task: Count
    output: { type: object, properties: { n: { type: integer } }, required: [n] }
    repeat: { until: output.n == 5, max: ${max} }
`;
    project.write("flow.yaml", loop(2));
    fake.on(/./, () => '{"n":1}');
    const first = await project.muster("run", "flow.yaml", "--run-id", "R1");
    expect([first.code, first.stderr]).toEqual([1, expect.stringContaining("its 'until' never held")]);
    expect(fake.count()).toBe(2);
    const [letter] = (await lettersOf(project)) as [Letter];

    const retried = await project.muster("dead-letters", "retry", letter.id);
    expect(retried.stderr).toContain("r failed again\n");
    expect(fake.count()).toBe(4);
    expect((await project.muster("resume", "R1")).code).toBe(1);
    expect(fake.count()).toBe(6);
    // More rounds of the same loop: those that it had are kept.
    project.write("flow.yaml", loop(3));
    expect((await project.muster("resume", "R1")).code).toBe(1);
    expect(fake.count()).toBe(7);

    fake.on(/./, () => '{"n":5}');
    expect((await project.muster("dead-letters", "retry", letter.id)).code).toBe(0);
    expect((await project.muster("resume", "R1", "--report", "report.json")).code).toBe(0);
    expect(fake.count()).toBe(8);
    expect(project.report()).toMatchObject({ status: "succeeded", usage: { calls: 8 } });
  });

  story("go with their run when it is pruned", async ({ fake, project }) => {
    await begin(fake, project);
    const dry = await project.muster("prune", "--keep", "0", "--dry-run", "--json");
    expect(JSON.parse(dry.stdout)).toMatchObject({ runs: ["R1"], dead_letters: 2 });
    const gone = await project.muster("prune", "--keep", "0");
    expect(gone.stderr).toContain("deleted 1 run, 2 dead letters and ");
    expect(await lettersOf(project, "--all")).toEqual([]);
  });
});

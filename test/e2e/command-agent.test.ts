import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

/** A program of the user's, and a workflow whose agent it drives. */
function write(project: Project, program: string, flow: string): void {
  project.write("mine", `#!/bin/sh\n${program}\n`);
  chmodSync(join(project.folder, "mine"), 0o755);
  project.write("flow.yaml", `muster: 1\nname: driven\n${flow}`);
}

const outputs = `outputs: { x: "\${{ steps.x.output }}" }`;

describe("an agent that is a program", () => {
  story("reads instructions and task, and what it prints is the answer", async ({ fake, project }) => {
    write(
      project,
      `cat > asked.txt; echo "key=$ANTHROPIC_API_KEY token=$TOKEN lang=$TONGUE run=$MUSTER_STEP"`,
      `
inputs: { who: { type: string, default: Ada } }
agents:
  mine:
    instructions: You greet {{ inputs.who }}.
    command: { argv: [./mine], stdin: prompt }
    env: { TONGUE: "{{ inputs.who }}" }
steps: { x: { agent: mine, task: Say hello. } }
${outputs}`,
    );
    expect(await project.muster("run", "flow.yaml", "--report", "report.json")).toMatchObject({
      code: 0,
      stdout: "key= token= lang=Ada run=x\n",
    });
    expect(project.read("asked.txt")).toBe("You greet Ada.\n\nSay hello.");
    expect(project.report().steps["x"]).toMatchObject({ status: "succeeded", model: "command/mine", attempts: 1 });
    expect(project.report()).toMatchObject({ cost_usd: null, usage: { calls: 1 } });
    expect(fake.count()).toBe(0);
  });

  story("takes the prompt as an argument, and a secret by its environment only", async ({ project }) => {
    write(
      project,
      `printf '%s|%s' "$1" "$2"; echo " has $KEY"`,
      `
secrets: [MY_TOKEN]
agents:
  mine: { command: { argv: [./mine, --ask, "{{ prompt }}"] }, env: { KEY: "{{ secrets.MY_TOKEN }}" } }
steps: { x: { agent: mine, task: 'Quote "this" $HOME' } }
${outputs}`,
    );
    project.env["MY_TOKEN"] = "t0ken-of-mine";
    expect(await project.muster("run", "flow.yaml")).toMatchObject({
      code: 0,
      stdout: `--ask|Quote "this" $HOME has [secret:MY_TOKEN]\n`,
    });
  });

  story("a typed answer that does not fit is shown to it once; the answer is checked", async ({ project }) => {
    write(
      project,
      `asked=$(cat); case "$asked" in *"does not fit"*) printf '%s' "$asked" > repair.txt; echo '{"n": 7}';; *) echo '{"n": "many"}';; esac`,
      `
agents: { mine: { command: { argv: [./mine], stdin: prompt } } }
steps:
  x: { agent: mine, task: Count, output: { type: object, properties: { n: { type: integer } }, required: [n] } }
outputs: { n: "\${{ steps.x.output.n }}" }`,
    );
    expect(await project.muster("run", "flow.yaml")).toMatchObject({ code: 0, stdout: `{\n  "n": 7\n}\n` });
    expect(project.read("repair.txt")).toMatch(
      /^Count\n\nYour answer was:\n\n\{"n": "many"\}\n\nYour reply does not fit/,
    );
    expect(project.read("repair.txt")).toContain("Answer with exactly one JSON value");
  });

  story("a time limit ends it with all that it started", async ({ project }) => {
    write(
      project,
      `(trap '' TERM; echo $$ > child.pid; sleep 600) & echo begun; wait`,
      `
agents: { mine: { command: { argv: [./mine], stdin: prompt } } }
steps: { x: { agent: mine, task: Wait, timeout: 1500ms, retry: { max_attempts: 3, delay: 1ms } } }`,
    );
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    const { error, attempts } = project.report().steps["x"] ?? {};
    // It may have done half of its work: it is not tried again.
    expect(attempts).toBe(1);
    expect(error).toMatchObject({ class: "timeout", partial: "begun\n" });
    const pid = Number(project.read("child.pid"));
    expect(existsSync(`/proc/${pid}/cmdline`)).toBe(false);
  });

  story("its exit code says which failure it was, and whether another try is worth it", async ({ project }) => {
    write(
      project,
      `echo "$1 asked" >> asked.txt; echo "sorry, $1" >&2; exit $1`,
      `
agents:
  busy: { command: { argv: [./mine, "75"], stdin: prompt } }
  broken: { command: { argv: [./mine, "3"], stdin: prompt } }
  gone: { command: { argv: [./nobody], stdin: prompt } }
defaults: { retry: { max_attempts: 2, delay: 1ms } }
steps:
  a: { agent: busy, task: Do }
  b: { agent: broken, task: Do }
  c: { agent: gone, task: Do }
`,
    );
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    const { a, b, c } = project.report().steps;
    expect(a).toMatchObject({ attempts: 2, error: { class: "server", code: "exit_75", partial: "sorry, 75\n" } });
    expect(b).toMatchObject({ attempts: 1, error: { class: "exit", code: "exit_3" } });
    expect(c).toMatchObject({ attempts: 1, error: { class: "exit", code: "not_started" } });
    expect(project.read("asked.txt").split("\n").filter(Boolean).sort()).toEqual(["3 asked", "75 asked", "75 asked"]);
  });

  story("a budget counts what it is assumed to cost", async ({ project }) => {
    write(
      project,
      `echo x >> asked.txt; echo done`,
      `
limits: { budget: { usd: 0.25 } }
agents: { mine: { command: { argv: [./mine], stdin: prompt }, assume: { usd: 0.10 } } }
steps: { x: { for_each: [1, 2, 3], max_parallel: 1, agent: mine, task: "Do {{ item }}" } }`,
    );
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    expect(project.report().error).toMatchObject({ class: "budget" });
    expect(project.read("asked.txt")).toBe("x\nx\n");
  });

  story("is not started where the file's permissions do not allow it", async ({ project }) => {
    write(
      project,
      "echo no",
      `
permissions: { shell: [git] }
agents: { mine: { command: { argv: [./mine], stdin: prompt } } }
steps: { x: { agent: mine, task: Do } }`,
    );
    const { code, stderr } = await project.muster("run", "flow.yaml");
    expect(code).toBe(3);
    expect(stderr).toContain("WF8005");
  });
});

describe("an agent that is a program, and crashes", () => {
  const flow = (more: string): string => `
agents: { mine: { command: { argv: [./mine], stdin: prompt } } }
steps: { x: { agent: mine, task: Do${more} } }
${outputs}`;
  /** The first time it waits to be killed with its runner. */
  const program = `if [ -e begun ]; then echo again; else : > begun; sleep 600; fi`;

  story(
    "what it did is unknown: it is not asked again on its own, and --rerun is the person's word",
    async ({ project }) => {
      write(project, program, flow(""));
      const run = project.start(["run", "flow.yaml"]);
      await project.appears("begun");
      await run.crash();
      const resumed = await project.muster("resume", "--report", "report.json");
      expect(resumed.code).toBe(1);
      expect(project.report().steps["x"]?.error).toMatchObject({ code: "outcome_unknown" });
      expect(await project.muster("resume", "--rerun", "x")).toMatchObject({ code: 0, stdout: "again\n" });
    },
  );

  story("one that is idempotent is asked again", async ({ project }) => {
    write(project, program, flow(", idempotent: true"));
    const run = project.start(["run", "flow.yaml"]);
    await project.appears("begun");
    await run.crash();
    expect(await project.muster("resume")).toMatchObject({ code: 0, stdout: "again\n" });
  });
});

describe("an agent that is a program, without it", () => {
  const flow = `
agents: { mine: { command: { argv: [./mine], stdin: prompt } } }
steps:
  x: { agent: mine, task: Count, output: { type: object, properties: { n: { type: integer } }, required: [n] } }
outputs: { n: "\${{ steps.x.output.n }}" }`;

  story("is simulated, recorded and replayed as a model is", async ({ project }) => {
    write(project, `echo x >> asked.txt; echo '{"n": 3}'`, flow);
    expect(await project.muster("run", "flow.yaml", "--simulate")).toMatchObject({ code: 0 });
    expect(project.has("asked.txt")).toBe(false);
    expect((await project.muster("run", "flow.yaml", "--record", "tape.yaml")).code).toBe(0);
    expect(await project.muster("run", "flow.yaml", "--replay", "tape.yaml")).toMatchObject({
      code: 0,
      stdout: `{\n  "n": 3\n}\n`,
    });
    expect(project.read("asked.txt")).toBe("x\n");
    const plan = await project.muster("plan", "flow.yaml");
    expect(plan).toMatchObject({ code: 0 });
    expect(plan.stdout).toContain("command/mine");
  });
});

import { join } from "node:path";
import { describe, expect, inject } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";
import { Tmux, whyNoTmux } from "../rig/tmux.ts";

const flow = `
muster: 1
name: publishing
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  draft: { agent: writer, task: Draft }
  ok: { approval: { prompt: "Publish {{ steps.draft.output }}?" } }
  publish: { needs: ok, run: [echo, live] }
outputs: { by: "\${{ steps.ok.output.by }}", result: "\${{ steps.publish.output }}" }
`;

/** Starts the run R, which ends when nothing moves without a person. */
async function asked(project: Project, manifest = flow) {
  project.write("flow.yaml", manifest);
  return await project.muster("run", "flow.yaml", "--run-id", "R", "--report", "report.json");
}

describe("a question to a person", () => {
  story("shows the values of the prompt as the prompt has them", async ({ project }) => {
    const run = await asked(
      project,
      `
muster: 1
name: things
steps:
  d: { value: [1, { n: two }, 3] }
  ok: { approval: { prompt: "{{ steps.d.output.length }} things, {{ steps.d.output.1.n }}, {{#each steps.d.output}}.{{/each}}" } }
`,
    );
    expect(run.code).toBe(4);
    const page = (await project.muster("show", "R")).stdout;
    expect(page).toContain("steps.d.output.length = 3\n");
    expect(page).toContain('steps.d.output.1.n = "two"\n');
    expect(page).toContain('steps.d.output = [1,{"n":"two"},3]\n');
  });

  story(
    "ends the run with exit 4; the answer of another process lets a resume go on, and nothing is paid twice",
    async ({ fake, project }) => {
      fake.on("Draft", "a draft");
      const run = await asked(project);
      expect(run).toMatchObject({ code: 4, stdout: "" });
      expect(run.stderr).toContain("waits    ok: Publish a draft?");
      expect(run.stderr).toContain("muster approve R ok   or   muster reject R ok");
      expect(project.report()).toMatchObject({ status: "waiting", steps: { ok: { status: "waiting" } } });

      // Again and again, without an answer: exit 4 at once, and no call.
      for (let i = 0; i < 5; i += 1) expect((await project.muster("resume")).code).toBe(4);
      const page = (await project.muster("show", "R")).stdout;
      expect(page).toContain("'ok' asks\n  | Publish a draft?\n");
      expect(page).toContain("lets through  publish (run)");
      expect((await project.muster("ps")).stdout).toMatch(/waiting\s+1\/3 steps/);

      expect(await project.muster("approve", "R", "ok", "--as", "ann", "--comment", "Good.")).toMatchObject({
        code: 0,
        stderr: "approved 'ok' of run R; nobody runs it now, so it goes on with: muster resume R\n",
      });
      expect(await project.muster("reject", "R", "ok", "--as", "bob")).toMatchObject({
        code: 2,
        stderr: "muster: 'ok' of run R was approved by ann already: the first answer counts\n",
      });
      const resumed = await project.muster("resume", "--report", "report.json");
      expect(resumed.code).toBe(0);
      expect(project.report()).toMatchObject({
        status: "succeeded",
        outputs: { by: "ann", result: "live" },
        steps: { ok: { output: { by: "ann", comment: "Good.", input: null } } },
      });
      expect(fake.count()).toBe(1);
    },
  );

  story("is answered while the run lives, for items and inside of groups, in any order", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: many
steps:
  work: { run: "while [ ! -e go ]; do sleep 0.05; done" }
  each: { for_each: [a, b], approval: { prompt: "{{ item }}?", input: { type: integer, minimum: 1 } } }
  group:
    for_each: [x, y]
    steps:
      ok: { approval: { prompt: "{{ item }}?" } }
      next: { needs: ok, value: "\${{ steps.ok.output.by + item }}" }
    outputs: { next: "\${{ steps.next.output }}" }
outputs:
  each: "\${{ steps.each.output.map(x, x.input) }}"
  group: "\${{ steps.group.output.map(x, x.next) }}"
`,
    );
    const run = project.start(["run", "flow.yaml", "--run-id", "R", "--format", "plain"]);
    await run.shows("wait   group[1]/ok");
    const say = (...args: string[]) => project.muster(...args, "--as", "ann");
    expect(await say("approve", "R", "each", "--input", "1")).toMatchObject({
      code: 2,
      stderr: "muster: name one of the questions of run R: each[0], each[1]\n",
    });
    expect((await say("approve", "R", "each[1]")).stderr).toContain("the input of 'each[1]' is missing (--input)");
    expect((await say("approve", "R", "each[1]", "--input", "0")).stderr).toContain("does not fit: ");
    expect(await say("approve", "R", "each[1]", "--input", "2")).toMatchObject({
      code: 0,
      stderr: "approved 'each[1]' of run R: it goes on; 3 more to answer: muster show R\n",
    });
    expect((await say("approve", "R", "group[1]/ok", "--input", "2")).stderr).toContain("asks for no input");
    expect((await say("approve", "R", "group[1]/ok")).code).toBe(0);
    expect((await say("approve", "R", "group[1]/ok")).stderr).toBe(
      "muster: 'group[1]/ok' of run R was approved by ann already\n",
    );
    expect((await say("approve", "R", "grup")).stderr).toContain(
      "no open question 'grup': there are each[0], group[0]/ok",
    );
    expect((await say("approve", "R", "each[0]", "--input", "1")).code).toBe(0);
    expect((await say("approve", "R", "group[0]/ok")).code).toBe(0);
    project.write("go", "");
    const ended = await run.ended;
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toEqual({ each: [1, 2], group: ["annx", "anny"] });
    expect((await say("approve", "R", "each[0]")).stderr).toBe("muster: run R is over: it succeeded\n");
  });

  story(
    "that is answered with no fails the step as refused, and is asked anew by a resume",
    async ({ fake, project }) => {
      await asked(project);
      expect((await project.muster("reject", "R", "--as", "ann", "--comment", "Too long.")).code).toBe(0);
      const rejected = await project.muster("resume", "--report", "report.json");
      expect(rejected.code).toBe(1);
      expect(project.report()).toMatchObject({
        status: "failed",
        error: { class: "refused", code: "rejected", message: "step 'ok' failed: ann rejected 'ok': Too long." },
        steps: { publish: { status: "skipped" } },
      });
      expect((await project.muster("resume")).code).toBe(4);
      expect((await project.muster("approve", "R")).code).toBe(0);
      expect((await project.muster("resume")).code).toBe(0);
      expect(fake.count()).toBe(1);
    },
  );
});

describe("a person who comes first in a handoff", () => {
  const desk = `
muster: 1
name: desk
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  title:
    handoff:
      - { approval: { prompt: "A title?{{ previous }}" }, accept: output.sure }
      - { agent: writer }
    task: "Not {{ previous.title }}"
    output: { type: object, properties: { title: { type: string }, sure: { type: boolean } }, required: [title, sure] }
outputs: { title: "\${{ steps.title.output.title }}", by: "\${{ steps.title.by }}" }
`;

  story("is asked before any model, judged by `accept`, and followed by the agent", async ({ fake, project }) => {
    fake.on("Not Owls", '{"title":"Night birds","sure":true}');
    expect((await asked(project, desk)).code).toBe(4);
    expect((await project.muster("show", "R")).stdout).toContain("'title' asks\n  | A title?\n");
    expect((await project.muster("approve", "R", "title", "--input", '{"title":"Owls"}')).code).toBe(2);
    const said = ["--input", '{"title":"Owls","sure":false}', "--as", "ann"];
    expect((await project.muster("approve", "R", "title", ...said)).code).toBe(0);
    expect(fake.count()).toBe(0);
    const resumed = await project.muster("resume");
    expect(JSON.parse(resumed.stdout)).toEqual({ title: "Night birds", by: "writer" });
    expect(fake.count()).toBe(1);

    project.edit("flow.yaml", "outputs:", "  said: { value: \"${{ steps.title.by + '!' }}\" }\noutputs:");
    const simulated = await project.muster("run", "flow.yaml", "--simulate");
    expect(simulated.code).toBe(0);
    expect(fake.count()).toBe(1);
  });
});

describe("an answer is bound to what was shown", () => {
  story.for([
    { what: "the prompt", before: "Publish {{", after: "Really publish {{" },
    { what: "a step that it lets through", before: "[echo, live]", after: "[echo, evil]" },
    {
      what: "a step behind that",
      before: "outputs:",
      after: "  then: { needs: publish, run: [echo, more] }\noutputs:",
    },
  ])("a change of $what voids it", async ({ before, after }, { project }) => {
    await asked(project);
    expect((await project.muster("approve", "R", "ok", "--as", "ann")).code).toBe(0);
    project.edit("flow.yaml", before, after);
    const resumed = await project.muster("resume");
    expect(resumed.code).toBe(4);
    expect(resumed.stderr).toContain("ok  the step changed");
    expect((await project.muster("logs", "R")).stdout).toContain("an answer to 'ok' by ann does not count");
    expect((await project.muster("approve", "R", "ok")).code).toBe(0);
    expect((await project.muster("resume")).code).toBe(0);
  });

  story("and so does a change of a value in it", async ({ fake, project }) => {
    fake.on("Draft", "one");
    await asked(project);
    expect((await project.muster("approve", "R", "ok")).code).toBe(0);
    fake.on("Other draft", "two");
    project.edit("flow.yaml", "task: Draft", "task: Other draft");
    expect((await project.muster("resume")).code).toBe(4);
    expect((await project.muster("show", "R")).stdout).toContain("| Publish two?");
  });

  story("a change elsewhere leaves it as it is", async ({ project }) => {
    await asked(project);
    expect((await project.muster("approve", "R", "ok")).code).toBe(0);
    project.edit("flow.yaml", "steps:\n", "steps:\n  beside: { value: 1 }\n");
    expect((await project.muster("resume")).code).toBe(0);
  });
});

describe("no agent answers", () => {
  const sneaky = (command: string): string => `
muster: 1
name: sneaky
steps:
  ok: { approval: { prompt: "Shall it?" } }
  try: { run: '${command}', timeout: 30s }
`;

  story.for([
    { what: "a program of a step", wrap: (approve: string) => approve },
    { what: "one that hides the variables", wrap: (approve: string) => `env -i PATH="$PATH" HOME="$HOME" ${approve}` },
    { what: "one in a shell of its own", wrap: (approve: string) => `setsid sh -c "unset MUSTER_RUN_ID; ${approve}"` },
  ])("$what is refused", async ({ wrap }, { project }) => {
    const muster = `${process.execPath} ${inject("musterScript")}`;
    project.write("flow.yaml", sneaky(`(${wrap(`${muster} approve R ok`)} 2> said) || echo $? > code`));
    expect((await project.muster("run", "flow.yaml", "--run-id", "R")).code).toBe(4);
    expect(project.read("code")).toBe("2\n");
    expect(project.read("said")).toContain("was started by a step of a run");
  });
});

describe("a crash", () => {
  story("while a person is asked leaves the question open, and the answer counts", async ({ fake, project }) => {
    project.write("flow.yaml", flow.replace("steps:\n", `steps:\n  slow: { agent: writer, task: Slow }\n`));
    const slow = fake.nextRequest("Slow");
    const run = project.start(["run", "flow.yaml", "--run-id", "R", "--format", "plain"]);
    await slow;
    await run.shows("wait   ok");
    await run.crash();
    expect((await project.muster("approve", "R", "ok", "--as", "ann")).stderr).toContain("nobody runs it now");
    expect((await project.muster("resume", "--report", "report.json")).code).toBe(0);
    expect(project.report()).toMatchObject({ outputs: { by: "ann" } });
    expect(fake.count("Draft")).toBe(1);
  });
});

story("a simulation answers its approvals itself, marked, and never feeds a real one", async ({ fake, project }) => {
  project.write("flow.yaml", flow);
  const simulated = await project.muster("run", "flow.yaml", "--simulate", "--run-id", "S", "--report", "report.json");
  expect(simulated.code).toBe(0);
  expect(project.report()).toMatchObject({ simulated: true, outputs: { by: "simulated" } });
  expect((await project.muster("approve", "S", "ok")).stderr).toContain("run S is over");
  expect((await asked(project)).code).toBe(4);
  expect(fake.count()).toBe(1);
});

const missing = whyNoTmux();

/** A person at a terminal. */
const terminal = story.extend<{ tmux: Tmux }>({
  tmux: async ({ project, task }, use) => {
    void task;
    const tmux = new Tmux(join(project.folder, "tmux"));
    await use(tmux);
    await tmux.close();
  },
});

describe.skipIf(missing !== null)("at a terminal", () => {
  const start = (tmux: Tmux, { folder, env }: Project): Promise<void> =>
    tmux.start(`${process.execPath} ${inject("musterScript")} run flow.yaml --run-id R`, {
      width: 100,
      height: 40,
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", HOME: folder, LANG: "C.UTF-8", ...env },
    });
  const has = (text: string) => (lines: readonly string[]) => lines.some((line) => line.includes(text));
  const withInput = flow.replace('output }}?" }', 'output }}?", input: { type: integer } }');

  terminal("a question for certain people is left to them, and the others are asked", async ({ tmux, project }) => {
    const issuer = "https://ci.invalid";
    project.write("muster-policy.yaml", `muster_policy: 1\nissuers: [{ issuer: "${issuer}" }]\n`);
    const steps = 'a: { approval: { prompt: A?, approvers: ["oidc:ann"] } }\n  b: { approval: { prompt: B? } }\n';
    project.write("flow.yaml", `muster: 1\nname: two\nsteps:\n  ${steps}`);
    await start(tmux, project);
    await tmux.shows(has("'b' asks"));
    await tmux.type("yes");
    await tmux.shows(has("comment (enter: none):"));
    await tmux.type("");
    const screen = (await tmux.shows(has("exit code 4"))).join("\n");
    expect(screen).toContain("asked of certain people: muster approve R a, with their token");
    expect(screen).toContain(`oidc:ann (vouched for by ${issuer})`);
  });

  terminal("the person is asked, and the run goes on with what they say", async ({ tmux, project }) => {
    project.write("flow.yaml", withInput);
    await start(tmux, project);
    await tmux.shows(has("approve? yes, no, or later:"));
    await tmux.type("yes");
    await tmux.shows(has("input (JSON or text):"));
    await tmux.type("many");
    await tmux.shows(has("the input of 'ok' does not fit"));
    await tmux.type("7");
    await tmux.shows(has("comment (enter: none):"));
    await tmux.type("");
    const screen = await tmux.shows(has("exit code 0"));
    expect(screen).toContain("'ok' asks");
    expect(screen).toContain("  | Publish Answer to: Draft?");
    expect((await project.muster("show", "R", "--json")).stdout).toContain('"input": 7');
  });

  terminal("the question goes away when somebody else has answered it", async ({ tmux, project }) => {
    project.write("flow.yaml", flow);
    await start(tmux, project);
    await tmux.shows(has("approve? yes, no, or later:"));
    expect((await project.muster("approve", "R", "ok", "--as", "ann")).stderr).toContain("it goes on");
    await tmux.shows(has("'ok' needs no answer any more"));
    await tmux.shows(has("exit code 0"));
  });

  terminal("`later` ends the run when nothing moves without an answer", async ({ tmux, project }) => {
    project.write("flow.yaml", flow);
    await start(tmux, project);
    await tmux.shows(has("approve? yes, no, or later:"));
    await tmux.type("later");
    await tmux.shows(has("exit code 4"));
    expect((await project.muster("runs")).stdout).toContain("waiting");
  });

  terminal("Ctrl-C at the question interrupts the run, which can be resumed", async ({ tmux, project }) => {
    project.write("flow.yaml", flow);
    await start(tmux, project);
    await tmux.shows(has("approve? yes, no, or later:"));
    await tmux.press("C-c");
    await tmux.shows(has("exit code 130"));
    expect((await project.muster("resume")).code).toBe(4);
  });
});

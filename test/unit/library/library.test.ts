import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test as plain } from "vitest";
import { load, memoryState, plan, RequestError, resume, run, type Workflow } from "../../../src/index.ts";
import { startFakeAnthropic, type FakeAnthropic } from "../../rig/fake-anthropic/fake-anthropic.ts";

const test = plain.extend<{ fake: FakeAnthropic; folder: string }>({
  // eslint-disable-next-line no-empty-pattern -- vitest reads the names of the parameters
  fake: async ({}, use) => {
    const fake = await startFakeAnthropic();
    await use(fake);
    await fake.close();
  },
  // eslint-disable-next-line no-empty-pattern -- vitest reads the names of the parameters
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), "muster-library-"));
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
});

const manifest = `muster: 1
name: letters
inputs: { to: { type: string } }
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  draft: { agent: writer, task: "Write to {{ inputs.to }}." }
  check: { run: [test, -e, allowed], needs: draft }
outputs: { letter: "\${{ steps.draft.output }}" }
`;

const envOf = (fake: FakeAnthropic) => ({
  PATH: process.env["PATH"],
  ANTHROPIC_API_KEY: "sk-ant-test-0123456789abcdef",
  ANTHROPIC_BASE_URL: fake.url,
});

async function valid(text: string, path = "letters.yaml"): Promise<Workflow> {
  const loaded = await load({ text, path });
  if (!loaded.ok) throw new Error(loaded.diagnostics[0]?.message);
  return loaded.workflow;
}

async function problemsOf(call: Promise<unknown>): Promise<readonly string[]> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RequestError);
  return (error as RequestError).problems;
}

plain("what is wrong in a manifest is told, all of it, and not thrown", async () => {
  const loaded = await load({
    text: "muster: 1\nname: a\nsteps: { a: { needs: c, run: x }, b: { needs: d, run: x } }\n",
  });
  expect(loaded.ok).toBe(false);
  expect(loaded.workflow).toBe(null);
  expect(loaded.diagnostics.map(({ file, code }) => `${file} ${code}`)).toEqual([
    "workflow.yaml WF3002",
    "workflow.yaml WF3002",
  ]);
});

plain("the plan tells calls before a run", async () => {
  const { estimate } = plan(await valid(manifest), { inputs: { to: "Ada" } });
  expect(estimate.calls).toEqual({ floor: 1, ceiling: 1 });
});

test("a failed run is a report; a resume, by the same file, pays for nothing twice", async ({ fake, folder }) => {
  writeFileSync(join(folder, "letters.yaml"), manifest);
  const env = envOf(fake);
  const loaded = await load("letters.yaml", { cwd: folder });
  if (!loaded.ok) throw new Error("it is valid");
  const events: string[] = [];
  const first = await run(loaded.workflow, {
    cwd: folder,
    env,
    inputs: { to: "Ada" },
    runId: "R1",
    onEvent: ({ type, step }) => events.push(`${type} ${step ?? ""}`.trim()),
  });
  expect(first).toMatchObject({ run_id: "R1", status: "failed", outputs: null, error: { class: "exit" } });
  expect(events.filter((event) => event.startsWith("run."))).toEqual(["run.started", "run.finished"]);

  writeFileSync(join(folder, "allowed"), "");
  const second = await resume("R1", { cwd: folder, env });
  expect(second.status).toBe("succeeded");
  expect(second.outputs).toEqual({ letter: first.steps["draft"]?.output });
  expect(second.usage.calls).toBe(1);
  expect(fake.requests.length).toBe(1);
  // The same state as the command's, in the project around the folder.
  expect(readFileSync(join(folder, ".muster/.gitignore"), "utf8")).toBe("*\n");
  expect(await problemsOf(resume("R1", { cwd: folder, env }))).toEqual([
    "run R1 is succeeded: there is nothing to resume",
  ]);
});

test("an abort interrupts a run, and its memory can be resumed with the workflow at hand", async ({ folder }) => {
  const state = memoryState();
  const workflow = await valid(
    'muster: 1\nname: wait\nlimits: { grace: 1ms }\nsteps: { a: { run: [sleep, "600"], idempotent: true } }\n',
  );
  const controller = new AbortController();
  const options = { cwd: folder, env: { PATH: process.env["PATH"] }, state };
  const interrupted = await run(workflow, {
    ...options,
    runId: "R",
    signal: controller.signal,
    onEvent: ({ type }) => {
      if (type === "attempt.started" || type === "step.started") controller.abort();
    },
  });
  expect(interrupted.status).toBe("interrupted");
  const shorter = await valid('muster: 1\nname: wait\nsteps: { a: { run: "true", idempotent: true } }\n');
  const resumed = await resume("R", { ...options, workflow: shorter });
  expect(resumed.status).toBe("succeeded");
});

test("what a call cannot do is thrown with every reason, and nothing is started", async ({ folder }) => {
  const workflow = await valid(manifest);
  const state = memoryState();
  const options = { cwd: folder, env: {}, state };
  expect(await problemsOf(run(workflow, { ...options, inputs: { too: 1 } }))).toEqual([
    "the workflow has no input 'too'; did you mean 'to'?",
    "input 'to' is required: give it with --input to=VALUE",
  ]);
  expect(await problemsOf(run(workflow, { ...options, inputs: { to: "Ada" }, runId: "R" }))).toEqual([
    expect.stringMatching(/^anthropic\/claude-haiku-5-5 needs ANTHROPIC_API_KEY/),
  ]);
  for (const concurrency of [0, -1, 1.5, Number.NaN]) {
    expect(await problemsOf(run(workflow, { ...options, inputs: { to: "Ada" }, concurrency }))).toEqual([
      `concurrency ${concurrency}: it must be a whole number above 0`,
    ]);
  }
  expect(await problemsOf(run(workflow, { ...options, inputs: { to: "Ada" }, budget: { usd: -1 } }))).toEqual([
    "budget.usd -1: it must be a number, 0 or more",
  ]);
  expect(await problemsOf(resume("R", options))).toEqual(["there is no run R"]);
  expect(await problemsOf(load("nowhere.yaml", { cwd: folder }))).toEqual([
    expect.stringMatching(/^cannot read nowhere\.yaml: ENOENT/),
  ]);
});

test("a simulated run asks nobody", async ({ folder, fake }) => {
  const report = await run(await valid(manifest), {
    cwd: folder,
    env: {},
    state: memoryState(),
    inputs: { to: "Ada" },
    simulate: true,
  });
  expect(report).toMatchObject({ status: "succeeded", simulated: true });
  expect(fake.requests).toEqual([]);
});

import { describe, expect } from "vitest";
import { ollama } from "../rig/fake-openai/dialect.ts";
import { startFakeOpenai, type FakeOpenai } from "../rig/fake-openai/fake-openai.ts";
import { story as base } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const story = base.extend<{ local: FakeOpenai }>({
  // eslint-disable-next-line no-empty-pattern -- vitest reads the names of the parameters
  local: async ({}, use) => {
    const fake = await startFakeOpenai({ dialect: ollama, models: ["qwen4:8b", "llama4:70b"] });
    await use(fake);
    await fake.close();
  },
});

const flow = `
muster: 1
name: found
agents: { writer: {}, judge: { model: auto/strong } }
steps:
  draft: { agent: writer, task: Write it. }
  verdict: { agent: judge, task: "Judge {{ steps.draft.output }}" }
outputs: { verdict: "\${{ steps.verdict.output }}" }
`;

/** No key, and an engine where OLLAMA_HOST says. */
const onlyLocal = (local: FakeOpenai) => ({ ANTHROPIC_API_KEY: "", OLLAMA_HOST: local.url.replace("http://", "") });
/** With CI set no engine is looked for on the machine of the tests. */
const nothing = { ANTHROPIC_API_KEY: "", CI: "true" };

function modelsOf(project: Project): (string | null | undefined)[] {
  return ["draft", "verdict"].map((step) => project.report().steps[step]?.model);
}

describe("auto", () => {
  story("is the provider whose key there is, and the choice is printed", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const { code, stderr } = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(code).toBe(0);
    expect(stderr.split("\n")[0]).toBe(
      "model: auto = anthropic/claude-sonnet-5-5, auto/strong = anthropic/claude-opus-5-5 (ANTHROPIC_API_KEY is set)",
    );
    expect(modelsOf(project)).toEqual(["anthropic/claude-sonnet-5-5", "anthropic/claude-opus-5-5"]);
    expect(fake.count()).toBe(2);
  });

  story("is a local engine where there is no key, and its answers are free", async ({ fake, local, project }) => {
    project.write("flow.yaml", flow);
    const { code, stderr } = await project.start(["run", "flow.yaml", "--report", "report.json"], onlyLocal(local))
      .ended;
    expect([code, fake.count()]).toEqual([0, 0]);
    expect(stderr).toContain(
      `model: auto = ollama/qwen4:8b, auto/strong = ollama/llama4:70b (Ollama answers at ${local.url})`,
    );
    expect(modelsOf(project)).toEqual(["ollama/qwen4:8b", "ollama/llama4:70b"]);
    expect(project.report().cost_usd).toBe(0);
  });

  story("is what an endpoint of OPENAI_BASE_URL has, where there is a key for it", async ({ local, project }) => {
    project.write("flow.yaml", flow);
    const env = { ...nothing, OPENAI_API_KEY: "sk-openai-0123456789", OPENAI_BASE_URL: `${local.url}/v1` };
    const { code, stderr } = await project.start(["run", "flow.yaml"], env).ended;
    expect(code).toBe(0);
    expect(stderr).toContain(
      "model: auto = openai/qwen4:8b, auto/strong = openai/qwen4:8b (OPENAI_API_KEY and OPENAI_BASE_URL are set)\n",
    );
    expect(local.requests.map(({ headers }) => headers.authorization)).toEqual(
      Array.from({ length: 2 }, () => "Bearer sk-openai-0123456789"),
    );
  });

  story("stays what it was when the run goes on, whatever there is by then", async ({ fake, local, project }) => {
    project.write("flow.yaml", flow);
    local.on("Judge", { kind: "fail", status: 400, type: "invalid_request_error", message: "no" });
    expect((await project.start(["run", "flow.yaml"], onlyLocal(local)).ended).code).toBe(1);
    local.on("Judge", "It is good.");
    // Now there is a key, which a new run would prefer.
    const resumed = await project.muster("resume", "--report", "report.json");
    expect([resumed.code, fake.count(), local.count("Write it.")]).toEqual([0, 0, 3]);
    expect(resumed.stderr).toContain("model: auto = ollama/qwen4:8b, auto/strong = ollama/llama4:70b (as before)");
    expect(resumed.stderr).toContain("reused  draft");
    expect(project.report().outputs).toEqual({ verdict: "It is good." });
  });

  story("never stands for a model that is named", async ({ fake, local, project }) => {
    project.write("flow.yaml", flow.replace("writer: {}", "writer: { model: anthropic/claude-haiku-5-5 }"));
    const { code, stderr } = await project.start(["run", "flow.yaml"], onlyLocal(local)).ended;
    expect([code, fake.count(), local.count()]).toEqual([2, 0, 0]);
    expect(stderr).toContain(
      "anthropic/claude-haiku-5-5 needs ANTHROPIC_API_KEY, which is not set: export it, or answer from a recording",
    );
  });

  story("says the four ways on where nothing is found, and runs nothing", async ({ project }) => {
    project.write("flow.yaml", flow);
    expect(await project.start(["run", "flow.yaml"], nothing).ended).toEqual({
      code: 2,
      signal: null,
      stdout: "",
      stderr: `muster: no model was found for \`auto\`: there is no key in the environment (and with CI set no engine on this machine is looked for). Four ways on:
        1. export ANTHROPIC_API_KEY=...
        2. export OPENAI_API_KEY=... (and OPENAI_BASE_URL for another endpoint of its kind)
        3. start a local engine: ollama serve, and ollama pull MODEL
        4. ask no model: --replay FILE answers from a recording, --simulate makes answers up
`,
    });
    expect(project.has(".muster/state.db")).toBe(false);
  });

  story("can be chosen for all agents by --model", async ({ local, project }) => {
    project.write("flow.yaml", flow.replace("writer: {}", "writer: { model: anthropic/claude-haiku-5-5 }"));
    const args = ["run", "flow.yaml", "--model", "auto/fast", "--report", "report.json"];
    expect((await project.start(args, onlyLocal(local)).ended).code).toBe(0);
    expect(modelsOf(project)).toEqual(["ollama/qwen4:8b", "ollama/qwen4:8b"]);
  });
});

describe("keys of providers", () => {
  story("go to no address that a manifest names", async ({ local, project }) => {
    const endpoint = (model: string): string => `{ model: ${model}, base_url: "${local.url}/v1" }`;
    project.write(
      "flow.yaml",
      `
muster: 1
name: elsewhere
models: { own: ${endpoint("openai/qwen4:8b")}, wrong: ${endpoint("anthropic/claude-haiku-5-5")} }
agents: { writer: { model: own } }
steps: { draft: { agent: writer, task: Write it. } }
`,
    );
    const keys = { OPENAI_API_KEY: "sk-openai-0123456789" };
    expect((await project.start(["run", "flow.yaml"], keys).ended).code).toBe(0);
    expect(local.requests[0]?.headers.authorization).toBeUndefined();
    project.edit("flow.yaml", "model: own", "model: wrong");
    const { code, stderr } = await project.start(["run", "flow.yaml"], keys).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(
      `anthropic/claude-haiku-5-5 at ${new URL(local.url).host} needs a key of its own: give the model \`api_key\``,
    );
  });
});

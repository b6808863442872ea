import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import { API_KEY } from "../rig/muster/project.ts";

const TOKEN = `t0p"s3cret/+ value?`;

describe("secrets", () => {
  story("reach the step that asks for them, and no file, stream or model", async ({ fake, project }) => {
    project.write(
      "leak.sh",
      `
printf 'raw %s\\n' "$T"
printf 'base64 %s\\n' "$(printf %s "$T" | base64 -w0)"
printf 'basic %s\\n' "$(printf 'user:%s' "$T" | base64 -w0)"
printf 'err %s\\n' "$T" >&2
printf 'key %s\\n' "$(cat "$KEY_FILE")"
`,
    );
    project.write(
      "flow.yaml",
      `
muster: 1
name: secretive
secrets: [TOKEN]
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
inputs: { given: { type: string } }
env: { SHARED: "\${{ secrets.TOKEN }}" }
steps:
  has: { run: 'test "$T" = "$(cat "$TOKEN_FILE")" && test "$SHARED" = "$T" && echo it has it', env: { T: "\${{ secrets.TOKEN }}" } }
  leak: { run: sh leak.sh, env: { T: "\${{ secrets.TOKEN }}" } }
  fails: { run: sh leak.sh; exit 3, env: { T: "\${{ secrets.TOKEN }}" }, on_error: continue }
  keys: { run: 'printf "[%s][%s]" "$ANTHROPIC_API_KEY" "$TOKEN"' }
  told: { agent: writer, task: "Told {{ steps.leak.output }} {{ inputs.given }}" }
  typed: { agent: writer, task: Typed, output: { type: object, properties: { n: { type: integer } }, required: [n] }, on_error: continue }
  refused: { agent: writer, task: Refused, on_error: continue }
outputs: { leak: "\${{ steps.leak.output }}", told: "\${{ steps.told.output }}", keys: "\${{ steps.keys.output }}", has: "\${{ steps.has.output }}" }
`,
    );
    fake.on("Told", ({ text }) => `${text} and ${TOKEN} and ${API_KEY}`);
    fake.on("Typed", JSON.stringify({ n: TOKEN }));
    fake.on("Refused", { kind: "fail", status: 401, type: "authentication_error", message: `bad key ${API_KEY}` });
    project.write("outside/token", TOKEN);
    project.write("outside/key", API_KEY);
    const env = { TOKEN, TOKEN_FILE: "outside/token", KEY_FILE: "outside/key" };

    const run = await project.start(
      ["run", "flow.yaml", "--input", `given=${TOKEN}`, "--report", "report.json", "--run-id", "secretive"],
      env,
    ).ended;
    expect(run.code, run.stderr).toBe(0);
    expect(project.report().outputs).toMatchObject({ keys: "[][]", has: "it has it" });
    expect(project.report().outputs?.["leak"]).toBe(
      "raw [secret:TOKEN]\nbase64 [secret:TOKEN]\nbasic dXNlcjp[secret:TOKEN]\nkey [secret:ANTHROPIC_API_KEY]",
    );
    const others = await Promise.all(
      [["show"], ["show", "--json"], ["logs"], ["logs", "--json"], ["runs", "--json"], ["resume", "secretive"]].map(
        (args) => project.start(args, env).ended,
      ),
    );

    const forms = [
      TOKEN,
      JSON.stringify(TOKEN).slice(1, -1),
      encodeURIComponent(TOKEN),
      Buffer.from(TOKEN).toString("base64"),
      API_KEY,
      Buffer.from(API_KEY).toString("base64"),
    ];
    const basic = Buffer.from(`user:${TOKEN}`).toString("base64");
    // Only its middle depends on the secret alone.
    const needles = [...forms, basic.slice(8, -4)].map((form) => Buffer.from(form));
    const written = [
      ...project.files().filter(({ path }) => !path.startsWith("outside/")),
      ...[run, ...others].flatMap(({ stdout, stderr }) => [
        { path: "stdout", bytes: Buffer.from(stdout) },
        { path: "stderr", bytes: Buffer.from(stderr) },
      ]),
      ...fake.requests.map(({ body }) => ({ path: "request", bytes: Buffer.from(JSON.stringify(body)) })),
    ];
    expect(written.length).toBeGreaterThan(15);
    expect(written.some(({ path }) => path === ".muster/state.db")).toBe(true);
    expect(
      written.flatMap(({ path, bytes }) =>
        needles.filter((needle) => bytes.includes(needle)).map((needle) => `${needle.toString()} in ${path}`),
      ),
    ).toEqual([]);
  });

  story("a missing one is said before anything starts", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: missing
secrets: [TOKEN]
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps:
  ask: { agent: writer, task: Hello }
  use: { run: "true", env: { T: "\${{ secrets.TOKEN }}" } }
`,
    );
    const run = await project.start(["run", "flow.yaml"], { ANTHROPIC_API_KEY: "" }).ended;
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("secret TOKEN is not set: export TOKEN, or drop it from 'secrets'");
    expect(run.stderr).toContain("anthropic/claude-haiku-5-5 needs ANTHROPIC_API_KEY, which is not set");
    expect((await project.muster("validate", "flow.yaml")).code).toBe(0);
    expect((await project.muster("runs", "--json")).stdout).not.toContain("missing");
    expect(fake.count()).toBe(0);
  });
});

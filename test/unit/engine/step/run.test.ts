import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRunStep } from "../../../../src/engine/step/run.ts";
import { createSchemaCheck } from "../../../../src/util/schema-check.ts";
import { attempt, refusal, type StepCase } from "./fixture.ts";

let workspace: string;
beforeEach(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), "muster-run-step-")));
  mkdirSync(join(workspace, "docs"));
});
afterEach(() => rmSync(workspace, { recursive: true }));

const handler = () =>
  createRunStep({
    workspace,
    environment: { PATH: process.env["PATH"] ?? "", INHERITED: "inherited" },
    check: createSchemaCheck(),
  });
const run = (stepCase: StepCase) => attempt(handler(), stepCase);

const head = "inputs: { text: { type: string } }";
const values = { inputs: { text: "a  b; $(exit 1) `exit 2` '\"" } };

describe("a run step", () => {
  it("gives its stdout without the line ends, with exit code and stderr beside it, and asks no model", async () => {
    expect(await run({ step: "run: printf ' a\\n\\r\\n'; echo b >&2" })).toEqual({
      ok: true,
      output: " a",
      extra: { exit_code: 0, stderr: "b\n" },
      model: null,
      usage: null,
      costUsd: null,
    });
  });

  it("passes values on as they are: in argv, in the environment, on stdin", async () => {
    const { text } = values.inputs;
    expect(await run({ head, values, step: 'run: [printf, "%s", "{{ inputs.text }}"]' })).toMatchObject({
      output: text,
    });
    expect(
      await run({ head, values, step: 'run: printf "%s" "$TEXT"\nenv: { TEXT: "{{ inputs.text }}" }' }),
    ).toMatchObject({ output: text });
    expect(await run({ head, values, step: 'run: cat\nstdin: "{{ inputs.text }}"' })).toMatchObject({ output: text });
  });

  it("has the environment of the machine, under the workflow's, under its own, and says who it is", async () => {
    const step =
      'run: echo "$INHERITED $SHARED $OWN $MUSTER_RUN_ID $MUSTER_STEP $MUSTER_IDEMPOTENCY_KEY"\nenv: { OWN: own, SHARED: step }';
    expect(await run({ step, workflowEnv: { SHARED: "workflow", INHERITED: "workflow" } })).toMatchObject({
      output: "workflow step own R x the-key",
    });
  });

  it("works in the workspace or a folder in it, and in no other", async () => {
    expect(await run({ step: "run: pwd" })).toMatchObject({ output: workspace });
    expect(await run({ step: "run: pwd\ncwd: docs" })).toMatchObject({ output: join(workspace, "docs") });
    for (const cwd of ["..", "docs/../..", "/", "/etc"]) {
      const step = 'run: pwd\ncwd: "{{ inputs.text }}"';
      expect(refusal(handler(), { head, values: { inputs: { text: cwd } }, step })).toMatchObject({
        class: "invalid",
        code: "cwd_outside",
        message: `'cwd' of 'x' leaves the workspace: ${cwd}`,
      });
    }
  });

  it("that ends badly keeps what it wrote, without secrets", async () => {
    expect(await run({ step: "run: echo out s3cr3t-value; echo err s3cr3t-value >&2; exit 7" })).toMatchObject({
      ok: false,
      failure: {
        class: "exit",
        code: "exit_7",
        message: "'x' ended with exit code 7",
        partial: "out [secret:TOKEN]\n\nerr [secret:TOKEN]\n",
      },
      extra: { exit_code: 7, stderr: "err [secret:TOKEN]\n" },
    });
    expect(await run({ step: "run: kill -9 $$" })).toMatchObject({
      ok: false,
      failure: { class: "exit", code: "signal", message: "'x' was ended by SIGKILL", partial: null },
    });
    expect(await run({ step: "run: [no-such-program-anywhere]" })).toMatchObject({
      ok: false,
      failure: { class: "exit", code: "not_started" },
    });
  });

  it("with a schema gives JSON that fits it, or fails as `output`", async () => {
    const output = "output: { type: object, properties: { n: { type: integer } }, required: [n] }";
    expect(await run({ step: `run: 'echo "{ \\"n\\": 1 }"'\n${output}` })).toMatchObject({
      ok: true,
      output: { n: 1 },
    });
    expect(await run({ step: `run: echo 'no JSON s3cr3t-value'\n${output}` })).toMatchObject({
      ok: false,
      failure: { class: "output", code: "not_json", partial: "no JSON [secret:TOKEN]\n" },
    });
    expect(await run({ step: `run: echo '{}'\n${output}` })).toMatchObject({
      ok: false,
      failure: {
        class: "output",
        code: "schema_mismatch",
        message: "the stdout of 'x' does not fit its output schema: the value must have required property 'n'",
      },
    });
  });

  it("that wrote very much keeps the end of it", async () => {
    const result = await run({ step: "run: head -c 40000 /dev/zero | tr '\\0' a; printf end; exit 1" });
    expect(result.ok ? null : result.failure.partial).toBe(`…${"a".repeat(16 * 1024 - 3)}end`);
  });

  it("does not start when a text of it cannot be made", () => {
    expect(
      refusal(handler(), { head, step: 'run: echo\nenv: { TEXT: "{{ inputs.text }}" }', values: {} }),
    ).toMatchObject({ class: "invalid", message: expect.stringMatching(/^'env\.TEXT' of 'x': /) as string });
  });
});

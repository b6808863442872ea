import { isAbsolute, join, relative, resolve } from "node:path";
import type { Template } from "../../expression/template.ts";
import { refusalOf } from "../../plan/permissions.ts";
import type { PlannedStep, RunBody } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { asText, readJson, type Json, type JsonObject } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import {
  DEFAULT_OUTPUT_LIMIT_BYTES,
  runProcess,
  type ProcessRequest,
  type ProcessResult,
} from "../process/run-process.ts";
import { expressionFailure } from "./expression-failure.ts";
import {
  plainResult,
  type AttemptContext,
  type AttemptResult,
  type PrepareContext,
  type StepHandler,
} from "./handler.ts";

/** Stands for the workspace while only the path inside it matters. */
const ROOT = "/workspace";
/** From SIGTERM to SIGKILL when a step is stopped. */
const KILL_GRACE_MS = 2_000;
/** How much of stderr, and of the partial output of a failure, stays on the record (characters, the last ones). */
const RECORDED_TAIL = 16 * 1024;

export interface RunStepOptions {
  /** Absolute path of the workspace of units that have no folder of their own. */
  readonly workspace: string;
  /** The environment that processes inherit: without secrets and keys of providers. */
  readonly environment: { readonly [name: string]: string };
  readonly check: SchemaCheck;
}

/** `run` steps: a shell script or a program. What it prints is its output; as JSON where the step has an `output` schema. */
export function createRunStep(options: RunStepOptions): StepHandler {
  return {
    prepare(step, context) {
      if (step.body.kind !== "run") return err(failure("internal", "bug", "not a run step"));
      const request = resolveRequest(step, step.body, context);
      if (!request.ok) return request;
      return ok({
        kind: "later",
        model: null,
        isWaiting: false,
        asked: () => request.value.asked,
        run: (attempt) => runOnce(step, request.value, attempt, options),
      });
    },
  };
}

/** What to run: its `cwd` is still relative to the workspace, its `env` without what all processes inherit. */
function resolveRequest(
  step: PlannedStep,
  body: RunBody,
  context: PrepareContext,
): Result<ProcessRequest & { readonly asked: JsonObject }, Failure> {
  const { evaluator, values, workflowEnv, resources } = context;
  const problems: Failure[] = [];
  const text = (key: string, template: Template): string => {
    const value = evaluator.evaluate(template, values, undefined, resources);
    if (value.ok) return asText(value.value);
    problems.push(expressionFailure(key, step.id, value.error));
    return "";
  };
  const env: Record<string, string> = { ...workflowEnv };
  for (const [name, template] of Object.entries(body.env)) env[name] = text(`env.${name}`, template);
  const stdin = body.stdin === null ? null : text("stdin", body.stdin);
  const folder = body.cwd === null ? "." : text("cwd", body.cwd);
  const command =
    "argv" in body.command ? { argv: body.command.argv.map((part, i) => text(`run[${i}]`, part)) } : body.command;
  if (problems[0] !== undefined) return err(problems[0]);
  const refusal = refusalOf(
    context.grant,
    "argv" in command ? { kind: "program", program: command.argv[0] ?? "" } : { kind: "script" },
  );
  if (refusal !== null) return err(failure("refused", "permission_denied", `'${step.id}' may not start: ${refusal}`));
  const inside = folder === "." ? "" : relative(ROOT, resolve(ROOT, folder));
  if (inside.startsWith("..") || isAbsolute(folder)) {
    return err(failure("invalid", "cwd_outside", `'cwd' of '${step.id}' leaves the workspace: ${folder}`));
  }
  const asked = {
    run: "argv" in command ? command.argv : command.script,
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(stdin === null ? {} : { stdin }),
    ...(body.cwd === null ? {} : { cwd: folder }),
  };
  return ok({ command, cwd: inside, env, stdin, outputLimitBytes: DEFAULT_OUTPUT_LIMIT_BYTES, asked });
}

async function runOnce(
  step: PlannedStep,
  request: ProcessRequest,
  attempt: AttemptContext,
  options: RunStepOptions,
): Promise<AttemptResult> {
  const env = {
    ...options.environment,
    ...request.env,
    MUSTER_RUN_ID: attempt.runId,
    MUSTER_STEP: attempt.label,
    MUSTER_IDEMPOTENCY_KEY: attempt.idempotencyKey,
    ...(attempt.trace === undefined ? {} : { TRACEPARENT: attempt.trace }),
  };
  const cwd = join(attempt.folder ?? options.workspace, request.cwd);
  const result = await runProcess({ ...request, cwd, env }, { signal: attempt.signal, killGraceMs: KILL_GRACE_MS });
  const stdout = attempt.redactor.text(result.stdout);
  const stderr = attempt.redactor.text(result.stderr);
  const extra = { exit_code: result.exitCode, stderr: tail(stderr) };
  const problem = processFailure(attempt.label, result, attempt.redactor.text(result.spawnError ?? ""));
  if (problem !== null) {
    return plainResult(
      {
        ok: false,
        failure: { ...problem, partial: tail([stdout, stderr].filter((text) => text !== "").join("\n")) || null },
      },
      extra,
    );
  }
  const output =
    step.output === null ? ok(trimEnd(stdout)) : parseOutput(attempt.label, step.output, stdout, options.check);
  return output.ok
    ? plainResult({ ok: true, output: output.value }, extra)
    : plainResult({ ok: false, failure: output.error }, extra);
}

function processFailure(label: string, result: ProcessResult, spawnError: string): Failure | null {
  if (result.spawnError !== null)
    return failure("exit", "not_started", `'${label}' could not be started: ${spawnError}`);
  if (result.exitCode === null) {
    return failure("exit", "signal", `'${label}' was ended by ${result.signal ?? "an unknown signal"}`);
  }
  if (result.exitCode !== 0) {
    return failure("exit", `exit_${result.exitCode}`, `'${label}' ended with exit code ${result.exitCode}`);
  }
  if (result.stdoutTruncated) {
    return failure(
      "output",
      "output_too_large",
      `'${label}' wrote more than ${DEFAULT_OUTPUT_LIMIT_BYTES / 1024 ** 2} MiB to stdout`,
      {
        help: "write large results to a file and print its path",
      },
    );
  }
  return null;
}

function parseOutput(
  label: string,
  schema: NonNullable<PlannedStep["output"]>,
  stdout: string,
  check: SchemaCheck,
): Result<Json, Failure> {
  const value = readJson(stdout);
  if (!value.ok) {
    const message = `'${label}' has an output schema, so its stdout must be JSON: ${value.error}`;
    return err(failure("output", "not_json", message, { partial: tail(stdout) }));
  }
  const problems = check(schema, value.value);
  if (problems.length === 0) return value;
  const message = `the stdout of '${label}' does not fit its output schema: ${problems.join("; ")}`;
  return err(failure("output", "schema_mismatch", message, { partial: tail(stdout) }));
}

/** As in a shell's `$(...)`: line ends at the end are not part of the output. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end -= 1;
  return text.slice(0, end);
}

function tail(text: string): string {
  return text.length <= RECORDED_TAIL ? text : `…${text.slice(-RECORDED_TAIL)}`;
}

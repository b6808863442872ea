import type { Template } from "../../expression/template.ts";
import { programOf } from "../../plan/access.ts";
import { refusalOf } from "../../plan/permissions.ts";
import type { PlannedDriver } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { asText } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { AttemptContext, PrepareContext } from "../step/handler.ts";

/** A program that answers for an agent, with all values filled in but what it is asked. */
export interface Program {
  /** The program with its arguments for a prompt. */
  argv(prompt: string): Result<readonly string[], Failure>;
  /** What the manifest gives it; secrets inside. */
  readonly env: { readonly [name: string]: string };
}

/** What all programs of a run have in common. */
export interface ProgramSurroundings {
  /** Absolute path of the workspace of units that have no folder of their own. */
  readonly workspace: string;
  /** The environment that programs inherit: without secrets and keys of providers. */
  readonly environment: { readonly [name: string]: string };
}

/** The attempt that a program works for. */
export type ProgramAttempt = Pick<AttemptContext, "runId" | "label" | "folder" | "trace">;

/** Fills in the values of a program and asks whether it may start. `prompt` stands for what it will be asked. */
export function prepareProgram(
  agent: string,
  driver: PlannedDriver,
  { evaluator, values, resources, grant }: PrepareContext,
  prompt: string,
): Result<Program, Failure> {
  const text = (key: string, template: Template, more: string | null): Result<string, Failure> => {
    const names = more === null ? values : { ...values, prompt: more };
    const value = evaluator.evaluate(template, names, undefined, resources);
    return value.ok ? ok(asText(value.value)) : err(expressionFailure(key, agent, value.error));
  };
  const env: Record<string, string> = {};
  for (const [name, template] of Object.entries(driver.env)) {
    const value = text(`env.${name}`, template, null);
    if (!value.ok) return value;
    env[name] = value.value;
  }
  const argv = (asked: string): Result<readonly string[], Failure> => {
    const parts: string[] = [];
    for (const [index, template] of driver.argv.entries()) {
      const part = text(`${driver.kind}[${index}]`, template, asked);
      if (!part.ok) return part;
      parts.push(part.value);
    }
    return ok(parts);
  };
  // What cannot be filled in is told before the attempt.
  const first = argv(prompt);
  if (!first.ok) return first;
  const refusal = refusalOf(grant, { kind: "program", program: programOf(driver) ?? "" });
  if (refusal !== null) return err(failure("refused", "permission_denied", `'${agent}' may not start: ${refusal}`));
  return ok({ argv, env });
}

/** The whole environment of a program: what all inherit, what the manifest gives it, and whose it is. */
export function environmentOf(
  { env }: Program,
  { runId, label, trace }: ProgramAttempt,
  idempotencyKey: string,
  { environment }: ProgramSurroundings,
): { readonly [name: string]: string } {
  return {
    ...environment,
    ...env,
    MUSTER_RUN_ID: runId,
    MUSTER_STEP: label,
    MUSTER_IDEMPOTENCY_KEY: idempotencyKey,
    ...(trace === undefined ? {} : { TRACEPARENT: trace }),
  };
}

import type { Evaluator } from "../../expression/evaluate.ts";
import { referencesOf } from "../../expression/references.ts";
import type { Template } from "../../expression/template.ts";
import { resolveInputs } from "../../plan/input.ts";
import { grantOf, narrowed, type Grant } from "../../plan/permissions.ts";
import type { Plan, PlannedSubWorkflow, UsesBody } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { Values } from "./context.ts";

/** What a sub-workflow starts with. */
export interface Entry {
  readonly base: Values;
  readonly workflowEnv: { readonly [name: string]: string };
  readonly secrets: { readonly [name: string]: string };
  /** What may be touched in it. */
  readonly grant: Grant;
}

export interface EntryTools {
  readonly evaluator: Evaluator;
  readonly check: SchemaCheck;
  readonly secrets: { readonly [name: string]: string };
  /** What its caller may touch. */
  readonly grant: Grant;
}

/** Resolves what is passed to a sub-workflow: its inputs by `with`, checked; its own `env`; the secrets passed by name. */
export function enterWorkflow(
  id: string,
  body: UsesBody,
  child: PlannedSubWorkflow,
  values: Values,
  tools: EntryTools,
): Result<Entry, Failure> {
  const given: { [name: string]: Json } = {};
  for (const [name, template] of Object.entries(body.with)) {
    const value = tools.evaluator.evaluate(template, values);
    if (!value.ok) return err(expressionFailure(`with.${name}`, id, value.error));
    given[name] = value.value;
  }
  const inputs = resolveInputs(child, given, tools.check);
  if (!inputs.ok)
    return err(
      failure("invalid", "bad_inputs", `'${id}' cannot pass its inputs to ${child.path}: ${inputs.error.join("; ")}`),
    );
  const run: JsonObject = { ...(values["run"] as JsonObject), name: child.name, version: child.version };
  const secrets = Object.fromEntries(
    child.secrets
      .filter((name) => Object.hasOwn(tools.secrets, name))
      .map((name) => [name, tools.secrets[name] as string]),
  );
  const plain = evaluateEnv(child.env, { inputs: inputs.value, run }, { evaluator: tools.evaluator, secrets }, false);
  if (!plain.ok) return plain;
  const secret = evaluateEnv(child.env, { inputs: inputs.value, run }, { evaluator: tools.evaluator, secrets }, true);
  if (!secret.ok) return secret;
  return ok({
    base: { inputs: inputs.value, env: plain.value, run },
    workflowEnv: { ...plain.value, ...secret.value },
    secrets,
    grant: child.permissions === undefined ? tools.grant : narrowed(tools.grant, grantOf(child.permissions)),
  });
}

/** `env` of a workflow: the entries that are made of secrets, or those that are not. */
export function evaluateEnv(
  env: Plan["env"],
  values: JsonObject,
  tools: Pick<EntryTools, "evaluator" | "secrets">,
  withSecrets: boolean,
): Result<{ readonly [name: string]: string }, Failure> {
  const made: { [name: string]: string } = {};
  for (const [name, template] of Object.entries(env)) {
    if (readsSecret(template) !== withSecrets) continue;
    const value = tools.evaluator.evaluate(template, withSecrets ? { ...values, secrets: tools.secrets } : values);
    if (!value.ok) return err(expressionFailure("env", name, value.error));
    made[name] = typeof value.value === "string" ? value.value : JSON.stringify(value.value);
  }
  return ok(made);
}

function readsSecret(template: Template): boolean {
  return referencesOf(template).some(({ path }) => path[0] === "secrets");
}

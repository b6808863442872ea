import { isStateKey, LONGEST_KEY } from "../../plan/state-key.ts";
import { refusalOf } from "../../plan/permissions.ts";
import { stateReads, type PlannedStep, type StateBody } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { StateChange, StateOutcome } from "../../store/state-change.ts";
import { asText, type Json } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import { expressionFailure } from "./expression-failure.ts";
import {
  plainResult,
  type AttemptContext,
  type AttemptResult,
  type PrepareContext,
  type StepHandler,
} from "./handler.ts";

/** The most keys of one `list`, and the longest value (characters of JSON). */
const MOST_KEYS = 1000;
const LONGEST_VALUE = 1024 * 1024;

type Reading = { readonly kind: "get" | "list"; readonly key: string };
type Operation = Reading | StateChange;

/** `state` steps: one operation on a key. A change is exactly-once (engine/local/run-state.ts). */
export function createStateStep(check: SchemaCheck): StepHandler {
  return {
    prepare(step, context) {
      const { body } = step;
      if (body.kind !== "state") return err(failure("internal", "bug", "not a state step"));
      const mode = stateReads.includes(body.operation) ? "read" : "write";
      const refusal = refusalOf(context.grant, { kind: "state", mode });
      if (refusal !== null) {
        return err(failure("refused", "permission_denied", `'${step.id}' may not use the state: ${refusal}`));
      }
      const operation = operationOf(step, body, context);
      if (!operation.ok) return operation;
      return ok({
        kind: "later",
        model: null,
        isWaiting: false,
        asked: () => {
          const { kind, key, ...values } = operation.value;
          return { [kind]: key, ...values, scope: body.scope };
        },
        run: async (attempt) => carryOut(step, body.scope, operation.value, attempt, check),
      });
    },
  };
}

function operationOf(step: PlannedStep, body: StateBody, context: PrepareContext): Result<Operation, Failure> {
  const { evaluator, values, resources } = context;
  const { operation: kind } = body;
  const key = evaluator.evaluate(body.key, values, undefined, resources);
  if (!key.ok) return err(expressionFailure(`state.${kind}`, step.id, key.error));
  const name = asText(key.value);
  if (kind === "list") return ok({ kind, key: name });
  if (!isStateKey(name)) {
    const message = `the key of '${step.id}' is ${JSON.stringify(name.slice(0, 100))}: a key has 1 to ${LONGEST_KEY} printable letters`;
    return err(failure("invalid", "bad_key", message));
  }
  const given: { value: Json; from: Json } = { value: null, from: null };
  for (const part of ["value", "from"] as const) {
    const template = body[part];
    if (template === null) continue;
    const value = evaluator.evaluate(template, values);
    if (!value.ok) return err(expressionFailure("state", step.id, value.error));
    given[part] = value.value;
  }
  if (JSON.stringify(given.value).length > LONGEST_VALUE) {
    const message = `'${step.id}' would write more than ${LONGEST_VALUE / 1024 ** 2} MiB under the key '${name}'`;
    return err(failure("invalid", "value_too_large", message, { help: "keep large values in files" }));
  }
  switch (kind) {
    case "set":
      return ok({ kind, key: name, value: given.value });
    case "increment":
      if (typeof given.value === "number") return ok({ kind, key: name, by: given.value });
      return err(failure("invalid", "not_a_number", `'by' of '${step.id}' is not a number`));
    case "compare_and_set":
      return ok({ kind, key: name, from: given.from, to: given.value });
    default:
      return ok({ kind, key: name });
  }
}

function carryOut(
  step: PlannedStep,
  scope: StateBody["scope"],
  operation: Operation,
  { state, redactor, label }: AttemptContext,
  check: SchemaCheck,
): AttemptResult {
  if (isReading(operation)) {
    const found = read(operation, scope, state);
    if (found === null) return stopped(label);
    if (!found.ok) return plainResult({ ok: false, failure: found.error });
    // What others have written there may hold anything.
    const value = redactor.value(found.value);
    const problems = step.output === null ? [] : check(step.output, value);
    if (problems.length === 0) return plainResult({ ok: true, output: value });
    const message = `the value that '${label}' reads does not fit its output schema: ${problems.join("; ")}`;
    return plainResult({ ok: false, failure: failure("output", "schema_mismatch", message) });
  }
  const outcome = state.change(scope, operation);
  if (outcome === null) return stopped(label);
  if (outcome.kind === "changed") return plainResult({ ok: true, output: outcome.value });
  return plainResult({ ok: false, failure: changeFailure(label, operation.key, outcome, redactor.text) });
}

function isReading(operation: Operation): operation is Reading {
  return operation.kind === "get" || operation.kind === "list";
}

function read(
  { kind, key }: Reading,
  scope: StateBody["scope"],
  state: AttemptContext["state"],
): Result<Json, Failure> | null {
  if (kind === "get") {
    const found = state.get(scope, key);
    return found === null ? null : ok(found.value);
  }
  const entries = state.list(scope, key, MOST_KEYS + 1);
  if (entries === null) return null;
  if (entries.length <= MOST_KEYS) return ok(entries.map((entry) => ({ key: entry.key, value: entry.value })));
  const message = `more than ${MOST_KEYS} keys start with '${key}'`;
  return err(failure("invalid", "too_many_keys", message, { help: "list a longer prefix" }));
}

function changeFailure(
  label: string,
  key: string,
  { kind, value }: Exclude<StateOutcome, { kind: "changed" }>,
  redact: (text: string) => string,
): Failure {
  const shown = redact(JSON.stringify(value).slice(0, 200));
  switch (kind) {
    case "mismatch":
      return failure(
        "output",
        "state_mismatch",
        `'${label}' did not write '${key}': it is ${shown}, not what \`from\` says`,
      );
    case "not_a_number":
      return failure("invalid", "not_a_number", `'${label}' cannot add to '${key}': it is ${shown}`);
    default:
      return failure(
        "invalid",
        "overflow",
        `'${label}' cannot add to '${key}' (${shown}): the sum cannot be kept exactly`,
      );
  }
}

/** The run is over: nobody hears of it. */
function stopped(label: string): AttemptResult {
  return plainResult({ ok: false, failure: failure("cancelled", "cancelled", `'${label}' was stopped`) });
}

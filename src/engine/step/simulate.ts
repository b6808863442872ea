import { plainPath } from "../../plan/file-pattern.ts";
import type { PlannedStep } from "../../plan/types.ts";
import type { Artifact } from "../../run/artifact.ts";
import { failure } from "../../run/failure.ts";
import { answerMisfit } from "../../manifest/approval-answer.ts";
import { sha256 } from "../../util/digest.ts";
import type { Json, JsonSchema } from "../../util/json.ts";
import { err, ok } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import type { CoreOptions } from "../local/core-options.ts";
import type { PrepareContext, StepHandler } from "./handler.ts";

/** Makes outputs up: a text for a step, a value for a schema. Equal seeds give equal values. */
export interface MakeUp {
  text(step: string): string;
  value(schema: JsonSchema, seed: string): Json;
}

/**
 * The kinds of steps as `--simulate` does them, given the real ones with a simulated provider: what would have an effect is resolved, but not done. Its output is what
 * the step says under `simulate`, else a value of its schema, else `[simulated:STEP]`. Values are computed as always.
 */
export function createSimulatedSteps(
  real: CoreOptions["handlers"],
  check: SchemaCheck,
  make: MakeUp,
): CoreOptions["handlers"] {
  const madeUp = instead(real.agent, check, make);
  // The simulated provider answers for a model, unless the step says what, or each item of a batch wants its answer.
  const agent: StepHandler = {
    prepare: (step, context) => {
      const isSent = step.body.kind === "agent" && step.body.send !== undefined;
      return (step.simulate === null && !step.fan?.batch && !isSent ? real.agent : madeUp).prepare(step, context);
    },
  };
  const stateSaid = instead(real.state, check, make);
  // A simulated run changes a copy of the values: nothing to leave out, unless the step says what.
  const state: StepHandler = {
    prepare: (step, context) => (step.simulate === null ? real.state : stateSaid).prepare(step, context),
  };
  return {
    agent,
    run: instead(real.run, check, make),
    http: instead(real.http, check, make),
    sql: instead(real.sql, check, make),
    state,
    value: real.value,
    wait: instead(real.wait, check, make),
    send: real.send,
    approval: instead(real.approval, check, make),
  };
}

/** The real step's values must be there, and its mistakes show; only what it would do is left out. */
function instead(real: StepHandler, check: SchemaCheck, make: MakeUp): StepHandler {
  return {
    prepare(step, context) {
      const work = real.prepare(step, context);
      if (!work.ok) return work;
      const output = outputOf(step, context, make);
      const problems = problemsOf(step, output, check);
      const isPerson = step.body.kind === "approval" && step.body.givesInput === true;
      const extra = isPerson ? { by: "simulated" } : null;
      if (problems.length === 0) return ok({ kind: "now", output, artifacts: placeholders(context), extra });
      const message = `what '${step.id}' says under 'simulate' does not fit its output schema: ${problems.join("; ")}`;
      return err(failure("output", "schema_mismatch", message));
    },
  };
}

function problemsOf({ body, output: schema }: PlannedStep, output: Json, check: SchemaCheck): readonly string[] {
  if (body.kind === "approval" && body.givesInput !== true) {
    const reason = answerMisfit(output, body.input, check);
    return reason === null ? [] : [reason];
  }
  return schema === null ? [] : check(schema, output);
}

/** What a step that was not done would have left behind: a name for each path, and nothing in it. */
function placeholders({ files }: PrepareContext): readonly Artifact[] {
  return (files?.writes ?? []).map(({ path }) => ({
    path: plainPath(path).replace(/[*?{}[\]!()]+/g, "simulated"),
    bytes: 0,
    sha256: sha256(""),
    url: null,
  }));
}

function outputOf(step: PlannedStep, { plan, unit, values }: PrepareContext, make: MakeUp): Json {
  if (step.simulate !== null) return step.simulate.output;
  if (step.body.kind === "wait") return null;
  const label = unit === null ? step.id : `${step.id}[${unit}]`;
  if (step.body.kind === "approval") {
    const { input } = step.body;
    const filledIn = input === null ? null : make.value(input, `${plan.workflow.name}/${label}`);
    return step.body.givesInput === true ? filledIn : { by: "simulated", comment: null, input: filledIn };
  }
  if (step.output === null) return step.body.kind === "sql" ? [] : make.text(label);
  const value = make.value(step.output, `${plan.workflow.name}/${label}`);
  const batch = step.fan?.batch?.flatten === true ? values["items"] : null;
  // One result for each item of a batch, as a model that does what it is told would give.
  if (!Array.isArray(batch) || !Array.isArray(value)) return value;
  return (batch as Json[]).map((_, i) => (value as Json[])[i % value.length] ?? make.text(label));
}

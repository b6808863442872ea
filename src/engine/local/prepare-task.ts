import type { PlannedStep } from "../../plan/types.ts";
import { fingerprint } from "../../run/fingerprint.ts";
import type { AttemptCommand } from "../../run/scheduler/command.ts";
import { digestOf, sha256 } from "../../util/digest.ts";
import { ok } from "../../util/result.ts";
import { valueAt } from "./context.ts";
import type { CoreOptions } from "./core-options.ts";
import { FilesRead } from "./files-read.ts";
import type { Task, UnitWork } from "./unit-work.ts";

/** Resolves what a unit does in an iteration and stage: its values and its fingerprint. */
export function prepareTask(
  unit: UnitWork,
  { iteration, stage, item: position }: Pick<AttemptCommand, "iteration" | "stage" | "item">,
  { info, handlers, evaluator, read: readValue, file }: CoreOptions,
): Task {
  const { view, index } = unit;
  const step = stageOf(view.step(index), stage);
  const read = view.read(index);
  const previous =
    step.repeat === null && step.fallback.length === 0
      ? {}
      : { previous: unit.previous === null ? null : readValue(unit.previous) };
  const entry =
    unit.item === null || step.fan === null ? {} : { [step.fan.variable]: unit.item.record.item, index: position };
  const variables = { ...entry, ...previous };
  const values = view.values(read.body, index, variables);
  const files = new FilesRead(file);
  const prepared =
    step.body.kind === "steps" || step.body.kind === "uses"
      ? ok(null)
      : handlers[step.body.kind].prepare(step, {
          plan: info.plan,
          evaluator,
          values: read.secrets ? { ...values, secrets: view.secrets } : values,
          workflowEnv: view.workflowEnv,
          grant: view.grant,
          place: view.placeOf(index),
          unit: unit.item === null ? null : unit.item.index,
          resources: files,
        });
  const valuesRead = read.body.map((name, i) => [read.bodyNames[i] as string, valueAt(values, name)] as const);
  const work = prepared.ok ? prepared.value : null;
  const written = read.staticDigest(unit.item?.index ?? null);
  const bound = work?.kind === "later" ? work.bound : undefined;
  const whole = bound === undefined ? written : digestOf([written, bound]);
  const print = fingerprint(whole, [...valuesRead, ...files.digests()]);
  const asked = work?.kind === "later" ? work.asked : undefined;
  return {
    iteration,
    stage,
    step,
    variables,
    asked: asked ?? (() => Object.fromEntries(valuesRead)),
    work,
    refused: prepared.ok ? null : prepared.error,
    fingerprint: print,
  };
}

/** What outside tells two deeds apart by: the same for all attempts at one of them. */
export function idempotencyKey(runId: string, unit: UnitWork, { iteration, stage, fingerprint: print }: Task): string {
  return sha256(`${runId}/${unit.name}/${iteration}.${stage}/${print}`).slice(0, 32);
}

/** The step as one of its stages does it: 0 is the step itself, the others are its fallbacks. */
function stageOf(step: PlannedStep, stage: number): PlannedStep {
  const fallback = stage === 0 ? undefined : step.fallback[stage - 1];
  if (fallback === undefined || step.body.kind !== "agent") return step;
  const agent = fallback.agent ?? step.body.agent;
  // Another agent brings its own models.
  const models = fallback.models ?? (fallback.agent === null ? step.body.models : null);
  return {
    ...step,
    body: {
      ...step.body,
      agent,
      models,
      modelsByItem: fallback.models === null && fallback.agent === null ? step.body.modelsByItem : null,
    },
  };
}

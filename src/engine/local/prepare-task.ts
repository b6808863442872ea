import type { PlannedStep } from "../../plan/types.ts";
import { fingerprint } from "../../run/fingerprint.ts";
import type { AttemptCommand } from "../../run/scheduler/command.ts";
import { digestOf, sha256 } from "../../util/digest.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { Failure } from "../../run/failure.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import { valueAt } from "./context.ts";
import type { Work } from "../step/handler.ts";
import type { CoreOptions } from "./core-options.ts";
import { FilesRead } from "./files-read.ts";
import type { LoopVariables } from "./scope-view.ts";
import { resolveFiles } from "./resolve-files.ts";
import type { Task, UnitWork } from "./unit-work.ts";

/** Resolves what a unit does in an iteration and stage: its values and its fingerprint. */
export function prepareTask(
  unit: UnitWork,
  { iteration, stage, item: position }: Pick<AttemptCommand, "iteration" | "stage" | "item">,
  options: CoreOptions,
): Task {
  const { info, handlers, evaluator, read: readValue } = options;
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
  const artifacts = view.artifacts(index);
  const texts = new FilesRead({
    artifacts,
    file: options.file,
    isMadeUp: options.repository.isMadeUp,
    // Who only reads a run needs to know which text it was, not what is in it: it may lie on another machine.
    text: (artifact) => (options.isRecall === true ? ok("") : options.artifactText(artifact)),
  });
  const { repository } = options;
  const paths =
    step.files === undefined
      ? NO_FILES
      : resolveFiles({ id: step.id, files: step.files, values, evaluator, artifacts, repository });
  const prepared =
    step.body.kind === "steps" || step.body.kind === "uses"
      ? ok(null)
      : !paths.ok
        ? paths
        : handlers[step.body.kind].prepare(step, {
            plan: info.plan,
            evaluator,
            values: read.secrets ? { ...values, secrets: view.secrets } : values,
            workflowEnv: view.workflowEnv,
            grant: view.grant,
            place: view.placeOf(index),
            unit: unit.item === null ? null : unit.item.index,
            resources: texts,
            ...(step.files === undefined ? {} : { files: paths.value.files }),
          });
  const valuesRead = read.body.map((name, i) => [read.bodyNames[i] as string, valueAt(values, name)] as const);
  const pathsRead = paths.ok ? paths.value.digests : [];
  const work = prepared.ok ? signed(prepared.value, step) : null;
  const written = read.staticDigest(unit.item?.index ?? null);
  const bound = work?.kind === "later" ? work.bound : undefined;
  const whole = bound === undefined ? written : digestOf([written, bound]);
  const print = fingerprint(whole, [...valuesRead, ...texts.digests(), ...pathsRead]);
  const round = `${iteration}.${stage}`;
  const cached = cacheKeyOf(unit, step, variables, { print, staticDigest: whole, round }, options);
  const asked = work?.kind === "later" ? work.asked : undefined;
  return {
    iteration,
    stage,
    step,
    variables,
    asked: asked ?? (() => Object.fromEntries(valuesRead)),
    work,
    refused: !prepared.ok ? prepared.error : cached.ok ? null : cached.error,
    fingerprint: print,
    cacheKey: cached.ok ? cached.value : null,
  };
}

/** What outside tells two deeds apart by: the same for all attempts at one of them. */
export function idempotencyKey(runId: string, unit: UnitWork, { iteration, stage, fingerprint: print }: Task): string {
  return sha256(`${runId}/${unit.name}/${iteration}.${stage}/${print}`).slice(0, 32);
}

/**
 * The name of an outcome over runs: what was asked, or what `cache.key` gives in place of the values that were read. A
 * round of `repeat` and a stage have outcomes of their own.
 */
function cacheKeyOf(
  { view, index }: UnitWork,
  step: PlannedStep,
  variables: LoopVariables,
  asked: { readonly print: string; readonly staticDigest: string; readonly round: string },
  { evaluator, cache }: CoreOptions,
): Result<string | null, Failure> {
  // A person is asked anew in each run, whatever was said in another.
  if (step.cache === undefined || cache === null || step.body.kind === "approval") return ok(null);
  if (step.cache.key === null) return ok(`${asked.print}/${asked.round}`);
  const values = view.values(view.read(index).cachePaths, index, variables);
  const key = evaluator.evaluate(step.cache.key, values);
  if (!key.ok) return err(expressionFailure("cache.key", step.id, key.error));
  return ok(`${fingerprint(asked.staticDigest, [["cache.key", key.value]])}/${asked.round}`);
}

const NO_FILES = ok({ files: { artifacts: [], sources: [], writes: [] }, digests: [] });

/** Of a `handoff` it is on the record who gave the output: an agent here, a person by their own handler. */
function signed(work: Work | null, { handoff, body }: PlannedStep): Work | null {
  if (handoff === undefined || work === null || work.kind === "now" || body.kind !== "agent") return work;
  const by = body.agent.slice(body.agent.lastIndexOf("#") + 1);
  return {
    ...work,
    run: async (context) => {
      const result = await work.run(context);
      return { ...result, extra: { ...result.extra, by } };
    },
  };
}

/** The step as one of its stages does it: 0 is the step itself, the others are its fallbacks. */
function stageOf(step: PlannedStep, stage: number): PlannedStep {
  const approval = step.handoff?.[stage]?.approval ?? null;
  if (approval !== null) return { ...step, body: approval };
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

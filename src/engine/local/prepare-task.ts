import type { Context } from "../../expression/context.ts";
import type { Evaluator } from "../../expression/evaluate.ts";
import { chosenDigest } from "../../plan/step-digest.ts";
import type { PlannedStep } from "../../plan/types.ts";
import { fingerprint } from "../../run/fingerprint.ts";
import type { AttemptCommand } from "../../run/scheduler/command.ts";
import { digestOf, sha256 } from "../../util/digest.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { failure, type Failure } from "../../run/failure.ts";
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
  const planned = view.step(index);
  const read = view.read(index);
  const previous =
    planned.repeat === null && planned.fallback.length === 0
      ? {}
      : { previous: unit.previous === null ? null : readValue(unit.previous) };
  const entry =
    unit.item === null || planned.fan === null
      ? {}
      : { [planned.fan.variable]: unit.item.record.item, index: position };
  const variables = { ...entry, ...previous };
  const values = view.values(read.body, index, variables);
  const chosen = chooseAgent(planned, values, evaluator);
  const step = stageOf(chosen.ok ? chosen.value : planned, stage);
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
      : !chosen.ok
        ? chosen
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
  const isChosen = planned.body.kind === "agent" && planned.body.choice !== undefined;
  const work = prepared.ok ? signed(prepared.value, step, isChosen) : null;
  const asWritten = read.staticDigest(unit.item?.index ?? null);
  const written = isChosen && chosen.ok ? digestOf([asWritten, chosenDigest(info.plan, step)]) : asWritten;
  const bound = work?.kind === "later" ? work.bound : undefined;
  const whole = bound === undefined ? written : digestOf([written, bound]);
  const print = read.fingerprints.of(whole, [...valuesRead, ...texts.digests(), ...pathsRead]);
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

/** Of a `handoff`, and of a choice, it is on the record who it was: an agent here, a person by their own handler. */
function signed(work: Work | null, { handoff, body }: PlannedStep, isChosen: boolean): Work | null {
  if (handoff === undefined && !isChosen) return work;
  if (work === null || body.kind !== "agent" || body.agent === null) return work;
  const by = body.agent.slice(body.agent.lastIndexOf("#") + 1);
  const who = isChosen ? { agent: body.agent } : { by };
  if (work.kind === "now") return { ...work, extra: { ...work.extra, ...who } };
  return {
    ...work,
    ...(isChosen ? { chosen: body.agent } : {}),
    run: async (context) => {
      const result = await work.run(context);
      return { ...result, extra: { ...result.extra, ...who } };
    },
  };
}

/** The step with the agent that its expression chooses; as it is where a name is written. */
function chooseAgent(step: PlannedStep, values: Context, evaluator: Evaluator): Result<PlannedStep, Failure> {
  if (step.body.kind !== "agent" || step.body.choice === undefined) return ok(step);
  const { choice, ...body } = step.body;
  const name = evaluator.evaluate(choice.by, values);
  if (!name.ok) return err(expressionFailure("agent", step.id, name.error));
  const agent = typeof name.value === "string" && Object.hasOwn(choice.agents, name.value) ? name.value : null;
  if (agent !== null) return ok({ ...step, body: { ...body, agent: choice.agents[agent] as string } });
  const given = JSON.stringify(name.value).slice(0, 100);
  return err(
    failure(
      "invalid",
      "unknown_agent",
      `\`agent\` of '${step.id}' gives ${given}, which is no agent that it may choose`,
      {
        help: `it may choose ${Object.keys(choice.agents).join(", ")}`,
      },
    ),
  );
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

import { resolve } from "node:path";
import { ulid } from "ulid";
import { openRecording, workspaceOf, type Recording } from "../compose.ts";
import { startIdentity } from "../compose/start-identity.ts";
import { processEnvironment, type Environment } from "../compose/environment.ts";
import { withBudget, type BudgetChoice } from "../plan/budget-choice.ts";
import { chooseVariant, pickVariant } from "../plan/variant.ts";
import { resolveInputs } from "../plan/input.ts";
import type { StoredEvent } from "../run/event.ts";
import type { JsonObject } from "../util/json.ts";
import { silentLog } from "../util/log.ts";
import { runsFolderOf, type Project } from "../util/project.ts";
import { createSchemaCheck } from "../util/schema-check.ts";
import { resolveAuto } from "./auto.ts";
import { beginRun, type Refusal } from "./begin.ts";
import { follow } from "./follow.ts";
import type { Workflow } from "./load.ts";
import { reportOf, type Report } from "./report.ts";
import { RequestError } from "./request-error.ts";
import { checkFigures } from "./start-options.ts";
import { openState, type State } from "./state.ts";

/** What `run` and `resume` have in common. */
export interface StartOptions {
  /** Where the run is kept. Default: `.muster/state.db` of the project around `cwd`, as with the command. */
  readonly state?: State;
  /** Paths are relative to it. Default: the current folder. */
  readonly cwd?: string;
  /** Keys of providers, secrets, and what `run` steps inherit. Default: the environment of this process. */
  readonly env?: Environment;
  /** Attempts at once, over the workflow's `limits.concurrency`. */
  readonly concurrency?: number;
  /** The most that the run may spend, over its `limits.budget`. */
  readonly budget?: BudgetChoice;
  /** Told of every event once it is committed. It changes no run: what it throws is an uncaught error of the program. */
  readonly onEvent?: (event: StoredEvent) => void;
  /** An abort interrupts the run: what is in flight may end within `limits.grace`, then it can be resumed. */
  readonly signal?: AbortSignal;
}

export interface RunOptions extends StartOptions {
  /** Those without a default must be given. */
  readonly inputs?: JsonObject;
  /** Path of a recording that answers every model call: no model is asked, no key is needed. */
  readonly replay?: string;
  /** Nothing is asked and nothing is done: outputs are made up. Not together with `replay`. */
  readonly simulate?: boolean;
  /** The one of `variants` that the run takes. Default: one by weight. */
  readonly variant?: string;
  /** Runs with equal keys take the same variant. Default: the id of the run. */
  readonly key?: string;
  /** Up to 64 letters, digits, `.`, `-`, `_`. Default: a new ULID. */
  readonly runId?: string;
}

/**
 * Runs a workflow to its end and tells how that was. A run that fails is a report with status `failed`, not an error.
 * RequestError: it could not be started. StoreError: its state cannot be read or written.
 */
export async function run(workflow: Workflow, options: RunOptions = {}): Promise<Report> {
  const { inputs: given = {}, cwd = ".", env = processEnvironment(), runId = ulid(), simulate = false } = options;
  checkFigures(options);
  if (!/^[\w.-]{1,64}$/.test(runId))
    throw new RequestError([`runId ${runId}: use up to 64 letters, digits, '.', '-' and '_'`]);
  if (simulate && options.replay !== undefined) throw new RequestError(["simulate and replay: take one of them"]);
  const picked = pickVariant(workflow.plan, options.variant ?? null, options.key ?? runId);
  const chosen = picked.ok ? chooseVariant(workflow.plan, picked.value) : picked;
  if (!picked.ok || !chosen.ok) throw new RequestError([picked.ok ? "" : picked.error]);
  const inputs = resolveInputs(workflow.plan, given, createSchemaCheck());
  if (!inputs.ok) throw new RequestError(inputs.error);
  const replay = options.replay === undefined ? null : resolve(cwd, options.replay);
  const recording = replay === null ? null : recordingAt(replay);
  const resolved = await resolveAuto(
    withBudget(chosen.value, options.budget ?? null),
    { known: recording?.auto ?? null, isLive: recording === null && !simulate },
    env,
  );
  if (!resolved.ok) throw new RequestError([resolved.error]);
  const { plan, auto } = resolved.value;

  const state = openState(cwd, options.state);
  try {
    const { store, project } = state;
    const identity = await startIdentity({ plan, manifest: workflow.path, simulated: simulate }, env);
    if (!identity.ok) throw new RequestError([identity.error]);
    const begun = beginRun({
      ...identity.value,
      ...surroundingOptions(options, state.project),
      simulated: simulate,
      runId,
      plan,
      env,
      store,
      project,
      recording,
      inputs: inputs.value,
      manifest: workflow.path,
      workspace: workflow.isFile ? workspaceOf(workflow.path, project) : resolve(cwd),
      choice: { ...workflow.choice, replay, auto, budget: options.budget ?? null, variant: picked.value },
    });
    if (!begun.ok) throw refusalError(begun.error);
    const outcome = await follow(begun.value.run, options.signal);
    const origin = recording?.origin ?? null;
    return reportOf(outcome, { runId, plan, origin, simulated: simulate, ...begun.value }, store);
  } finally {
    state.close();
  }
}

/** The parts of a start that are passed on as they are. */
export function surroundingOptions({ concurrency, onEvent }: StartOptions, project: Project) {
  return {
    runsFolder: runsFolderOf(project),
    concurrency: concurrency ?? null,
    onEvents: (events: readonly StoredEvent[]) => {
      if (onEvent === undefined) return;
      try {
        for (const event of events) onEvent(event);
      } catch (error) {
        // A listener changes no run: what it throws is an error of the program, told as one that nobody caught.
        queueMicrotask(() => {
          throw error;
        });
      }
    },
    log: silentLog,
  };
}

/** The recording in a file. RequestError when it cannot be read, or is none. */
export function recordingAt(path: string): Recording {
  let recording: ReturnType<typeof openRecording>;
  try {
    recording = openRecording(path);
  } catch (error) {
    throw new RequestError([`cannot read ${path}: ${(error as Error).message}`]);
  }
  if (recording.ok) return { ...recording.value, path };
  throw new RequestError(recording.error.diagnostics.map(({ span, message }) => `${path}:${span.line}: ${message}`));
}

function refusalError(refusal: Refusal): RequestError {
  return new RequestError(refusal.kind === "request" ? refusal.problems : [refusal.failure.message]);
}

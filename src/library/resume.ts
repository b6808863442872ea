import { resolve } from "node:path";
import { createSurroundings, stopLeftBehind, workspaceOf } from "../compose.ts";
import { startIdentity } from "../compose/start-identity.ts";
import { processEnvironment } from "../compose/environment.ts";
import { prepareResume } from "../engine/local/resume.ts";
import type { Frozen } from "../engine/local/surroundings.ts";
import { withBudget, type BudgetChoice } from "../plan/budget-choice.ts";
import { chooseVariant } from "../plan/variant.ts";
import { stepPaths } from "../plan/step-paths.ts";
import type { AutoChoice } from "../plan/auto-model.ts";
import { idsOfPath } from "../run/attempt-key.ts";
import type { RunSummary } from "../store/store.ts";
import type { Project } from "../util/project.ts";
import { resolveAuto } from "./auto.ts";
import { follow } from "./follow.ts";
import { load, type Workflow } from "./load.ts";
import { reportOf, type Report } from "./report.ts";
import { RequestError } from "./request-error.ts";
import { checkFigures } from "./start-options.ts";
import { recordingAt, surroundingOptions, type StartOptions } from "./run.ts";
import { openState } from "./state.ts";

export interface ResumeOptions extends StartOptions {
  /** In place of the manifest that the run was started with, which is read again. Needed where that was no file. */
  readonly workflow?: Workflow;
  /** Steps that run anew, whatever is on the record: ids, paths as `group/inner`, items as `draft[2]` and `group[1]/inner`. */
  readonly rerun?: readonly string[];
}

/**
 * Goes on with a run that was interrupted, failed, or lost its process: what is on the record is not done again and
 * not paid again. RequestError: there is no such run, nothing to resume, or somebody else runs it.
 */
export async function resume(runId: string, options: ResumeOptions = {}): Promise<Report> {
  const { cwd = ".", env = processEnvironment(), rerun = [] } = options;
  checkFigures(options);
  const state = openState(cwd, options.state);
  try {
    const { store, project } = state;
    const summary = store.findRun(runId);
    if (summary === null) throw new RequestError([`there is no run ${runId}`]);
    if (summary.status === "cancelled" || (summary.status === "succeeded" && rerun.length === 0))
      throw new RequestError([`run ${runId} is ${summary.status}: there is nothing to resume`]);

    const { choice, inputs } = summary.frozen as unknown as Frozen;
    const workflow = options.workflow ?? (await workflowOf(summary, project));
    const chosen = chooseVariant(workflow.plan, (choice["variant"] ?? null) as string | null);
    if (!chosen.ok) throw new RequestError([chosen.error]);
    const ids = new Set(stepPaths(chosen.value));
    const unknown = rerun.filter((name) => !ids.has(idsOfPath(name)));
    if (unknown.length > 0) throw new RequestError(unknown.map((id) => `rerun: the workflow has no step '${id}'`));
    const simulated = choice["simulated"] === true;
    const replay = choice["replay"] as string | null;
    const recording = replay === null ? null : recordingAt(resolve(project.root, replay));
    const known = (choice["auto"] ?? null) as AutoChoice | null;
    const budget = options.budget ?? ((choice["budget"] ?? null) as BudgetChoice | null);
    const resolved = await resolveAuto(
      withBudget(chosen.value, budget),
      { known, isLive: recording === null && !simulated },
      env,
    );
    if (!resolved.ok) throw new RequestError([resolved.error]);
    const { plan } = resolved.value;

    const workspace = workflow.isFile ? workspaceOf(workflow.path, project) : resolve(cwd);
    const identity = await startIdentity({ plan, manifest: workflow.path, simulated }, env);
    if (!identity.ok) throw new RequestError([identity.error]);
    const around = createSurroundings({
      ...identity.value,
      ...surroundingOptions(options, project),
      plan,
      env,
      store,
      recording,
      simulated,
      workspace,
    });
    if (!around.ok) throw new RequestError(around.error);
    const prepared = prepareResume(summary, plan, new Set(rerun), around.value);
    if (!prepared.ok) throw new RequestError([prepared.error.message]);
    const taken = prepared.value.take();
    if (!taken.ok)
      throw new RequestError([`run ${runId} is being run by pid ${taken.error.pid} on ${taken.error.host}`]);
    await stopLeftBehind(project, runId);
    const outcome = await follow(taken.value.go(), options.signal);
    const origin = recording?.origin ?? null;
    return reportOf(outcome, { runId, plan, inputs, startedAt: summary.startedAt, origin, simulated }, store);
  } finally {
    state.close();
  }
}

/** The manifest that a run was started with, as it is now. */
async function workflowOf(summary: RunSummary, project: Project): Promise<Workflow> {
  const { choice } = summary.frozen as unknown as Frozen;
  const model = choice["model"] as readonly string[];
  const only = (choice["only"] ?? []) as readonly string[];
  const loaded = await load(summary.manifestPath, { cwd: project.root, model, only });
  if (loaded.ok) return loaded.workflow;
  const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
  throw new RequestError(
    errors.map(({ file, span, code, message }) => `${file}:${span.line}:${span.column} ${code}: ${message}`),
  );
}

import { relative, resolve } from "node:path";
import { createSurroundings, workspaceOf, type Recording } from "../compose.ts";
import { startIdentity } from "../compose/start-identity.ts";
import type { Frozen, Surroundings } from "../engine/local/surroundings.ts";
import { withBudget, type BudgetChoice } from "../plan/budget-choice.ts";
import type { AutoChoice } from "../plan/auto-model.ts";
import type { PlannedDelivery } from "../plan/delivery.ts";
import type { Plan } from "../plan/types.ts";
import type { Reporter } from "../reporter/reporter.ts";
import type { LeaseOwner, RunSummary, Store } from "../store/store.ts";
import { systemClock } from "../util/clock.ts";
import { formatElapsed } from "../util/format.ts";
import type { JsonObject } from "../util/json.ts";
import { runsFolderOf, type Project } from "../util/project.ts";
import { resolveAuto } from "./auto-model.ts";
import type { Attendant } from "./attendant.ts";
import { UsageError } from "./exit-code.ts";
import { attendantFor, reporterFor, type RunShape } from "./follow-run.ts";
import { createLog } from "./log.ts";
import { modelChoice } from "./model-choice.ts";
import { readReplay } from "./replay.ts";
import type { Terminal } from "./terminal.ts";
import { deliveredPlan, planOrExit, reducedPlan, variantPlan } from "./workflow.ts";

/** A run of before as it would go on: its manifest as it is now, with what was chosen at its first start. */
export interface ContinuedRun {
  readonly plan: Plan;
  readonly only: readonly string[];
  readonly recording: Recording | null;
  readonly simulated: boolean;
  readonly inputs: JsonObject;
  readonly reporter: Reporter;
  /** Puts the questions of the run to the person at the terminal; null where there is nobody. */
  readonly attendant: Attendant | null;
  readonly around: Surroundings;
}

export interface ContinueOptions {
  readonly terminal: Terminal;
  readonly project: Project;
  readonly store: Store;
  readonly summary: RunSummary;
  readonly shape: RunShape;
  readonly concurrency: number | null;
  /** Over the one of the first start; null = that one holds. */
  readonly budget: BudgetChoice | null;
}

/** The plan of a run as its manifest is now. UsageError, exit code 3, when it is not valid any more. */
export function plannedAgain({
  terminal,
  project,
  summary,
  budget,
}: Pick<ContinueOptions, "terminal" | "project" | "summary" | "budget">): {
  readonly file: string;
  readonly plan: Plan;
  readonly only: readonly string[];
} {
  const { choice } = summary.frozen as unknown as Frozen;
  const file = resolve(project.root, summary.manifestPath);
  const models = modelChoice(choice["model"] as readonly string[]);
  const whole = planOrExit(relative(terminal.cwd, file), terminal, models, "counted").plan;
  const only = (choice["only"] ?? []) as readonly string[];
  const bounds = budget ?? ((choice["budget"] ?? null) as BudgetChoice | null);
  const variant = (choice["variant"] ?? null) as string | null;
  const delivery = (choice["delivery"] ?? null) as PlannedDelivery | null;
  const reduced = deliveredPlan(reducedPlan(variantPlan(whole, variant), only), delivery);
  return { file, plan: withBudget(reduced, bounds), only };
}

/** Puts together what it takes to go on with a run, as it was planned again. */
export async function continuedRun(
  { file, plan: asked, only }: ReturnType<typeof plannedAgain>,
  { terminal, project, store, summary, shape, concurrency }: Omit<ContinueOptions, "budget">,
): Promise<ContinuedRun> {
  const { runId } = summary;
  const { choice, inputs } = summary.frozen as unknown as Frozen;
  const simulated = choice["simulated"] === true;
  const replay = choice["replay"] as string | null;
  const recording = replay === null ? null : readReplay(resolve(project.root, replay), terminal);
  const known = (choice["auto"] ?? null) as AutoChoice | null;
  const { plan } = await resolveAuto(asked, { known, isLive: recording === null && !simulated }, terminal);
  const shown = reporterFor(terminal, { runId, plan, history: store.readEvents(runId) }, shape);
  const attendant = simulated ? null : attendantFor(terminal, shown, shape);
  const reporter = attendant ?? shown;
  const identity = await startIdentity({ plan, manifest: file, simulated }, terminal.env);
  if (!identity.ok) throw new UsageError(identity.error);
  const around = createSurroundings({
    plan,
    env: terminal.env,
    workspace: workspaceOf(file, project),
    runsFolder: runsFolderOf(project),
    store,
    recording,
    simulated,
    concurrency,
    isAttended: attendant !== null,
    ...identity.value,
    onEvents: (events) => reporter.onEvents(events),
    log: await createLog(shape.logLevel),
  });
  if (!around.ok) throw new UsageError(around.error.join("\n        "));
  return { plan, only, recording, simulated, inputs, reporter, attendant, around: around.value };
}

/** A run has one runner: the second one is told who the first is. */
export function heldBy(runId: string, owner: LeaseOwner): UsageError {
  const age = formatElapsed(Math.max(0, systemClock.now() - owner.renewedAt));
  return new UsageError(
    `run ${runId} is being run by pid ${owner.pid} on ${owner.host}, which gave a sign of life ${age} ago: follow it with 'muster logs ${runId} --follow', or stop it with 'muster kill ${runId}'`,
  );
}

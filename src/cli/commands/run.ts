import { resolve } from "node:path";
import { ulid } from "ulid";
import { openStore, workspaceOf } from "../../compose.ts";
import { startIdentity } from "../../compose/start-identity.ts";
import { withBudget, type BudgetChoice } from "../../plan/budget-choice.ts";
import type { PlannedDelivery } from "../../plan/delivery.ts";
import type { Plan } from "../../plan/types.ts";
import { pickVariant } from "../../plan/variant.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { findProject, runsFolderOf } from "../../util/project.ts";
import { beginRun, type Refusal } from "../../library/begin.ts";
import { resolveAuto } from "../auto-model.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { withRunner } from "../github/terminal.ts";
import { readInputs, type InputOptions } from "../inputs.ts";
import { createLog } from "../log.ts";
import { modelChoice } from "../model-choice.ts";
import { outputFile } from "../output-file.ts";
import { recordTo } from "../record.ts";
import { readReplay } from "../replay.ts";
import { watchReplay } from "../watch-replay.ts";
import { attendantFor, reporterFor, followRun, type RunShape } from "../follow-run.ts";
import type { Terminal } from "../terminal.ts";
import { deliveredPlan, planOrExit, reducedPlan, variantPlan } from "../workflow.ts";

export interface RunOptions extends InputOptions, RunShape {
  readonly model: readonly string[];
  readonly runId?: string;
  readonly record?: string;
  readonly replay?: string;
  readonly update?: boolean;
  readonly simulate?: boolean;
  readonly state?: string;
  readonly concurrency?: number;
  readonly budget?: BudgetChoice;
  readonly only?: readonly string[];
  /** The one of `variants` that the run takes. */
  readonly variant?: string;
  /** Runs with equal keys take the same variant; default: the id of the run. */
  readonly key?: string;
  /** All that it does is to bring a message to a session. */
  readonly delivery?: PlannedDelivery;
  /** Known from before, in place of those that are given. */
  readonly known?: JsonObject | null;
}

/** `muster run FILE` */
export function run(terminal: Terminal, args: readonly string[], options: RunOptions): Promise<ExitCode> {
  return withRunner(terminal, options, (shown) => runFile(shown, args, options));
}

async function runFile(terminal: Terminal, [file = ""]: readonly string[], options: RunOptions): Promise<ExitCode> {
  const choice = modelChoice(options.model);
  const only = options.only ?? [];
  const budget = options.budget ?? null;
  const runId = options.runId ?? ulid();
  const whole = planOrExit(file, terminal, choice, "counted").plan;
  const variant = takenVariant(whole, options, runId);
  const delivery = options.delivery ?? null;
  const asked = withBudget(deliveredPlan(reducedPlan(variantPlan(whole, variant), only), delivery), budget);
  const inputs = options.known ?? readInputs(asked, options, terminal);
  const simulated = options.simulate === true;
  if (simulated && (options.replay !== undefined || options.record !== undefined))
    throw new UsageError("--simulate asks no model: it goes with neither --replay nor --record");
  if (options.report !== undefined) outputFile("--report", options.report, terminal);
  if (options.junit !== undefined) outputFile("--junit", options.junit, terminal);
  const record = recordTo(options, terminal);
  const recording = options.replay === undefined ? null : readReplay(options.replay, terminal);
  const watch = watchReplay(recording, options, terminal);
  if (!/^[\w.-]{1,64}$/.test(runId))
    throw new UsageError(`--run-id ${runId}: use up to 64 letters, digits, '.', '-' and '_'`);
  const { plan, auto } = await resolveAuto(
    asked,
    { known: recording?.auto ?? null, isLive: (recording === null || watch?.completes === true) && !simulated },
    terminal,
  );
  const manifest = resolve(terminal.cwd, file);
  const project = findProject(terminal.cwd, options.state ?? null);
  const identity = await startIdentity({ plan, manifest, simulated }, terminal.env);
  if (!identity.ok) throw new UsageError(identity.error);
  const shown = reporterFor(terminal, { runId, plan, history: [] }, options);
  const attendant = simulated ? null : attendantFor(terminal, shown, options);
  const reporter = attendant ?? shown;

  const store = openStore(project, { readOnly: false });
  try {
    if (store.findRun(runId) !== null)
      throw new UsageError(`there is a run ${runId} already: muster resume ${runId}, or take another --run-id`);
    const replay = options.replay === undefined ? null : resolve(terminal.cwd, options.replay);
    const begun = beginRun({
      runId,
      plan,
      project,
      manifest,
      inputs,
      choice: {
        model: options.model,
        only,
        replay,
        auto,
        budget,
        variant,
        ...(delivery !== null && { delivery: delivery as unknown as Json }),
      },
      env: terminal.env,
      workspace: workspaceOf(manifest, project),
      runsFolder: runsFolderOf(project),
      store,
      recording,
      simulated,
      ...(record !== null && { record: record.write }),
      ...(watch !== null && { onReplayed: watch.onReplayed }),
      ...(watch?.completes === true && { completes: true, record: watch.record }),
      concurrency: options.concurrency ?? null,
      isAttended: attendant !== null,
      ...identity.value,
      onEvents: (events) => reporter.onEvents(events),
      log: await createLog(options.logLevel),
    });
    if (!begun.ok) throw refused(begun.error);
    const { startedAt } = begun.value;
    const origin = recording?.origin ?? null;
    const followed = {
      terminal,
      reporter,
      attendant,
      runId,
      plan,
      inputs: begun.value.inputs,
      origin,
      completes: watch?.completes ?? false,
      only,
      simulated,
      shape: options,
      store,
      startedAt,
      file,
    };
    let code: ExitCode | null = null;
    try {
      return (code = await followRun(begun.value.run, followed));
    } finally {
      record?.save(auto, runId);
      const isOver = only.length === 0 && (code === exitCode.succeeded || code === exitCode.runFailed);
      watch?.end({ isOver, isWhole: isOver && code === exitCode.succeeded, auto, runId });
    }
  } finally {
    reporter.close();
    store.close();
  }
}

/** The variant of the run; null where the workflow has none. UsageError for one that is not there. */
function takenVariant(plan: Plan, { variant, key }: RunOptions, runId: string): string | null {
  const picked = pickVariant(plan, variant ?? null, key ?? runId);
  if (!picked.ok) throw new UsageError(`--variant: ${picked.error}`);
  if (key !== undefined && picked.value === null)
    throw new UsageError("--key chooses a variant, and the workflow has none");
  return picked.value;
}

function refused(refusal: Refusal): UsageError {
  if (refusal.kind === "failure") return new UsageError(refusal.failure.message, exitCode.runFailed);
  return new UsageError(refusal.problems.join("\n        "));
}

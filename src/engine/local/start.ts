import type { Plan } from "../../plan/types.ts";
import type { Failure } from "../../run/failure.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { ok, type Result } from "../../util/result.ts";
import { FactIndex } from "./fact-index.ts";
import { LocalRun } from "./run.ts";
import { evaluateEnv } from "./scope-entry.ts";
import { aroundOptions, startedData } from "./start-options.ts";
import { coreOptions, type Frozen, type Surroundings } from "./surroundings.ts";

export interface FirstStart {
  readonly runId: string;
  readonly plan: Plan;
  readonly manifestPath: string;
  /** Complete and valid, with defaults; redacted. */
  readonly inputs: JsonObject;
  readonly choice: JsonObject;
  /** Whom an issuer vouched for as the one who starts it. Default: nobody. */
  readonly initiator?: Json;
}

/** Starts a run for the first time. An `env` that cannot be evaluated is a failure, and nothing was created. */
export function startRun(first: FirstStart, around: Surroundings): Result<LocalRun, Failure> {
  const { plan, runId } = first;
  const startedAt = around.clock.now();
  const run = {
    id: runId,
    name: plan.workflow.name,
    version: plan.workflow.version,
    started_at: new Date(startedAt).toISOString(),
  };
  const env = evaluateEnv(plan.env, { inputs: first.inputs, run }, around, false);
  if (!env.ok) return env;
  const frozen: Frozen = { inputs: first.inputs, env: env.value, run, choice: first.choice, ...initiatorIn(first) };
  const core = coreOptions(plan, { runId, plan, startedAt, inputs: first.inputs }, frozen, new FactIndex(), around);
  if (!core.ok) return core;
  const lease = around.store.createRun(
    {
      runId,
      workflow: plan.workflow.name,
      workflowVersion: plan.workflow.version,
      manifestPath: first.manifestPath,
      startedAt,
      frozen: frozen as unknown as Json,
    },
    around.owner,
  );
  return ok(
    new LocalRun({
      ...aroundOptions(around, frozen),
      core: core.value,
      lease,
      started: startedData(1, plan, core.value, around),
      forget: [],
      activeMs: 0,
      isPrivate: around.isPrivate ?? false,
    }),
  );
}

function initiatorIn({ initiator }: FirstStart): Pick<Frozen, "initiator"> {
  return initiator === undefined ? {} : { initiator };
}

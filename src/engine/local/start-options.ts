import type { Plan } from "../../plan/types.ts";
import type { Json } from "../../util/json.ts";
import type { CoreOptions } from "./core-options.ts";
import type { LocalRunOptions } from "./run.ts";
import { keptPlan, modeOf, type Frozen, type Surroundings } from "./surroundings.ts";

type AroundOptions = Pick<
  LocalRunOptions,
  | "store"
  | "clock"
  | "mayTake"
  | "redactor"
  | "onEvents"
  | "log"
  | "hurry"
  | "isCopy"
  | "isFree"
  | "isLive"
  | "isAttended"
  | "mode"
  | "openAudit"
  | "openTelemetry"
>;

/** What the first start of a run and every later one take alike from around them. */
export function aroundOptions(around: Surroundings, frozen: Pick<Frozen, "choice">): AroundOptions {
  const { store, clock, redactor, onEvents, log, hurry, isCopy, isFree, isLive, isAttended } = around;
  const { openAudit, openTelemetry, mayTake } = around;
  return {
    store,
    clock,
    mayTake,
    redactor,
    onEvents,
    log,
    hurry,
    isCopy,
    isFree,
    isLive,
    isAttended,
    mode: modeOf(frozen),
    ...(openAudit === undefined ? {} : { openAudit }),
    ...(openTelemetry === undefined ? {} : { openTelemetry }),
  };
}

/** `run.started`'s data; `more` is what only this kind of start says. */
export function startedData(
  epoch: number,
  plan: Plan,
  core: Pick<CoreOptions, "keep">,
  around: Surroundings,
  more: { readonly [name: string]: Json } = {},
): LocalRunOptions["started"] {
  return {
    epoch,
    workflow: plan.workflow.name,
    version: plan.workflow.version,
    plan_digest: plan.digest,
    ...(plan.variant === undefined ? {} : { variant: plan.variant }),
    plan: keptPlan(plan, core),
    ...more,
    ...(around.openAudit === undefined ? {} : { initiator: around.initiator ?? null }),
  };
}

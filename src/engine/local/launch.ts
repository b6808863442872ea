import type { Evaluator } from "../../expression/evaluate.ts";
import type { Effect, Plan } from "../../plan/types.ts";
import { pathOfKey } from "../../run/attempt-key.ts";
import type { StoredEvent } from "../../run/event.ts";
import type { Fact } from "../../run/fact.ts";
import type { Redactor } from "../../run/redact.ts";
import { noSpend, plusSpend } from "../../run/spend.ts";
import type { RunInfo } from "../../run/state.ts";
import { INLINE_LIMIT_BYTES, type ValueRef } from "../../run/value-ref.ts";
import type { LeaseOwner, RunSummary, Store } from "../../store/store.ts";
import type { Clock } from "../../util/clock.ts";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.ts";
import type { Log } from "../../util/log.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import type { Failure } from "../../run/failure.ts";
import type { CoreOptions } from "./core-options.ts";
import { evaluateEnv } from "./scope-entry.ts";
import { FactIndex } from "./fact-index.ts";
import { recall, uncaughtFailures, type Recall } from "./recall.ts";
import { LocalRun } from "./run.ts";
import type { Start, StartReason } from "./sink.ts";

/** All that a run needs from outside. */
export interface Surroundings {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: LeaseOwner;
  /** Whether the lease of this owner may be taken. */
  readonly mayTake: (owner: LeaseOwner) => boolean;
  readonly handlers: CoreOptions["handlers"];
  readonly check: SchemaCheck;
  /** Files of the workspace that match a pattern, relative to it, with `/`, sorted. */
  readonly glob: CoreOptions["glob"];
  readonly file: CoreOptions["file"];
  readonly evaluator: Evaluator;
  readonly redactor: Redactor;
  /** Values of the plan's secrets by name. */
  readonly secrets: { readonly [name: string]: string };
  readonly onEvents: (events: readonly StoredEvent[]) => void;
  readonly log: Log;
  /** Over the plan's `limits.concurrency`; null = that one. */
  readonly concurrency: number | null;
  /** Delays end at once: for simulated runs. */
  readonly hurry: boolean;
}

/** What is fixed at the first start of a run and holds for all its resumes. */
export interface Frozen {
  readonly inputs: JsonObject;
  /** `env` of the workflow, without the entries that are made of secrets. */
  readonly env: { readonly [name: string]: string };
  readonly run: JsonObject;
  /** What the command line chose, to be chosen again: `--model`, `--replay`. */
  readonly choice: JsonObject;
}

export interface FirstStart {
  readonly runId: string;
  readonly plan: Plan;
  readonly manifestPath: string;
  /** Complete and valid, with defaults; redacted. */
  readonly inputs: JsonObject;
  readonly choice: JsonObject;
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
  const frozen: Frozen = { inputs: first.inputs, env: env.value, run, choice: first.choice };
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
  const started = {
    epoch: 1,
    workflow: plan.workflow.name,
    version: plan.workflow.version,
    plan_digest: plan.digest,
    plan: keptPlan(plan, core.value),
  };
  const { store, clock, redactor, onEvents, log, hurry } = around;
  return ok(
    new LocalRun({
      core: core.value,
      store,
      lease,
      clock,
      redactor,
      onEvents,
      log,
      hurry,
      started,
      forget: [],
      activeMs: 0,
    }),
  );
}

export interface Resume {
  /** What the facts answer, and what is left to run: shown before anything starts. */
  readonly recall: Recall;
  /** Starts it. False = another runner holds the run. */
  go(): Result<LocalRun, LeaseOwner>;
}

/**
 * Prepares to go on with a run: `interrupted`, `failed`, or `running` under an owner that died. `rerun` are paths of
 * steps whose facts no longer answer. Reads only, until `go`.
 */
export function prepareResume(
  summary: RunSummary,
  plan: Plan,
  rerun: ReadonlySet<string>,
  around: Surroundings,
): Result<Resume, Failure> {
  const { store, clock } = around;
  const frozen = summary.frozen as unknown as Frozen;
  const info: RunInfo = { runId: summary.runId, plan, startedAt: summary.startedAt, inputs: frozen.inputs };
  const all = [...store.readFacts(summary.runId)];
  const core = coreOptions(plan, info, frozen, new FactIndex(all), around);
  if (!core.ok) return core;

  // After a failed run what nothing caught is tried anew; after a crash every fact answers.
  const anew = uncaughtSteps(summary, plan, around);
  const isForgotten = (fact: Fact): boolean => {
    const path = pathOfKey(fact.key);
    if (isWithin(path, rerun)) return true;
    if (!anew.has(path)) return false;
    if (fact.state === "failed") return fact.failure?.code !== "outcome_unknown";
    // What was lost too often starts anew as well; what must not be repeated stays in doubt.
    return fact.key.endsWith("/~killed") || (fact.state === "started" && effects.get(path) !== "unsafe");
  };
  const effects = effectsOf(plan);
  const forgotten = all.filter(isForgotten);
  const carried = carriedSpend(all, forgotten, clock.now());
  const kept = [
    ...all.filter((fact) => !isForgotten(fact) && fact.key !== CARRIED),
    ...(carried === null ? [] : [carried]),
  ];
  const { pending, ...known } = recall({ ...core.value, facts: new FactIndex(kept) });
  const reasonOf = ({ path, reason }: Start): StartReason =>
    reason !== "new" ? reason : isWithin(idsOf(path), rerun) ? "rerun" : anew.has(idsOf(path)) ? "failed" : "new";

  const go = (): Result<LocalRun, LeaseOwner> => {
    const lease = store.acquireLease(summary.runId, around.owner, around.mayTake);
    if (!lease.ok) return err(lease.owner);
    const started = {
      epoch: lease.lease.epoch,
      workflow: plan.workflow.name,
      version: plan.workflow.version,
      plan_digest: plan.digest,
      plan: keptPlan(plan, core.value),
      taken_from: lease.takenFrom === null ? null : { host: lease.takenFrom.host, pid: lease.takenFrom.pid },
    };
    const facts = new FactIndex(kept);
    const run = new LocalRun({
      core: { ...core.value, facts },
      store,
      lease: lease.lease,
      clock,
      redactor: around.redactor,
      onEvents: around.onEvents,
      log: around.log,
      hurry: around.hurry,
      started,
      forget: forgotten.map(({ key }) => key),
      carry: carried === null || forgotten.length === 0 ? [] : [carried],
      activeMs: summary.activeMs,
    });
    return ok(run);
  };
  return ok({ recall: { ...known, pending: pending.map((start) => ({ ...start, reason: reasonOf(start) })) }, go });
}

/** What a repetition of each step would mean, by path of ids. */
function effectsOf(
  plan: Plan,
  scope = 0,
  prefix = "",
  effects = new Map<string, Effect>(),
): ReadonlyMap<string, Effect> {
  for (const { id, body, effect } of plan.scopes[scope]?.steps ?? []) {
    effects.set(`${prefix}${id}`, effect);
    if (body.kind === "steps" || body.kind === "uses") effectsOf(plan, body.scope, `${prefix}${id}/`, effects);
  }
  return effects;
}

/** Whether a path of ids is one of these, or lies inside one. */
function isWithin(path: string, paths: ReadonlySet<string>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1))
    if (paths.has(path.slice(0, end))) return true;
  return false;
}

/** The ids of a path as people see it: `group/inner` of `group[2]/inner`. */
function idsOf(path: string): string {
  return path.replace(/\[\d+\]/g, "");
}

/** After a failed run: its steps whose failure nothing caught, by the plan that it ran with. No edit undoes that they failed. */
function uncaughtSteps(summary: RunSummary, plan: Plan, around: Surroundings): ReadonlySet<string> {
  if (summary.status !== "failed") return new Set();
  const failed = readRun(summary, planOfRun(around.store, summary.runId) ?? plan, around);
  return failed.ok ? uncaughtFailures(failed.value.record) : new Set();
}

/** The name of the fact that keeps the spend of facts which no longer answer: spend never falls. */
const CARRIED = "~forgotten";

function carriedSpend(all: readonly Fact[], forgotten: readonly Fact[], now: number): Fact | null {
  const before = all.find(({ key }) => key === CARRIED);
  const sum = [...forgotten, ...(before === undefined ? [] : [before])].reduce(plusSpend, noSpend);
  if (before === undefined && sum.usage.calls === 0) return null;
  return {
    key: CARRIED,
    fingerprint: "spend",
    state: "succeeded",
    starts: 1,
    startedAt: now,
    endedAt: now,
    output: { inline: null },
    extra: null,
    failure: null,
    model: null,
    usage: sum.usage,
    costUsd: sum.costUsd,
  };
}

/** Reads a run as its facts tell it: for `show`, writes nothing. */
export function readRun(
  summary: RunSummary,
  plan: Plan,
  around: Pick<Surroundings, "store" | "evaluator" | "check" | "glob" | "file" | "handlers" | "clock">,
): Result<Recall & { readonly facts: FactIndex }, Failure> {
  const frozen = summary.frozen as unknown as Frozen;
  const info: RunInfo = { runId: summary.runId, plan, startedAt: summary.startedAt, inputs: frozen.inputs };
  const facts = new FactIndex(around.store.readFacts(summary.runId));
  const core = coreOptions(plan, info, frozen, facts, {
    ...around,
    secrets: Object.fromEntries(plan.secrets.map((name) => [name, `[secret:${name}]`])),
    concurrency: null,
  });
  return core.ok ? ok({ ...recall(core.value), facts }) : core;
}

type Needed = Pick<
  Surroundings,
  "store" | "clock" | "handlers" | "evaluator" | "check" | "glob" | "file" | "secrets" | "concurrency"
>;

function coreOptions(
  plan: Plan,
  info: RunInfo,
  frozen: Frozen,
  facts: FactIndex,
  around: Needed,
): Result<Omit<CoreOptions, "sink">, Failure> {
  const workflowEnv = evaluateEnv(plan.env, { inputs: frozen.inputs, run: frozen.run }, around, true);
  if (!workflowEnv.ok) return workflowEnv;
  const { store, clock, handlers, evaluator, check, glob, file, secrets, concurrency } = around;
  return ok({
    info,
    base: { inputs: frozen.inputs, env: frozen.env, run: frozen.run },
    workflowEnv: { ...workflowEnv.value, ...frozen.env },
    secrets,
    facts,
    handlers,
    evaluator,
    check,
    glob,
    file,
    read: (ref) =>
      "inline" in ref ? ref.inline : (JSON.parse(Buffer.from(store.getBlob(ref.blob)).toString("utf8")) as Json),
    keep: (value) => keepValue(store, value),
    now: () => clock.now(),
    ...(concurrency === null ? {} : { slots: concurrency }),
  });
}

/** Small values stay where they are named; large ones are in the blob store before anything names them. */
function keepValue(store: Store, value: Json): ValueRef {
  const text = JSON.stringify(value);
  if (text.length <= INLINE_LIMIT_BYTES / 3) return { inline: value };
  const bytes = Buffer.from(text, "utf8");
  return bytes.length <= INLINE_LIMIT_BYTES ? { inline: value } : { blob: store.putBlob(bytes), bytes: bytes.length };
}

/** The plan as it ran, for `show`: a step's record is read with the plan that made it. */
function keptPlan(plan: Plan, core: Pick<CoreOptions, "keep">): Json {
  return core.keep(plan as unknown as Json);
}

/** The plan that the newest start of a run used, read from its events; null when the run never started. */
export function planOfRun(store: Store, runId: string): Plan | null {
  let plan: Plan | null = null;
  for (const { type, data } of store.readEvents(runId)) {
    const ref = type === "run.started" ? data?.["plan"] : undefined;
    if (!isJsonObject(ref)) continue;
    const blob = ref["blob"];
    plan = (
      typeof blob === "string" ? JSON.parse(Buffer.from(store.getBlob(blob)).toString("utf8")) : ref["inline"]
    ) as Plan;
  }
  return plan;
}

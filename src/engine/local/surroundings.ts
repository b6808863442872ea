import type { Evaluator } from "../../expression/evaluate.ts";
import { grantOf } from "../../plan/permissions.ts";
import type { Plan } from "../../plan/types.ts";
import type { StoredEvent } from "../../run/event.ts";
import type { Failure } from "../../run/failure.ts";
import type { AuditCopy, Telemetry } from "../../reporter/reporter.ts";
import type { RunMode } from "../../run/figures.ts";
import type { Redactor } from "../../run/redact.ts";
import type { RunInfo } from "../../run/state.ts";
import type { LeaseOwner, Store } from "../../store/store.ts";
import type { Clock } from "../../util/clock.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import type { Log } from "../../util/log.ts";
import type { ContentFolder } from "../workspace/content-folder.ts";
import type { RunCache } from "./run-cache.ts";
import type { UnitFiles } from "../workspace/unit-files.ts";
import { ok, type Result } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import type { CoreOptions } from "./core-options.ts";
import type { FactIndex } from "./fact-index.ts";
import { evaluateEnv } from "./scope-entry.ts";
import { keepValue, readValue } from "./stored-value.ts";

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
  readonly repository: CoreOptions["repository"];
  /** Outcomes of other runs; null = none are used, and none are kept. */
  readonly cache: CacheFolder | null;
  /** The files of units; null where nothing is done and nothing can be read. */
  readonly unitFiles: Pick<UnitFiles, "restore" | "text" | "hand" | "adopt"> | null;
  readonly evaluator: Evaluator;
  readonly redactor: Redactor;
  /** Values of the plan's secrets by name. */
  readonly secrets: { readonly [name: string]: string };
  readonly onEvents: (events: readonly StoredEvent[]) => void;
  readonly log: Log;
  /** Over the plan's `limits.concurrency`; null = that one. */
  readonly concurrency: number | null;
  /** Opens the audit copy of a run, where there is one; throws the system's error. Default: there is none. */
  readonly openAudit?: OpenAudit;
  /** Opens the telemetry of a run, where there is some. Default: there is none. */
  readonly openTelemetry?: OpenTelemetry;
  /** Who starts this start of the run. */
  readonly initiator?: string;
  /** Delays end at once: for simulated runs. */
  readonly hurry: boolean;
  /** Somebody is asked for approvals while the run goes on, who can answer. */
  readonly isAttended: boolean;
  /** The project's values stay as they are, and steps change a copy: for simulated runs. */
  readonly isCopy: boolean;
  /** Nothing is asked and nothing is done: budgets, rates and breakers are not for it. */
  readonly isFree: boolean;
  /** Models are asked, and not a recording: rates count. */
  readonly isLive: boolean;
  /** Nobody else reaches the store: no lease is renewed, and no message is looked for. Default false. */
  readonly isPrivate?: boolean;
}

/** Where contents lie that outlive their runs. */
export interface CacheFolder {
  readonly contents: ContentFolder;
}

function runCache(
  runId: string,
  store: Store,
  files: NonNullable<Surroundings["unitFiles"]>,
  { contents }: CacheFolder,
): RunCache {
  return {
    find: (key) => store.cache.find(key),
    adopt: (left) => files.adopt(runId, left, contents),
    hand: (artifacts) => files.hand(runId, artifacts, contents),
  };
}

/** The audit copy of a run; `warn` is told once when it cannot be written any more. */
export type OpenAudit = (runId: string, warn: (message: string) => void) => AuditCopy;

/** Telemetry of one run; `warn` is told once when it does not work. */
export type OpenTelemetry = (runId: string, warn: (message: string) => void) => Telemetry;

/** What is fixed at the first start of a run and holds for all its resumes. */
export interface Frozen {
  readonly inputs: JsonObject;
  /** `env` of the workflow, without the entries that are made of secrets. */
  readonly env: { readonly [name: string]: string };
  readonly run: JsonObject;
  /** What the command line chose, to be chosen again: `--model`, `--replay`. */
  readonly choice: JsonObject;
  /** Who was vouched for as the one who started it; left out = nobody was. */
  readonly initiator?: Json;
}

/** How the answers of a run are made, by what its first start chose. */
export function modeOf({ choice }: Pick<Frozen, "choice">): RunMode {
  if (choice["simulated"] === true) return "simulated";
  return (choice["origin"] ?? null) === null ? "live" : "replayed";
}

/** What of the surroundings the core needs. */
export type CoreSurroundings = Pick<
  Surroundings,
  | "store"
  | "clock"
  | "handlers"
  | "evaluator"
  | "check"
  | "glob"
  | "file"
  | "repository"
  | "unitFiles"
  | "cache"
  | "secrets"
  | "concurrency"
> &
  Partial<Pick<Surroundings, "redactor" | "openAudit" | "initiator">>;

/** The core of a run over its facts; an `env` that cannot be evaluated is a failure. */
export function coreOptions(
  plan: Plan,
  info: RunInfo,
  frozen: Frozen,
  facts: FactIndex,
  around: CoreSurroundings,
): Result<Omit<CoreOptions, "sink">, Failure> {
  const workflowEnv = evaluateEnv(plan.env, { inputs: frozen.inputs, run: frozen.run }, around, true);
  if (!workflowEnv.ok) return workflowEnv;
  const { store, clock, handlers, evaluator, check, glob, file, secrets, concurrency, redactor } = around;
  const { repository, unitFiles, cache } = around;
  return ok({
    info,
    base: { inputs: frozen.inputs, env: frozen.env, run: frozen.run },
    workflowEnv: { ...workflowEnv.value, ...frozen.env },
    secrets,
    grant: grantOf(plan.permissions ?? null),
    facts,
    handlers,
    evaluator,
    check,
    glob,
    file,
    repository,
    cache: cache === null || unitFiles === null ? null : runCache(info.runId, store, unitFiles, cache),
    // In a simulated run no file was written.
    artifactText: (artifact) => unitFiles?.text(info.runId, artifact) ?? ok(`[simulated:${artifact.path}]`),
    read: (ref) => readValue(store, ref),
    keep: (value) => keepValue(store, value),
    now: () => clock.now(),
    ...(around.openAudit === undefined ? {} : { initiator: around.initiator ?? "unknown" }),
    ...(redactor === undefined ? {} : { redact: (value: Json) => redactor.value(value) }),
    ...(concurrency === null ? {} : { slots: concurrency }),
  });
}

/** The plan as it ran, for `show`: a step's record is read with the plan that made it. */
export function keptPlan(plan: Plan, core: Pick<CoreOptions, "keep">): Json {
  return core.keep(plan as unknown as Json);
}

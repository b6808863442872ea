import { existsSync, realpathSync, rmSync } from "node:fs";
import type { Colors } from "picocolors/types.js";
import { hostname } from "node:os";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { ancestorsOf } from "./engine/process/ancestor.ts";
import { environmentEntry } from "./engine/process/process-table.ts";
import { stopOrphans } from "./engine/process/orphan.ts";
import { createS3Contents } from "./engine/remote/s3.ts";
import { s3Place } from "./engine/remote/s3-place.ts";
import { createAgentStep } from "./engine/step/agent.ts";
import { createApprovalStep } from "./engine/step/approval.ts";
import { createSimulatedSteps } from "./engine/step/simulate.ts";
import { createRunStep } from "./engine/step/run.ts";
import { createSendStep } from "./engine/step/send.ts";
import { createHttpStep } from "./engine/step/http.ts";
import { createSqlStep } from "./engine/step/sql.ts";
import { createStateStep } from "./engine/step/state.ts";
import { createValueStep } from "./engine/step/value.ts";
import { createWaitStep } from "./engine/step/wait.ts";
import { createFileReader } from "./engine/workspace/file.ts";
import { createGlob } from "./engine/workspace/glob.ts";
import type { OpenAudit, Surroundings } from "./engine/local/surroundings.ts";
import { auditOf, initiatorOf } from "./compose/audit.ts";
import type { StepHandler } from "./engine/step/handler.ts";
import { cacheFolder, createUnitFiles, repositoryFiles } from "./compose/files.ts";
import type { Environment } from "./compose/environment.ts";
import { identityVariables } from "./compose/identity.ts";
import { providerKeys } from "./compose/provider-keys.ts";
import { liveProviders, missingKeys } from "./compose/providers.ts";
import { builtInTools, cagesOfThisMachine, missingSandbox, sandboxOfThisMachine } from "./compose/tools.ts";
import { createFindWay } from "./compose/mcp.ts";
import { recordingProviders } from "./compose/record.ts";
import { searchEndpoint } from "./compose/search.ts";
import { readSource } from "./compose/source-reader.ts";
import { telemetryOf } from "./compose/telemetry.ts";
import { keepOutOfGit } from "./compose/state-folder.ts";
import { createEvaluator, type Evaluator } from "./expression/evaluate.ts";
import { systemResolve } from "./network/resolve.ts";
import { blindModels } from "./plan/search.ts";
import { priceHelp, unpricedIn } from "./plan/unpriced.ts";
import type { Plan, PlannedModel } from "./plan/types.ts";
import type { Provider } from "./provider/provider.ts";
import { readRecording } from "./provider/recording/read.ts";
import type { Recording, RecordingEntry } from "./provider/recording/recording.ts";
import { createReplayProvider } from "./provider/recording/replay-provider.ts";
import { createSimulateProvider } from "./provider/simulate.ts";
import { simulatedText, simulatedValue } from "./provider/simulate/value.ts";
import { nearest, runsFolderOf, type Project } from "./util/project.ts";
import { createNdjsonReporter } from "./reporter/ndjson.ts";
import { createPlainReporter } from "./reporter/plain.ts";
import type { Reporter } from "./reporter/reporter.ts";
import type { Screen } from "./reporter/tree/painter.ts";
import { createTreeReporter } from "./reporter/tree/tree.ts";
import type { StoredEvent } from "./run/event.ts";
import { nameOf, type Identity, type Issuer } from "./run/identity.ts";
import { createRedactor } from "./run/redact.ts";
import { ownerIsDead } from "./store/liveness.ts";
import { processObserver } from "./store/process-observer.ts";
import { createMemoryStore } from "./store/memory/memory-store.ts";
import { openSqliteStore } from "./store/sqlite/open.ts";
import { StoreError, type LeaseOwner, type Store } from "./store/store.ts";
import type { Diagnostic } from "./diagnostic/diagnostic.ts";
import type { SourceFile } from "./diagnostic/source.ts";
import { serverTools } from "./tool/mcp/tools.ts";
import { systemClock, type Clock } from "./util/clock.ts";
import type { Log } from "./util/log.ts";
import { err, ok, type Result } from "./util/result.ts";
import { createSchemaCheck, type SchemaCheck } from "./util/schema-check.ts";

export type { Recording, RecordingEntry };

/** Opens the project's state, makes it where there is none (unless `readOnly`). Throws StoreError. */
export function openStore(project: Project, options: { readonly readOnly: boolean }): Store {
  if (!options.readOnly) makeStateFolder(project);
  return openSqliteStore({
    path: project.statePath,
    readOnly: options.readOnly,
    clock: systemClock,
    warnings: process,
  });
}

/** State that no disk holds. */
export function createMemoryState(clock: Clock = systemClock): Store {
  return createMemoryStore({ clock });
}

/** True when there is state to read. */
export function hasState(project: Project): boolean {
  return existsSync(project.statePath);
}

/** Deletes what a run left in `.muster/runs/RUN/`, if there is anything. */
export function removeRunFolder(project: Project, runId: string): void {
  const runs = runsFolderOf(project);
  const folder = join(runs, runId);
  // A run may be called `..`: what it would lead to is not its folder.
  if (dirname(folder) === runs && basename(folder) === runId) rmSync(folder, { recursive: true, force: true });
}

/** The folder of the project's own state. StoreError when it cannot be made. */
function makeStateFolder(project: Project): void {
  const folder = join(project.root, ".muster");
  if (project.statePath !== join(folder, "state.db")) return;
  try {
    keepOutOfGit(folder);
  } catch (error) {
    const why = (error as Error).message;
    throw new StoreError(
      "io",
      `cannot make ${folder}, where runs are kept: ${why}; make it possible, or name a state file elsewhere with --state PATH`,
      { cause: error },
    );
  }
}

/** Which run a program belongs to: `run` steps give it to all that they start. */
const RUN_ID_VARIABLE = "MUSTER_RUN_ID";

/** With the run's id, this tells the programs of a run from those of another project's run with the same id. */
const RUNS_VARIABLE = "MUSTER_RUNS_FOLDER";

/** Stops the programs that a dead runner of the run left behind here; answers how many. For who holds the run's lease. */
export function stopLeftBehind(project: Project, runId: string): Promise<number> {
  return stopOrphans([`${RUN_ID_VARIABLE}=${runId}`, `${RUNS_VARIABLE}=${runsFolderOf(project)}`], process);
}

/** Opens a recording; throws the system's error when it cannot be read. */
export function openRecording(
  path: string,
): Result<Recording, { readonly diagnostics: readonly Diagnostic[]; readonly source: SourceFile | null }> {
  const source = readSource(path, path);
  if (!source.ok) return err({ diagnostics: source.error, source: null });
  const recording = readRecording(source.value);
  return recording.ok ? recording : err({ diagnostics: recording.error, source: source.value });
}

/** The folder in which steps work: the repository of the manifest, else the project. */
export function workspaceOf(manifestPath: string, project: Project): string {
  const folder = existsSync(manifestPath) ? dirname(realpathSync(manifestPath)) : dirname(manifestPath);
  const repository = nearest(folder, [".git"]);
  if (repository !== null) return repository;
  const inside = relative(project.root, folder);
  return inside.startsWith("..") || isAbsolute(inside) ? folder : project.root;
}

/** A manifest's path as the state keeps it: relative to the project, with `/`. */
export function portablePath(path: string, project: Project): string {
  return relative(project.root, path).split(sep).join("/");
}

/** What a test does to a simulated run: it has its own time, and some steps answer what the test says. */
export interface Rehearsal {
  readonly clock: Clock;
  /** Shared by the runs of many tests, so that a schema or an expression is prepared once. */
  readonly check: SchemaCheck;
  readonly evaluator: Evaluator;
  /** Who answers for models, given who does where the test says nothing. */
  providerFor(otherwise: Provider): Provider;
  /** The kinds of steps, given those that `--simulate` has and those of a live run. */
  handlers(simulated: Surroundings["handlers"], real: Surroundings["handlers"]): Surroundings["handlers"];
}

export interface SurroundingsOptions {
  readonly plan: Plan;
  readonly env: Environment;
  readonly workspace: string;
  /** Where runs have folders of their own: `.muster/runs`. */
  readonly runsFolder: string;
  readonly store: Store;
  /** Answers every model call in place of the providers; null = live. */
  readonly recording: Recording | null;
  /** The providers are asked for what the recording does not answer, and `record` gets what they say. Default: strict. */
  readonly completes?: boolean;
  /** Told of each entry of the recording that answers. */
  readonly onReplayed?: (entry: RecordingEntry) => void;
  /** Nothing is asked and nothing is done: outputs are made up. */
  readonly simulated: boolean;
  /** Takes every exchange with a model, redacted, as it ends. Default: nobody does. */
  readonly record?: (entry: RecordingEntry) => void;
  readonly concurrency: number | null;
  /** For `simulated` runs: the test that the run is for. Default: none. */
  readonly rehearsal?: Rehearsal;
  /** Somebody is asked for approvals while the run goes on. Default: nobody is. */
  readonly isAttended?: boolean;
  /** Who vouches for the people that approvals ask (compose/trust.ts). Default: nobody does. */
  readonly trust?: readonly Issuer[];
  /** Who was vouched for as the one who starts this start of the run. Default: nobody was. */
  readonly startedBy?: Identity | null;
  readonly onEvents: Surroundings["onEvents"];
  readonly log: Log;
}

/** Puts the adapters together for one run; the error lists what is missing in the environment, a sentence each. */
export function createSurroundings(options: SurroundingsOptions): Result<Surroundings, readonly string[]> {
  const { plan, env, recording, simulated, startedBy = null } = options;
  const secrets: { [name: string]: string } = {};
  const missing: string[] = [];
  for (const name of plan.secrets) {
    const value = simulated ? `[secret:${name}]` : env[name];
    if (value === undefined || value === "")
      missing.push(`secret ${name} is not set: export ${name}, or drop it from 'secrets'`);
    else secrets[name] = value;
  }
  const asksModels = (recording === null || options.completes === true) && !simulated;
  if (asksModels) missing.push(...missingKeys(plan, env));
  const sandbox = sandboxOfThisMachine();
  const cages = cagesOfThisMachine();
  if (!simulated) missing.push(...uncountable(plan), ...missingSandbox(plan, sandbox));
  if (asksModels) missing.push(...blindModels(plan));
  const store = simulated || plan.artifactStore === undefined ? null : s3Place(plan.artifactStore, env);
  if (store !== null && !store.ok) missing.push(...store.error);
  const audit = simulated ? ok(null) : openAuditOf(options);
  if (!audit.ok) missing.push(audit.error);
  const telemetry = simulated || (options.rehearsal ?? null) !== null ? ok(null) : telemetryOf(plan, env);
  if (!telemetry.ok) missing.push(telemetry.error);
  if (!audit.ok || !telemetry.ok || missing.length > 0) return err(missing);
  const hidden = new Map(simulated ? [] : Object.entries(secrets));
  for (const name of [...providerKeys, "MUSTER_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"]) {
    const value = env[name];
    if (value !== undefined && Buffer.byteLength(value.trim()) >= 6) hidden.set(name, value);
  }
  if (store?.ok === true) {
    hidden.set("AWS_SECRET_ACCESS_KEY", store.value.secretAccessKey);
    if (store.value.sessionToken !== null) hidden.set("AWS_SESSION_TOKEN", store.value.sessionToken);
  }
  const redactor = createRedactor(hidden);
  if (!redactor.ok) {
    return err(
      redactor.error.map(
        ({ name, bytes }) => `secret ${name} has only ${bytes} bytes: values under 6 bytes cannot be kept out of texts`,
      ),
    );
  }
  const { rehearsal = null } = options;
  const check = rehearsal?.check ?? createSchemaCheck();
  const clock = rehearsal?.clock ?? systemClock;
  const answering = (isBatch: boolean): ((model: PlannedModel, program?: Provider) => Provider) => {
    if (rehearsal !== null) {
      const provider = rehearsal.providerFor(rehearsedProvider(plan, recording));
      return () => provider;
    }
    if (simulated) return simulatedProvider(plan);
    const live = liveProviders(env, secrets, clock, isBatch);
    const asked = (model: PlannedModel, program?: Provider): Provider => program ?? live(model);
    const { record, onReplayed } = options;
    const recorded = record === undefined ? asked : recordingProviders(asked, redactor.value, record);
    if (recording === null) return recorded;
    if (options.completes !== true) return replayProviders(recording, onReplayed);
    return completedProviders(recording, recorded, onReplayed);
  };
  const environment = { ...inherited(env, plan.secrets), [RUNS_VARIABLE]: options.runsFolder };
  const { workspace, runsFolder } = options;
  const findWay = createFindWay({ environment, resolve: systemResolve, sandbox, cages });
  const remote = store?.ok === true ? createS3Contents(store.value, clock) : null;
  const unitFiles = simulated ? null : createUnitFiles({ workspace, runsFolder, remote });
  const withFiles = (handler: StepHandler): StepHandler => unitFiles?.around(handler) ?? handler;
  const handlers = {
    agent: withFiles(
      createAgentStep({
        providerFor: answering(false),
        batchProviderFor: answering(true),
        check,
        programs: { workspace, environment },
        tools: builtInTools({ environment, resolve: systemResolve, search: searchEndpoint(env), sandbox, cages }),
        openServer: (server) => serverTools(server, findWay),
      }),
    ),
    run: withFiles(createRunStep({ workspace, environment, check })),
    http: createHttpStep({ resolve: systemResolve, check }),
    sql: withFiles(createSqlStep({ workspace, node: process.execPath, environment, resolve: systemResolve, check })),
    state: createStateStep(check),
    value: createValueStep(check),
    wait: createWaitStep(),
    send: createSendStep(),
    approval: createApprovalStep(options.trust),
  };
  const simulatedHandlers = simulated
    ? createSimulatedSteps(handlers, check, { text: simulatedText, value: simulatedValue })
    : handlers;
  return ok({
    store: options.store,
    clock,
    owner: thisOwner(clock),
    mayTake: mayTake(clock),
    evaluator: rehearsal?.evaluator ?? createEvaluator(),
    check,
    glob: createGlob(options.workspace),
    file: createFileReader(options.workspace),
    repository: repositoryFiles(options.workspace, simulated),
    unitFiles,
    // Answers that were made up or replayed are nobody else's, and a replay is strict.
    cache: simulated || recording !== null ? null : cacheFolder(runsFolder),
    redactor: redactor.value,
    secrets,
    onEvents: options.onEvents,
    log: options.log,
    concurrency: options.concurrency,
    handlers: rehearsal?.handlers(simulatedHandlers, handlers) ?? simulatedHandlers,
    initiator: redactor.value.text(startedBy === null ? initiatorOf(env) : nameOf(startedBy)),
    ...(audit.value === null ? {} : { openAudit: audit.value }),
    ...(telemetry.value === null ? {} : { openTelemetry: telemetry.value }),
    hurry: simulated && rehearsal === null,
    isAttended: options.isAttended ?? false,
    isCopy: simulated,
    isFree: simulated && rehearsal === null,
    isLive: asksModels,
    isPrivate: rehearsal !== null,
  });
}

/** What a budget in USD cannot count: what `auto` or `--budget` brought, since `validate` tells the rest. */
function uncountable(plan: Plan): readonly string[] {
  return unpricedIn(plan).map(
    (unpriced) =>
      `a budget in USD counts the calls of ${unpriced.model.id}, and its price is not known: ${priceHelp(unpriced)}`,
  );
}

/** A copy that cannot be written is known before anything runs. */
function openAuditOf({ plan, workspace, store }: SurroundingsOptions): Result<OpenAudit | null, string> {
  try {
    return ok(auditOf({ plan, workspace, store, clock: systemClock }));
  } catch (error) {
    return err(`events.file ${plan.events?.file ?? ""} cannot be written: ${(error as Error).message}`);
  }
}

/** Who answers in a test for what it does not stub. */
function rehearsedProvider(plan: Plan, recording: Recording | null): Provider {
  return recording === null
    ? createSimulateProvider({ workflow: plan.workflow.name })
    : createReplayProvider({ recording });
}

function simulatedProvider(plan: Plan): () => Provider {
  const provider = createSimulateProvider({ workflow: plan.workflow.name });
  return () => provider;
}

/**
 * The id of the run that this process was started by, itself or through others, by the variables that its programs
 * inherit and on Linux by the processes that it came from; null = a person started it, as far as one can see.
 */
export function stepAround(env: Environment): string | null {
  const inherited = env[RUN_ID_VARIABLE];
  if (inherited !== undefined && inherited !== "") return inherited;
  for (const { pid } of ancestorsOf(process.pid)) {
    const found = environmentEntry(pid, RUN_ID_VARIABLE);
    if (found !== null) return found;
  }
  return null;
}

/** This process as the owner of a lease. */
export function thisOwner(clock: Clock): LeaseOwner {
  const start = observer(clock).processStartOf(process.pid);
  return { host: hostname(), pid: process.pid, processStart: start === "gone" ? null : start, renewedAt: clock.now() };
}

/** Whether a lease may be taken from its owner. */
export function mayTake(clock: Clock): (owner: LeaseOwner) => boolean {
  return (owner) => ownerIsDead(owner, observer(clock));
}

function observer(clock: Clock) {
  return processObserver({ host: hostname(), clock, probe: (pid, signal) => process.kill(pid, signal) });
}

/** What it takes to read a run from its facts: templates are resolved, but nothing is carried out. */
export function readingTools(
  workspace: string,
  simulated: boolean,
): Pick<Surroundings, "evaluator" | "check" | "glob" | "file" | "repository" | "handlers" | "clock"> {
  const check = createSchemaCheck();
  const nobody = (): never => {
    throw new Error("a run that is only read does nothing");
  };
  const handlers = {
    agent: createAgentStep({
      providerFor: nobody,
      batchProviderFor: nobody,
      check,
      tools: [],
      openServer: nobody,
      programs: { workspace, environment: {} },
    }),
    run: createRunStep({ workspace, environment: {}, check }),
    http: createHttpStep({ resolve: nobody, check }),
    sql: createSqlStep({ workspace, node: "node", environment: {}, resolve: nobody, check }),
    state: createStateStep(check),
    value: createValueStep(check),
    wait: createWaitStep(),
    send: createSendStep(),
    approval: createApprovalStep(),
  };
  return {
    evaluator: createEvaluator(),
    check,
    glob: createGlob(workspace),
    file: createFileReader(workspace),
    repository: repositoryFiles(workspace, simulated),
    clock: systemClock,
    handlers: simulated
      ? createSimulatedSteps(handlers, check, { text: simulatedText, value: simulatedValue })
      : handlers,
  };
}

/** A run that is to be told of. */
export interface Told {
  readonly runId: string;
  readonly plan: Plan;
  /** What earlier starts of the run told. */
  readonly history: Iterable<StoredEvent>;
}

/** How it is told: lines of JSON for programs, lines for a log, a live picture for a terminal. */
export type Telling =
  | { readonly kind: "ndjson"; readonly write: (text: string) => void }
  | { readonly kind: "plain"; readonly write: (text: string) => void; readonly color: Colors }
  | { readonly kind: "tty"; readonly screen: Screen; readonly color: Colors };

/** Who tells of a run while it goes on. */
export function createReporter(told: Told, telling: Telling): Reporter {
  if (telling.kind === "ndjson") return createNdjsonReporter(told.runId, telling.write);
  if (telling.kind === "plain") return createPlainReporter(telling.write, telling.color);
  return createTreeReporter({ ...told, ...telling, clock: systemClock });
}

function replayProviders(
  recording: Recording,
  onUse: SurroundingsOptions["onReplayed"] = () => {},
): (model: PlannedModel) => Provider {
  const replay = createReplayProvider({ recording, onUse });
  return () => replay;
}

/** The recording, and for what it does not answer whoever else is asked. */
function completedProviders(
  recording: Recording,
  otherwise: (model: PlannedModel, program?: Provider) => Provider,
  onUse: SurroundingsOptions["onReplayed"] = () => {},
): (model: PlannedModel, program?: Provider) => Provider {
  const replays = new Map<Provider, Provider>();
  return (model, program) => {
    const live = otherwise(model, program);
    let replay = replays.get(live);
    if (replay === undefined) replays.set(live, (replay = createReplayProvider({ recording, onUse, otherwise: live })));
    return replay;
  };
}

/**
 * What `run` steps inherit: everything but keys of providers, declared secrets, which steps get by `env` alone, and what
 * says who somebody is: a program that had it could answer approvals in their name.
 */
function inherited(env: Environment, secrets: readonly string[]): { readonly [name: string]: string } {
  const hidden = new Set<string>([...providerKeys, ...identityVariables, ...secrets]);
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !hidden.has(entry[0]),
  );
  return Object.fromEntries(entries);
}

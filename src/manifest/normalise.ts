import { parseDuration } from "../util/duration.ts";
import { parseSize } from "../util/size.ts";
import { InternalError } from "../util/internal-error.ts";
import { asText, type Json } from "../util/json.ts";
import type {
  Named,
  NormalAgent,
  NormalDriver,
  NormalApproval,
  NormalBody,
  NormalCache,
  NormalFallback,
  NormalFan,
  NormalInput,
  NormalItems,
  NormalManifest,
  NormalMatrix,
  NormalModel,
  NormalNeeds,
  NormalPermissions,
  NormalOnError,
  NormalPattern,
  NormalRepeat,
  NormalRetry,
  NormalServer,
  NormalSession,
  NormalStep,
  NormalVariant,
  StateOperation,
} from "./normal.ts";
import type { Pointer } from "./pointer.ts";
import { normaliseAssume, normaliseBreaker, normaliseBudget, normaliseRates } from "./pressure.ts";
import type {
  Agent,
  Approval,
  Batch,
  Cache,
  Duration,
  Fallback,
  Files,
  HandoffStep,
  Input,
  Join,
  Manifest,
  McpServer,
  Model,
  ModelChoice,
  ModelSettings,
  Needs,
  OnError,
  Permissions,
  Repeat,
  Retry,
  StateStep,
  Step,
  StepMap,
  Workspace,
} from "./types.ts";

/** The defaults of the language (LANGUAGE, sections 3 and 4). Durations as a manifest writes them. */
const defaultLimits = { concurrency: 8, timeout: "1h", grace: "30s", depth: 3, agents: 100 };
const defaultTimeout = "10m";
/** What an agent's programs may take where it writes nothing; `output` is of one call of a tool, into the conversation. */
const defaultResources = { memory: "512MiB", cpu: "60s", processes: 64, output: "64KiB" };
const defaultTurns = 20;
const defaultChildren = 5;
const defaultMaxItems = 1000;
const defaultRounds = 5;
const defaultRetry = { max_attempts: 3, backoff: "exponential", delay: "1s", max_delay: "1m", jitter: true } as const;

/**
 * Writes a valid manifest in its canonical spelling, with all defaults. Pure. `unknown` are ids of steps that stand for
 * wrong ones.
 */
export function normalise(manifest: Manifest, unknown: ReadonlySet<string> | null = null): NormalManifest {
  const { inputs = {}, models = {}, agents = {}, limits = {}, defaults = {} } = manifest;
  const shared = sharedBySteps(manifest, unknown);
  return {
    name: manifest.name,
    version: manifest.version ?? null,
    description: manifest.description ?? null,
    inputs: mapValues(inputs, normaliseInput),
    env: { ...manifest.env },
    secrets: manifest.secrets ?? [],
    models: mapValues(models, (model, name) => normaliseModel(model, ["models", name])),
    agents: mapValues(agents, (agent, name) => normaliseAgent(agent, ["agents", name], defaults.sandbox)),
    sessions: mapValues(manifest.sessions ?? {}, normaliseSession),
    defaultModel: modelChain(defaults.model, ["defaults", "model"]),
    limits: {
      concurrency: limits.concurrency ?? defaultLimits.concurrency,
      timeoutMs: milliseconds(limits.timeout ?? defaultLimits.timeout),
      hasTimeout: limits.timeout !== undefined,
      graceMs: milliseconds(limits.grace ?? defaultLimits.grace),
      depth: limits.depth ?? defaultLimits.depth,
      hasDepth: limits.depth !== undefined,
      agents: limits.agents ?? defaultLimits.agents,
      budget: normaliseBudget(limits.budget),
      rates: normaliseRates(limits.rate),
      breaker: normaliseBreaker(limits.circuit_breaker),
    },
    permissions: manifest.permissions === undefined ? null : normalisePermissions(manifest.permissions),
    steps: [
      ...normaliseSteps(manifest.steps ?? {}, ["steps"], shared),
      ...variantSteps(manifest.variants ?? {}),
      ...normaliseSteps(manifest.finally ?? {}, ["finally"], shared).map((step) => ({ ...step, isFinally: true })),
    ],
    variants: manifest.variants === undefined ? null : variantsOf(manifest.variants),
    score: manifest.score ?? null,
    roi:
      manifest.roi === undefined
        ? null
        : { manualHours: manifest.roi.manual_hours, hourlyRate: manifest.roi.hourly_rate },
    events: normaliseEvents(manifest.events),
    telemetry: manifest.events?.otlp ?? null,
    outputs: { ...manifest.outputs },
    artifactStore: manifest.artifacts?.store.replace(/\/$/, "") ?? null,
  };
}

type Variants = NonNullable<Manifest["variants"]>;

function variantsOf(variants: Variants): readonly NormalVariant[] {
  return Object.entries(variants).map(([name, { weight = 1 }]) => ({ name, weight }));
}

/** Each variant as the step that it is in the runs that take it. What is passed is known once the other file is read. */
function variantSteps(variants: Variants): readonly NormalStep[] {
  return Object.entries(variants).map(([name, { uses }]) =>
    normaliseStep(name, { uses, secrets: "inherit" }, ["variants", name], sharedBySteps({}, null)),
  );
}

function normaliseEvents(events: Manifest["events"]): NormalManifest["events"] {
  if (events?.file === undefined) return null;
  return { file: events.file, keepMs: events.keep === undefined ? null : milliseconds(events.keep) };
}

/** Own properties only, `__proto__` included. */
function mapValues<From, To>(
  object: { [name: string]: From },
  change: (value: From, name: string) => To,
): { [name: string]: To } {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}

function milliseconds(duration: Duration): number {
  const ms = parseDuration(duration);
  if (ms === null) throw new InternalError(`a duration passed validation and is none: ${duration}`);
  return ms;
}

function bytes(size: string): number {
  const found = parseSize(size);
  if (found === null) throw new InternalError(`a size passed validation and is none: ${size}`);
  return found;
}

function normaliseInput(input: Input): NormalInput {
  const { default: value, ...schema } = input;
  return { schema, required: value === undefined, default: value ?? null };
}

/** A choice of models as a chain; null when none is written. */
function modelChain(choice: ModelChoice | undefined, pointer: Pointer): readonly Named[] | null {
  if (choice === undefined) return null;
  return named(choice, pointer);
}

function named(names: string | readonly string[], pointer: Pointer): readonly Named[] {
  if (typeof names === "string") return [{ name: names, pointer }];
  return names.map((name, index) => ({ name, pointer: [...pointer, index] }));
}

function normaliseModel(model: Model, pointer: Pointer): readonly NormalModel[] {
  if (typeof model === "object" && !Array.isArray(model))
    return [modelWith(model, { name: model.model, pointer: [...pointer, "model"] })];
  return named(model, pointer).map((entry) => modelWith({}, entry));
}

function modelWith(settings: Partial<ModelSettings>, model: Named): NormalModel {
  const { price } = settings;
  return {
    model,
    baseUrl: settings.base_url ?? null,
    apiKeySecret: settings.api_key === undefined ? null : (/secrets\.(\w+)/.exec(settings.api_key)?.[1] ?? null),
    maxTokens: settings.max_tokens ?? null,
    temperature: settings.temperature ?? null,
    effort: settings.effort ?? null,
    price: price
      ? {
          input: price.input,
          output: price.output,
          cacheRead: price.cache_read ?? null,
          cacheWrite: price.cache_write ?? null,
        }
      : null,
  };
}

function normaliseAgent(agent: Agent, pointer: Pointer, sandbox: Agent["sandbox"]): NormalAgent {
  return {
    model: modelChain(agent.model, [...pointer, "model"]),
    instructions: agent.instructions ?? null,
    maxTokens: agent.max_tokens ?? null,
    budget: normaliseBudget(agent.budget),
    assumeUsd: normaliseAssume(agent),
    driver: normaliseDriver(agent),
    env: agent.env ?? {},
    writtenForTools:
      (["permissions", "sandbox", "resources", "max_turns"] as const).find((key) => agent[key] !== undefined) ?? null,
    tools: agent.tools ?? [],
    servers: Object.fromEntries(
      Object.entries(agent.mcp ?? {}).map(([name, server]) => [name, normaliseServer(server)]),
    ),
    permissions: normalisePermissions(agent.permissions ?? {}),
    sandbox: agent.sandbox ?? sandbox ?? "require",
    resources: {
      memoryBytes: bytes(agent.resources?.memory ?? defaultResources.memory),
      cpuMs: milliseconds(agent.resources?.cpu ?? defaultResources.cpu),
      processes: agent.resources?.processes ?? defaultResources.processes,
      outputBytes: bytes(agent.resources?.output ?? defaultResources.output),
    },
    maxTurns: agent.max_turns ?? defaultTurns,
    spawn:
      agent.spawn === undefined
        ? null
        : { agents: agent.spawn.agents, maxChildren: agent.spawn.max_children ?? defaultChildren },
  };
}

function normaliseServer({ command, args, env, sandbox, url, headers }: McpServer): NormalServer {
  if (url !== undefined) return { kind: "http", url, headers: headers ?? {} };
  return { kind: "stdio", argv: [command ?? "", ...(args ?? [])], env: env ?? {}, sandbox: sandbox ?? "require" };
}

type Session = NonNullable<Manifest["sessions"]>[string];

function normaliseSession({ agent, pool = 1, idle, scope = "run" }: Session): NormalSession {
  return { agent, pool, idleMs: idle === undefined ? null : milliseconds(idle), scope };
}

function normaliseDriver({ command, acp }: Agent): NormalDriver | null {
  if (acp !== undefined) return { kind: "acp", argv: acp.command, mode: acp.mode ?? null };
  if (command === undefined) return null;
  return { kind: "command", argv: command.argv, readsPrompt: command.stdin === "prompt" };
}

/** What is not named is denied. */
function normalisePermissions({ files, network, shell, state, sessions }: Permissions): NormalPermissions {
  const named = Array.isArray(sessions) && sessions.length > 0 ? { sessions } : {};
  return { files: files ?? "none", network: network ?? [], shell: shell ?? "none", state: state ?? "none", ...named };
}

/** What most steps have in common, made once. */
interface Shared {
  readonly timeoutMs: number;
  readonly onError: NormalOnError;
  /** Of a step that writes none. */
  readonly retry: NormalRetry;
  /** Without any `retry` a step is tried once. */
  readonly noRetry: NormalRetry;
  /** `defaults.retry` as written, for what a step's own leaves out. */
  readonly writtenRetry: Retry | undefined;
  /** Of a `run` step that writes none. */
  readonly workspace: Workspace | undefined;
  /** `defaults.cache`. */
  readonly cache: Cache | undefined;
  /** Who answers in each session. */
  readonly sessionAgents: ReadonlyMap<string, string>;
  /** Steps of which nothing is known. */
  readonly unknown: ReadonlySet<string> | null;
}

function sharedBySteps(
  { defaults = {}, workspace, sessions = {} }: Pick<Manifest, "defaults" | "workspace" | "sessions">,
  unknown: ReadonlySet<string> | null,
): Shared {
  return {
    unknown,
    sessionAgents: new Map(Object.entries(sessions).map(([name, { agent }]) => [name, agent])),
    workspace,
    cache: defaults.cache,
    timeoutMs: milliseconds(defaults.timeout ?? defaultTimeout),
    onError: normaliseOnError(defaults.on_error ?? "fail", ["defaults"]),
    retry: normaliseRetry(undefined, defaults.retry),
    noRetry: normaliseRetry(undefined, undefined),
    writtenRetry: defaults.retry,
  };
}

function normaliseSteps(steps: StepMap, pointer: Pointer, shared: Shared): readonly NormalStep[] {
  return Object.entries(steps).map(([id, step]) => normaliseStep(id, step, [...pointer, id], shared));
}

function normaliseStep(id: string, step: Step, pointer: Pointer, shared: Shared): NormalStep {
  return {
    id,
    pointer,
    description: step.description ?? null,
    body: normaliseBody(step, pointer, shared),
    needs: step.needs === undefined ? null : normaliseNeeds(step.needs, [...pointer, "needs"]),
    condition: step.if === undefined ? null : String(step.if),
    fan: normaliseFan(step, pointer),
    retry: retryOf(step, shared),
    timeoutMs: timeoutOf(step, shared),
    onError: step.on_error === undefined ? shared.onError : normaliseOnError(step.on_error, pointer),
    output: step.output ?? null,
    idempotent: step.idempotent ?? null,
    isFinally: false,
    repeat: step.repeat === undefined ? null : normaliseRepeat(step.repeat),
    fallback: (step.fallback ?? []).map((stage, index) => normaliseFallback(stage, [...pointer, "fallback", index])),
    workspace: workspaceOf("run" in step || "sql" in step ? (step.workspace ?? shared.workspace) : ownWorkspace(step)),
    reads: normalisePatterns(step.reads, [...pointer, "reads"]),
    writes: normalisePatterns(step.writes, [...pointer, "writes"]),
    cache: normaliseCache(step.cache ?? (isCachedByDefault(step) ? shared.cache : undefined), pointer),
    simulate: step.simulate ?? null,
    ...("handoff" in step ? handoffOf(step, pointer) : {}),
    ...(shared.unknown?.has(id) === true ? { isUnknown: true } : {}),
  };
}

/** The stages of a handoff are those of a step with `fallback`, each with its own judge. */
function handoffOf(step: HandoffStep, pointer: Pointer): Pick<NormalStep, "handoff" | "fallback"> {
  const models = modelChain(step.model, [...pointer, "model"]);
  const at = (index: number): Pointer => [...pointer, "handoff", index];
  return {
    fallback: step.handoff.slice(1).map(({ agent }, index) => ({
      agent: agent === undefined ? null : { name: agent, pointer: [...at(index + 1), "agent"] },
      models: agent === undefined ? [] : models,
    })),
    handoff: step.handoff.map(({ accept = null, approval }, index) => ({
      pointer: at(index),
      accept,
      approval: approval === undefined ? null : normaliseApproval(approval),
    })),
  };
}

/** Of an agent that is written at the step: what the file says for all is for programs. */
function ownWorkspace(step: Step): Workspace | undefined {
  return "agent" in step || "handoff" in step || "session" in step ? step.workspace : undefined;
}

function workspaceOf(workspace: Workspace | undefined): NormalStep["workspace"] {
  if (typeof workspace === "object") return { path: workspace.path };
  return (workspace ?? "repo") as "repo" | "isolated" | "worktree";
}

function normalisePatterns(files: Files | undefined, pointer: Pointer): readonly NormalPattern[] {
  if (files === undefined) return [];
  if (typeof files === "string") return [{ pattern: files, pointer }];
  return files.map((pattern, index) => ({ pattern, pointer: [...pointer, index] }));
}

/** `defaults.cache` is for what costs something and has no effect that somebody waits for. */
function isCachedByDefault(step: Step): boolean {
  return "agent" in step || "run" in step;
}

function normaliseCache(cache: Cache | undefined, pointer: Pointer): NormalCache | null {
  if (cache === undefined || cache === false) return null;
  const { key = null, ttl } = cache === true ? {} : cache;
  return { key, ttlMs: ttl === undefined ? null : milliseconds(ttl), pointer: [...pointer, "cache", "key"] };
}

/** What waits by its own clock, or for steps with clocks of their own, has no limit unless one is written. */
function timeoutOf(step: Step, shared: Shared): number | null {
  if (step.timeout !== undefined) return milliseconds(step.timeout);
  return hasOwnClock(step) ? null : shared.timeoutMs;
}

/** The defaults are for what does something itself: a group would repeat the retries of its steps. */
function retryOf(step: Step, shared: Shared): NormalRetry {
  if (step.retry !== undefined) return normaliseRetry(step.retry, shared.writtenRetry);
  return hasOwnClock(step) ? shared.noRetry : shared.retry;
}

function hasOwnClock(step: Step): boolean {
  return "steps" in step || "uses" in step || "wait" in step || "approval" in step;
}

function normaliseRepeat({ until, max = defaultRounds, delay = "0s" }: Repeat): NormalRepeat {
  return { until, max, delayMs: milliseconds(delay) };
}

function normaliseFallback({ agent, model }: Fallback[number], pointer: Pointer): NormalFallback {
  return {
    agent: agent === undefined ? null : { name: agent, pointer: [...pointer, "agent"] },
    models: modelChain(model, [...pointer, "model"]),
  };
}

/** `${{ matrix.KEY }}`, the only expression that a model may be. */
const MATRIX_MODEL = /^\s*\$\{\{\s*matrix\.(\w+)\s*\}\}\s*$/;

function normaliseBody(step: Step, pointer: Pointer, shared: Shared): NormalBody {
  if ("handoff" in step) {
    const agent = step.handoff[0]?.agent ?? null;
    // A person who comes first asks no model.
    const model = agent === null ? null : modelChain(step.model, [...pointer, "model"]);
    return {
      kind: "agent",
      agent,
      task: step.task,
      model,
      modelKey: null,
      batchApi: false,
    };
  }
  if ("session" in step) {
    const model = modelChain(step.model, [...pointer, "model"]);
    const agent = shared.sessionAgents.get(step.session) ?? "";
    return { kind: "agent", agent, session: step.session, task: step.task, model, modelKey: null, batchApi: false };
  }
  if ("send" in step) {
    const { to: session, message: task, wait } = step.send;
    const send = { waitMs: wait === undefined ? null : milliseconds(wait) };
    const agent = shared.sessionAgents.get(session) ?? "";
    return { kind: "agent", agent, session, send, task, model: null, modelKey: null, batchApi: false };
  }
  if ("agent" in step) {
    const modelKey = typeof step.model === "string" ? (MATRIX_MODEL.exec(step.model)?.[1] ?? null) : null;
    const model = modelKey === null ? modelChain(step.model, [...pointer, "model"]) : null;
    return { kind: "agent", agent: step.agent, task: step.task, model, modelKey, batchApi: step.batch_api === true };
  }
  if ("run" in step) {
    const { run: command, shell = null, env = {}, stdin = null, cwd = null } = step;
    return { kind: "run", command, shell, env, stdin, cwd };
  }
  if ("steps" in step) {
    const steps = normaliseSteps(step.steps, [...pointer, "steps"], shared);
    return { kind: "steps", steps, outputs: { ...step.outputs } };
  }
  if ("uses" in step) {
    const { secrets = [] } = step;
    const passed = secrets === "inherit" ? secrets : named(secrets, [...pointer, "secrets"]);
    return { kind: "uses", path: step.uses, with: { ...step.with }, secrets: passed };
  }
  if ("http" in step) {
    const { method = "GET", url, headers, query, body, expect = null } = step.http;
    return { kind: "http", method, url, headers: { ...headers }, query: { ...query }, body, expect };
  }
  if ("sql" in step) {
    const { connection, query, params = [] } = step.sql;
    return { kind: "sql", connection, query, params };
  }
  if ("state" in step) return normaliseState(step.state);
  if ("wait" in step) {
    const { for: span, until } = step.wait;
    return { kind: "wait", forMs: span === undefined ? null : milliseconds(span), until: until ?? null };
  }
  if ("approval" in step) return { kind: "approval", ...normaliseApproval(step.approval) };
  return { kind: "value", value: step.value };
}

const stateOperations: readonly StateOperation[] = ["get", "set", "delete", "increment", "list", "compare_and_set"];

function normaliseState(state: StateStep["state"]): NormalBody {
  const { scope = "project", ...written } = state;
  const kind = stateOperations.find((name) => Object.hasOwn(written, name));
  if (kind === undefined) throw new InternalError("a state step passed validation and has no operation");
  const { [kind]: key, ...values } = written as { readonly [name: string]: Json };
  const own = Object.entries(values).filter(([name]) => !name.startsWith("x-"));
  return { kind: "state", operation: kind, key: asText(key ?? null), scope, values: Object.fromEntries(own) };
}

function normaliseApproval(approval: Approval): NormalApproval {
  const { prompt, approvers = [], not_initiator: notInitiator = false, timeout, on_timeout, input = null } = approval;
  const timeoutMs = timeout === undefined ? null : milliseconds(timeout);
  return { prompt, approvers, notInitiator, timeoutMs, onTimeout: on_timeout ?? "reject", input };
}

function normaliseNeeds(needs: Needs, pointer: Pointer): NormalNeeds {
  if (typeof needs === "string" || Array.isArray(needs)) {
    const of = named(needs, pointer);
    return { of, required: of.length };
  }
  if ("any" in needs) return { of: named(needs.any, [...pointer, "any"]), required: 1 };
  return { of: named(needs.of, [...pointer, "of"]), required: needs.at_least };
}

function normaliseFan(step: Step, pointer: Pointer): NormalFan | null {
  const items = itemsOf(step);
  if (items === null) return null;
  return {
    items,
    pointer: [...pointer, items.kind === "matrix" ? "matrix" : "for_each"],
    itemKey: step.item_key ?? null,
    batch: step.batch === undefined ? null : normaliseBatch(step.batch),
    maxItems: step.max_items ?? defaultMaxItems,
    maxParallel: step.max_parallel ?? null,
    failFast: step.fail_fast ?? false,
    join: normaliseJoin(step.join ?? "all"),
  };
}

function itemsOf({ for_each: list, matrix }: Step): NormalItems | null {
  if (matrix !== undefined) {
    const { include = [], exclude = [], ...axes } = matrix;
    return { kind: "matrix", matrix: { axes: axes as NormalMatrix["axes"], include, exclude } };
  }
  if (list === undefined) return null;
  if (typeof list === "string" || Array.isArray(list)) return { kind: "list", list };
  return { kind: "glob", pattern: list.glob };
}

function normaliseBatch(batch: Batch): NormalFan["batch"] {
  if (typeof batch === "number") return { size: batch, flatten: true };
  return { size: batch.size, flatten: batch.flatten ?? true };
}

function normaliseJoin(join: Join): NormalFan["join"] {
  return typeof join === "string" ? { kind: join } : { kind: "at_least", count: join.at_least };
}

/** Without any `retry` a step is tried once; with one, what it leaves out comes from `defaults.retry`, then the language. */
function normaliseRetry(own: Retry | undefined, shared: Retry | undefined): NormalRetry {
  const retry = { ...defaultRetry, ...shared, ...own };
  return {
    maxAttempts: own || shared ? retry.max_attempts : 1,
    backoff: retry.backoff,
    delayMs: milliseconds(retry.delay),
    // A longer delay than the language's longest is what was asked for.
    maxDelayMs: Math.max(milliseconds(retry.max_delay), milliseconds(retry.delay)),
    jitter: retry.jitter,
    on: retry.on ?? null,
  };
}

function normaliseOnError(onError: OnError, pointer: Pointer): NormalOnError {
  if (typeof onError === "string") return { kind: onError };
  return { kind: "output", output: onError.output, pointer: [...pointer, "on_error", "output"] };
}

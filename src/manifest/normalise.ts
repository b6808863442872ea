import { parseDuration } from "../util/duration.ts";
import { InternalError } from "../util/internal-error.ts";
import type {
  Named,
  NormalAgent,
  NormalBody,
  NormalFan,
  NormalInput,
  NormalManifest,
  NormalModel,
  NormalNeeds,
  NormalOnError,
  NormalRetry,
  NormalStep,
} from "./normal.ts";
import type { Pointer } from "./pointer.ts";
import type {
  Agent,
  Defaults,
  Duration,
  Input,
  Join,
  Manifest,
  Model,
  ModelChoice,
  ModelSettings,
  Needs,
  OnError,
  Retry,
  Step,
} from "./types.ts";

/** The defaults of the language (LANGUAGE, sections 3 and 4). Durations as a manifest writes them. */
const defaultLimits = { concurrency: 8, timeout: "1h", grace: "30s" };
const defaultTimeout = "10m";
const defaultMaxItems = 1000;
const defaultRetry = { max_attempts: 3, backoff: "exponential", delay: "1s", max_delay: "1m", jitter: true } as const;

/** Writes a valid manifest in its canonical spelling, with all defaults. Pure. */
export function normalise(manifest: Manifest): NormalManifest {
  const { inputs = {}, models = {}, agents = {}, limits = {}, defaults = {} } = manifest;
  return {
    name: manifest.name,
    version: manifest.version ?? null,
    description: manifest.description ?? null,
    inputs: mapValues(inputs, normaliseInput),
    env: { ...manifest.env },
    secrets: manifest.secrets ?? [],
    models: mapValues(models, (model, name) => normaliseModel(model, ["models", name])),
    agents: mapValues(agents, (agent, name) => normaliseAgent(agent, ["agents", name])),
    defaultModel: modelChain(defaults.model, ["defaults", "model"]),
    limits: {
      concurrency: limits.concurrency ?? defaultLimits.concurrency,
      timeoutMs: milliseconds(limits.timeout ?? defaultLimits.timeout),
      graceMs: milliseconds(limits.grace ?? defaultLimits.grace),
    },
    steps: Object.entries(manifest.steps).map(([id, step]) => normaliseStep(id, step, ["steps", id], defaults)),
    outputs: { ...manifest.outputs },
  };
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

function normaliseAgent(agent: Agent, pointer: Pointer): NormalAgent {
  return {
    model: modelChain(agent.model, [...pointer, "model"]),
    instructions: agent.instructions ?? null,
    maxTokens: agent.max_tokens ?? null,
  };
}

function normaliseStep(id: string, step: Step, pointer: Pointer, defaults: Defaults): NormalStep {
  return {
    id,
    pointer,
    description: step.description ?? null,
    body: normaliseBody(step, pointer),
    needs: step.needs === undefined ? null : normaliseNeeds(step.needs, [...pointer, "needs"]),
    condition: step.if === undefined ? null : String(step.if),
    fan: normaliseFan(step),
    retry: normaliseRetry(step.retry, defaults.retry),
    timeoutMs: milliseconds(step.timeout ?? defaults.timeout ?? defaultTimeout),
    onError: normaliseOnError(step.on_error ?? defaults.on_error ?? "fail"),
    output: step.output ?? null,
    idempotent: step.idempotent ?? null,
  };
}

function normaliseBody(step: Step, pointer: Pointer): NormalBody {
  if ("agent" in step) {
    return { kind: "agent", agent: step.agent, task: step.task, model: modelChain(step.model, [...pointer, "model"]) };
  }
  if ("run" in step) {
    const { run: command, shell = null, env = {}, stdin = null, cwd = null } = step;
    return { kind: "run", command, shell, env, stdin, cwd };
  }
  return { kind: "value", value: step.value };
}

function normaliseNeeds(needs: Needs, pointer: Pointer): NormalNeeds {
  if (typeof needs === "string" || Array.isArray(needs)) {
    const of = named(needs, pointer);
    return { of, required: of.length };
  }
  if ("any" in needs) return { of: named(needs.any, [...pointer, "any"]), required: 1 };
  return { of: named(needs.of, [...pointer, "of"]), required: needs.at_least };
}

function normaliseFan(step: Step): NormalFan | null {
  if (step.for_each === undefined) return null;
  return {
    items: step.for_each,
    maxItems: step.max_items ?? defaultMaxItems,
    maxParallel: step.max_parallel ?? null,
    failFast: step.fail_fast ?? false,
    join: normaliseJoin(step.join ?? "all"),
  };
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

function normaliseOnError(onError: OnError): NormalOnError {
  return typeof onError === "string" ? { kind: onError } : { kind: "output", output: onError.output };
}

import { createHash } from "node:crypto";
import type { Template } from "../expression/template.ts";
import type { Permissions } from "../plan/permissions.ts";
import { holdsUp, surelyBefore } from "../plan/guard.ts";
import { EMPTY_SCOPE, type Plan, type PlannedModel, type PlannedScope, type PlannedStep } from "../plan/types.ts";
import { formatDuration } from "../util/duration.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import { agentKeys } from "./agent-meaning.ts";
import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";

/**
 * What a plan means, as plain data in the words of the language: no positions, no order of steps, no descriptions.
 * Equal meanings do the same. Durations are texts (`10m`), a missing key stands for "nothing is said".
 */
export interface Meaning {
  /** All that is said for the workflow as a whole: `inputs`, `limits`, `outputs`, ... */
  readonly workflow: JsonObject;
  readonly agents: { readonly [name: string]: JsonObject };
  /** By path, `group/inner`; in the order of the file. */
  readonly steps: ReadonlyMap<string, StepMeaning>;
}

export interface StepMeaning {
  readonly kind: string;
  /** Names of the steps that it waits for; groups of which some are enough as `1 of a, b`. Sorted. */
  readonly needs: readonly string[];
  /** Names of those without which it cannot start: with `if: always()` none. Sorted. */
  readonly sure: readonly string[];
  /** It is an approval that only the yes of a person gets past. */
  readonly holdsUp: boolean;
  readonly fields: JsonObject;
  /** Equal for steps that do the same, whatever they are called and wait for. */
  readonly digest: string;
}

/** What a file may do that writes no `permissions`: a cap that goes away gives more. */
const uncapped: Permissions = { files: "write", network: ["*"], shell: "any", state: "write" };

/** The meaning of a plan. */
export function meaningOf(plan: Plan): Meaning {
  const { digest: _digest, format: _format, workflow, agents, scopes, ...whole } = { permissions: uncapped, ...plan };
  const { spawn, ...limits } = whole.limits;
  const rest = { ...whole, limits: { ...limits, ...spawn } };
  const steps = new Map<string, StepMeaning>();
  addSteps(plan, 0, "", steps);
  return {
    workflow: {
      ...(workflow.version === null ? {} : { version: workflow.version }),
      name: workflow.name,
      ...(written(rest as unknown as Json) as JsonObject),
      outputs: written((scopes[0] ?? EMPTY_SCOPE).outputs),
      ...(scopes[0]?.score === undefined ? {} : { score: scopes[0].score }),
    },
    agents: Object.fromEntries(
      Object.entries(agents).map(([name, agent]) => [name, written(agentKeys(agent) as unknown as Json) as JsonObject]),
    ),
    steps,
  };
}

function addSteps(plan: Plan, index: number, prefix: string, steps: Map<string, StepMeaning>): void {
  const scope = plan.scopes[index] ?? EMPTY_SCOPE;
  for (const step of scope.steps) {
    const path = `${prefix}${step.id}`;
    const { body } = step;
    const inner = body.kind === "steps" || body.kind === "uses" ? plan.scopes[body.scope] : undefined;
    steps.set(path, stepMeaning(step, scope, inner));
    if (inner !== undefined && (body.kind === "steps" || body.kind === "uses"))
      addSteps(plan, body.scope, `${path}/`, steps);
  }
}

function stepMeaning(step: PlannedStep, scope: PlannedScope, inner: PlannedScope | undefined): StepMeaning {
  const { id: _id, description: _description, body, needs, ...rest } = step;
  const { kind, ...own } = body as unknown as { readonly kind: string } & JsonObject;
  const { scope: _scope, ...parts } = own;
  const cache = step.cache === undefined ? null : (written(step.cache as unknown as Json) as JsonObject);
  const fields: JsonObject = {
    ...(written(parts) as JsonObject),
    ...(written(rest as unknown as Json) as JsonObject),
    // Kept by all that it reads, and for good, is said by `true`.
    ...(cache === null ? {} : { cache: Object.keys(cache).length === 0 ? true : cache }),
    ...(inner === undefined ? {} : insideOf(inner)),
  };
  return {
    kind,
    needs: needs.flatMap(({ of, required }) => needNames(of, required, scope)).sort(),
    sure: surelyBefore(step)
      .map((index) => scope.steps[index]?.id ?? "")
      .toSorted(),
    holdsUp: holdsUp(step),
    fields,
    digest: createHash("sha256").update(canonicalJson({ kind, fields })).digest("hex"),
  };
}

/** What is said of the inside of a group or a sub-workflow as a whole. */
function insideOf(scope: PlannedScope): JsonObject {
  const { steps: _steps, workflow, ...rest } = scope;
  const own = workflow === null ? {} : { workflow: written(workflow as unknown as Json) };
  return { ...(written(rest) as JsonObject), ...own };
}

function needNames(of: readonly number[], required: number, scope: PlannedScope): readonly string[] {
  const names = of.map((index) => scope.steps[index]?.id ?? "");
  return required === of.length ? names : [`${required} of ${names.toSorted().join(", ")}`];
}

/** Words of the language for what the plan calls otherwise. */
const words: { readonly [name: string]: string } = {
  condition: "if",
  fan: "for_each",
  isFinally: "finally",
  rates: "rate",
  breaker: "circuit_breaker",
  assumeUsd: "assume",
  artifactStore: "artifacts",
  telemetry: "otlp",
  apiKeySecret: "api_key",
};

/** Data of the user's: as it is, whatever its keys are. */
const data: ReadonlySet<string> = new Set(["schema", "default", "simulate", "output"]);

/** What follows from other keys, or says nothing of what is done. */
const derived: ReadonlySet<string> = new Set(["whenSettled", "description", "variable"]);

/** A value of the plan in the words of the language: templates as they are written, durations as texts, no nulls. */
function written(value: Json): Json {
  if (isTemplate(value)) return writtenTemplate(value);
  if (isModel(value)) return modelText(value);
  if (Array.isArray(value)) return value.map(written);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).flatMap(([name, entry]): [string, Json][] => {
    if (entry === null || entry === undefined || derived.has(name)) return [];
    if (name.endsWith("Ms") && typeof entry === "number") return [[snake(name.slice(0, -2)), formatDuration(entry)]];
    const plain = data.has(name) && !isTemplate(entry) ? entry : written(entry);
    return isJsonObject(plain) && Object.keys(plain).length === 0 ? [] : [[words[name] ?? snake(name), plain]];
  });
  return Object.fromEntries(entries);
}

function isTemplate(value: Json): value is Template & Json {
  if (!isJsonObject(value) || typeof value["kind"] !== "string") return false;
  const keys = Object.keys(value).length;
  switch (value["kind"]) {
    case "literal":
      return "value" in value && keys === 2;
    case "cel":
      return typeof value["source"] === "string" && keys === 2;
    case "text":
      return typeof value["source"] === "string";
    case "list":
      return Array.isArray(value["items"]) && keys === 2;
    case "object":
      return isJsonObject(value["entries"]) && keys === 2;
    default:
      return false;
  }
}

function writtenTemplate(template: Template): Json {
  switch (template.kind) {
    case "literal":
      return template.value;
    case "cel":
      return `\${{ ${template.source} }}`;
    case "text":
      return template.files === undefined ? template.source : { text: template.source, files: { ...template.files } };
    case "list":
      return template.items.map(writtenTemplate);
    case "object":
      return Object.fromEntries(Object.entries(template.entries).map(([key, each]) => [key, writtenTemplate(each)]));
  }
}

function isModel(value: Json): value is PlannedModel & Json {
  return isJsonObject(value) && typeof value["id"] === "string" && "maxTokens" in value && "provider" in value;
}

/** `anthropic/claude-haiku-5-5`, with the settings that are not the usual ones behind it. */
function modelText(model: PlannedModel): Json {
  const { id, provider: _provider, model: _model, ...rest } = model;
  const settings = written(rest) as JsonObject;
  return { id, ...settings };
}

/** A property of the plan as a key of the language; names that people gave stay as they are. */
function snake(name: string): string {
  return /^[a-z]+(?:[A-Z][a-z]*)+$/.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;
}

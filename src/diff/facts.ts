import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import { addressesOf, addressText } from "./address.ts";
import type { Fact } from "./change.ts";
import type { Meaning, StepMeaning } from "./meaning.ts";
import { namesIn } from "./secrets.ts";

/** What is the usual, or follows from other keys: it says nothing of what a step does. */
const usual: readonly (readonly [RegExp, Json?])[] = [
  [/^(?:retry|output|outputs|simulate|workflow\.(?:name|version|inputs|secrets))(?:\.|$)/],
  [/^(?:timeout|origin|host|dialect|is_write|for_each\.(?:variable|max_items|fail_fast|join\..*|size))$/],
  [/^(?:finally|not_initiator)$/, false],
  [/^(?:fallback|params|approvers)$/, []],
  [/^workspace$/, "repo"],
  [/^command\.shell$/, "sh"],
  [/^on_error\.kind$/, "fail"],
  [/^on_timeout$/, "reject"],
  [/^effect$/, "none"],
];

/** A right that an agent has not. */
const isNoRight = ({ field, value }: Fact): boolean =>
  field.startsWith("permissions.") && (value === "none" || isDeepStrictEqual(value, []));

/** What makes an agent of a step more than a text: what it may do, or which program it is. */
const ofAgents = /^(?:tools|servers|sandbox|permissions|spawn|command|acp|models)$/;

/** What a step that is new does, by the keys of the language: also by whom, and with which secrets. */
export function factsOf(step: StepMeaning, agents: Meaning["agents"]): readonly Fact[] {
  const own = flat(step.fields).filter(({ field, value }) => !isUsual(field, value));
  const workers = workersOf(step.fields);
  const secrets = new Set(
    [step.fields, ...workers.map((name) => agents[name] ?? {})].flatMap((value) => [...namesIn(value)]),
  );
  return [
    ...own.map(({ field, value }) => ({ field, value: field === "models" ? modelNames(value) : value })),
    ...workers.flatMap((name) => agentFacts(name, agents[name] ?? {})),
    ...(secrets.size === 0 ? [] : [{ field: "secrets", value: [...secrets].sort() }]),
  ];
}

function agentFacts(name: string, agent: JsonObject): readonly Fact[] {
  const told = Object.fromEntries(Object.entries(agent).filter(([key]) => ofAgents.test(key)));
  const facts = flat(told).filter((fact) => !isNoRight(fact));
  return facts.map(({ field, value }) => ({
    field: `agent ${name}.${field}`,
    value: field === "models" ? modelNames(value) : value,
  }));
}

/** Whoever may do a step: those whom it names, for any of its stages. */
function workersOf({ agent, choice, fallback }: JsonObject): readonly string[] {
  const stages = Array.isArray(fallback)
    ? fallback.map((stage: Json) => (isJsonObject(stage) ? stage["agent"] : null))
    : [];
  const chosen = isJsonObject(choice) && isJsonObject(choice["agents"]) ? Object.values(choice["agents"]) : [];
  return [...new Set([agent, ...chosen, ...stages].filter((name) => typeof name === "string"))];
}

function modelNames(value: Json): Json {
  return [...new Set(addressesOf(value).map(addressText))];
}

function isUsual(field: string, value: Json): boolean {
  return usual.some(([path, only]) => path.test(field) && (only === undefined || isDeepStrictEqual(value, only)));
}

/** Down to single values; lists and texts are values. */
function flat(object: JsonObject, prefix = ""): readonly Fact[] {
  return Object.entries(object).flatMap(([name, value]) =>
    isJsonObject(value) ? flat(value, `${prefix}${name}.`) : [{ field: `${prefix}${name}`, value }],
  );
}

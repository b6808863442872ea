import { isDeepStrictEqual } from "node:util";
import { estimate, type Estimate } from "../plan/estimate.ts";
import { staticFingerprint } from "../plan/step-digest.ts";
import { EMPTY_SCOPE, type Plan } from "../plan/types.ts";
import type { Json, JsonObject } from "../util/json.ts";
import { newAddresses } from "./address.ts";
import type { FieldChange, SecretReach, Shift, StepChange, WorkflowDiff } from "./change.ts";
import type { DirectedShift } from "./direction.ts";
import { guardShifts } from "./guard.ts";
import { agentChanges, fieldChanges, stepChanges } from "./compare.ts";
import { flowsOf } from "./flow.ts";
import { meaningOf, type Meaning } from "./meaning.ts";
import { secretReach } from "./secrets.ts";

/**
 * How the meaning of a workflow changed from one plan to another; null = there is none. What is compared is what would
 * run: with defaults, aliases, partials, files and sub-workflows put in. Spelling, comments, descriptions and the order
 * of steps mean nothing. `path` is the workflow's name for people. Pure.
 */
export function diffPlans(path: string, before: Plan | null, after: Plan | null): WorkflowDiff {
  const was = before === null ? NOTHING : meaningOf(before);
  const is = after === null ? NOTHING : meaningOf(after);
  const workflow = fieldChanges(was.workflow, is.workflow, "workflow");
  const agents = agentChanges(was.agents, is.agents);
  const steps = stepChanges(was.steps, is.steps, is.agents);
  const shifts = [
    ...shiftsOf("workflow", workflow),
    ...agents.flatMap(({ name, fields }) => shiftsOf(`agent ${name}`, fields)),
    ...steps.flatMap(({ name, fields }) => shiftsOf(`step ${name}`, fields)),
    ...agents.flatMap(({ name, change }) => (change === "added" ? grantShifts(name, was.agents, is.agents[name]) : [])),
    ...steps.flatMap((step) => handoverShifts(step, was.agents, is.agents)),
    ...guardShifts(was.steps, is.steps, steps),
  ];
  const secretsBefore = secretReach(was);
  const secretsAfter = secretReach(is);
  const [told, tells] = [before === null ? null : estimate(before), after === null ? null : estimate(after)];
  const [flowsBefore, flowsAfter] = [flowsOf(before), flowsOf(after)];
  const isEqual = workflow.length + agents.length + steps.length === 0;
  return {
    path,
    status: before === null ? "added" : after === null ? "removed" : isEqual ? "equal" : "changed",
    workflow,
    agents,
    steps,
    widened: ofDirection(shifts, "widened"),
    narrowed: ofDirection(shifts, "narrowed"),
    modelsAdded: [
      ...modelsOf(tells).filter((id) => !modelsOf(told).includes(id)),
      ...newAddresses(
        askers(was),
        askers(is),
        modelsOf(tells).filter((id) => modelsOf(told).includes(id)),
      ),
    ],
    modelsRemoved: modelsOf(told).filter((id) => !modelsOf(tells).includes(id)),
    secretsAdded: without(secretsAfter, secretsBefore),
    secretsRemoved: without(secretsBefore, secretsAfter),
    flowsAdded: flowsAfter.filter((flow) => !flowsBefore.includes(flow)),
    flowsRemoved: flowsBefore.filter((flow) => !flowsAfter.includes(flow)),
    cost: {
      before: told?.costUsd ?? null,
      after: tells?.costUsd ?? null,
      callsBefore: told?.calls ?? null,
      callsAfter: tells?.calls ?? null,
    },
    reuse: before === null || after === null ? { kept: [], again: [] } : reuseOf(before, after),
  };
}

const NOTHING: Meaning = { workflow: {}, agents: {}, steps: new Map() };

/** What lets an agent do more than answer. */
const rights = /^(?:tools|permissions\..*|sandbox|spawn\.agents|mcp(?:\..*)?|command\.argv|acp\.command)$/;

/** What a new agent may do; nothing where an agent of before might do the same, as one that has another name now. */
function grantShifts(name: string, before: Meaning["agents"], agent: JsonObject = {}): readonly DirectedShift[] {
  const granted = (each: JsonObject) => fieldChanges({}, each, "agent").filter(({ field }) => rights.test(field));
  const grants = granted(agent);
  if (Object.values(before).some((each) => isDeepStrictEqual(granted(each), grants))) return [];
  return shiftsOf(`agent ${name}`, grants);
}

function shiftsOf(owner: string, fields: readonly FieldChange[]): readonly DirectedShift[] {
  return fields.map((change) => ({ owner, ...change }));
}

/** What another agent, who does a step now, may do that the one of before might not. */
function handoverShifts(
  { name, fields }: StepChange,
  before: Meaning["agents"],
  after: Meaning["agents"],
): readonly DirectedShift[] {
  const agent = fields.find(({ field }) => field === "agent");
  const nameOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");
  const [old, now] = [before[nameOf(agent?.before)], after[nameOf(agent?.after)]];
  // What a new agent may do is told of the agent.
  const isNew = before[nameOf(agent?.after)] === undefined;
  if (agent === undefined || old === undefined || now === undefined || isNew) return [];
  const wider = fieldChanges(old, now, "agent").filter(
    ({ field, direction }) => rights.test(field) && direction === "widened",
  );
  return shiftsOf(`step ${name} by ${nameOf(agent.after)}`, wider);
}

function ofDirection(shifts: readonly DirectedShift[], wanted: "widened" | "narrowed"): readonly Shift[] {
  return shifts.filter(({ direction }) => direction === wanted).map(({ direction: _direction, ...shift }) => shift);
}

/** All that names models to ask. */
function askers({ agents, steps }: Meaning): Json {
  return [agents, ...[...steps.values()].map(({ fields }) => fields)];
}

function modelsOf(told: Estimate | null): readonly string[] {
  return told?.models.map(({ id }) => id) ?? [];
}

function without(list: readonly SecretReach[], others: readonly SecretReach[]): readonly SecretReach[] {
  const known = new Set(others.map(({ secret, owner }) => `${secret} ${owner}`));
  return list.filter(({ secret, owner }) => !known.has(`${secret} ${owner}`));
}

/** Steps with effects, by whether they ask for the same as before. */
function reuseOf(before: Plan, after: Plan): WorkflowDiff["reuse"] {
  const [was, is] = [printsOf(before), printsOf(after)];
  const kept: string[] = [];
  const again: string[] = [];
  for (const [path, print] of is) {
    if (!was.has(path)) continue;
    (was.get(path) === print ? kept : again).push(path);
  }
  return { kept, again };
}

/** The static fingerprints of the steps whose outcomes are facts, by path. */
function printsOf(plan: Plan, scope = 0, prefix = "", prints = new Map<string, Json>()): ReadonlyMap<string, Json> {
  (plan.scopes[scope] ?? EMPTY_SCOPE).steps.forEach(({ id, body }, index) => {
    const path = `${prefix}${id}`;
    if (body.kind === "steps" || body.kind === "uses") printsOf(plan, body.scope, `${path}/`, prints);
    else if (body.kind !== "value") prints.set(path, staticFingerprint(plan, scope, index));
  });
  return prints;
}

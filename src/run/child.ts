import { callKey, childAgentsOf, paidKey } from "./attempt-key.ts";
import type { Fact } from "./fact.ts";
import type { ChildRecord } from "./child-record.ts";
import { noSpend, plusSpend, roundUsd, type Spend } from "./spend.ts";
import type { ItemRecord, ScopeRecord, StepRecord } from "./state.ts";
import { errorJson, type ReadValue } from "./step-value.ts";
import type { JsonObject } from "../util/json.ts";

/** The facts of a run, as far as children need them. */
export interface ChildFacts {
  /** Names of the agents that an attempt has started, in order. */
  childrenOf(attempt: string): readonly string[];
  all(key: string): readonly Fact[];
}

/** Puts the agents that the attempts of a run have started beside their steps and items. */
export function addChildren(scope: ScopeRecord, facts: ChildFacts): void {
  for (const step of scope.steps) {
    addToUnit(step, step.path, facts);
    if (step.inner !== null) addChildren(step.inner, facts);
    for (const [index, item] of (step.items ?? []).entries()) {
      addToUnit(item, `${step.path}[${index}]`, facts);
      if (item.inner !== null) addChildren(item.inner, facts);
    }
  }
}

function addToUnit(unit: StepRecord | ItemRecord, path: string, facts: ChildFacts): void {
  if (unit.attemptKey === undefined) return;
  const isOpen = unit.status === "running" || unit.status === "waiting";
  unit.children = childrenOf(unit.attemptKey, path, isOpen, facts);
}

function childrenOf(attempt: string, path: string, isOpen: boolean, facts: ChildFacts): readonly ChildRecord[] {
  return facts.childrenOf(attempt).flatMap((key) => {
    const fact = facts.all(key).at(-1);
    return fact === undefined ? [] : [childOf(fact, path, isOpen, facts)];
  });
}

function childOf(fact: Fact, around: string, isAroundOpen: boolean, facts: ChildFacts): ChildRecord {
  const { key, extra, state, startedAt, endedAt, output, failure } = fact;
  const path = `${around}/${String(extra?.["child"] ?? "?")}`;
  const isOver = state === "succeeded" || state === "failed";
  const status = isOver ? state : !isAroundOpen ? "cancelled" : state === "waiting" ? "waiting" : "running";
  const children = childrenOf(key, path, isAroundOpen && !isOver, facts);
  return {
    path,
    agent: childAgentsOf(key).at(-1) ?? "",
    label: textOf(extra?.["label"]),
    task: textOf(extra?.["task"]) ?? "",
    status,
    askedModel: textOf(extra?.["asked"]),
    startedAt,
    endedAt,
    output: state === "succeeded" ? output : null,
    failure,
    spend: children.reduce((sum, child) => addUp(sum, child.spend), ownSpend(fact, facts)),
    children,
  };
}

/** What its own calls took: those of its conversation, and those that a budget counted. */
function ownSpend(fact: Fact, facts: ChildFacts): Spend {
  let sum = plusSpend(noSpend, fact);
  for (const keyOf of [callKey, paidKey]) {
    for (let n = 1; ; n += 1) {
      const calls = facts.all(keyOf(fact.key, n));
      if (calls.length === 0) break;
      for (const call of calls) sum = plusSpend(sum, call);
    }
  }
  return sum;
}

function addUp(a: Spend, b: Spend): Spend {
  return plusSpend(a, { usage: b.usage, costUsd: b.costUsd });
}

function textOf(value: NonNullable<Fact["extra"]>[string] | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** The agents that a step or an item has started, for reports. */
export function childrenJson(children: readonly ChildRecord[], read: ReadValue): JsonObject[] {
  return children.map((child) => {
    const { usage, costUsd } = child.spend;
    return {
      child: child.path,
      agent: child.agent,
      label: child.label,
      task: child.task,
      status: child.status,
      model_asked: child.askedModel,
      started_at: new Date(child.startedAt).toISOString(),
      duration_ms: child.endedAt === null ? null : Math.round(child.endedAt - child.startedAt),
      output: child.output === null ? null : read(child.output),
      error: errorJson(child.failure),
      usage: {
        input_tokens: usage.inputTokens,
        output_tokens: usage.outputTokens,
        cache_read_tokens: usage.cacheReadTokens,
        cache_write_tokens: usage.cacheWriteTokens,
        calls: usage.calls,
      },
      cost_usd: costUsd === null || usage.calls === 0 ? null : roundUsd(costUsd),
      children: childrenJson(child.children, read),
    };
  });
}

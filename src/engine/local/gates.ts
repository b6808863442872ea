import type { Evaluator } from "../../expression/evaluate.ts";
import { gateKey, itemNames } from "../../run/attempt-key.ts";
import type { Fact } from "../../run/fact.ts";
import type { Failure } from "../../run/failure.ts";
import type { SchedulerCommand } from "../../run/scheduler/command.ts";
import type { GateVerdict } from "../../run/scheduler/event.ts";
import type { StepRecord } from "../../run/state.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { Json } from "../../util/json.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { FactIndex } from "./fact-index.ts";
import type { RunView } from "./run-view.ts";

export type GateCommand = Extract<SchedulerCommand, { readonly type: "gate" }>;

export interface GateOptions {
  readonly view: RunView;
  readonly evaluator: Evaluator;
  readonly facts: FactIndex;
  readonly readValue: (ref: ValueRef) => Json;
  readonly remember: (fact: Fact) => void;
  readonly now: () => number;
  readonly answer: (command: GateCommand, verdict: GateVerdict) => void;
}

/** Evaluates `if` and `for_each` of steps whose needs hold. */
export class Gates {
  readonly #o: GateOptions;
  readonly #failures = new Map<number, Failure>();
  readonly #itemNames = new Map<number, readonly string[]>();
  /** Gates that wait for what they saw when they were first opened, before a crash. */
  readonly #waiting = new Set<GateCommand>();

  constructor(options: GateOptions) {
    this.#o = options;
  }

  /** Why a step failed at its gate; undefined when it did not. */
  failureOf(step: number): Failure | undefined {
    return this.#failures.get(step);
  }

  /** The lasting name of an item of a `for_each`. */
  itemName(step: number, item: number): string {
    return this.#itemNames.get(step)?.[item] ?? "";
  }

  /** Answers the command, now or when what it must see is there. */
  open(command: GateCommand): void {
    if (!this.#freezeView(command.step)) {
      this.#waiting.add(command);
      return;
    }
    const verdict = this.#verdict(command);
    if (!("failure" in verdict)) {
      this.#o.answer(command, verdict);
      return;
    }
    this.#failures.set(command.step, verdict.failure);
    this.#o.answer(command, { kind: "fail", class: verdict.failure.class });
  }

  /** A step has ended: gates that waited may open now. */
  reconsider(): void {
    for (const command of [...this.#waiting]) {
      this.#waiting.delete(command);
      this.open(command);
    }
  }

  #verdict({ step: index, status }: GateCommand): GateVerdict | { readonly failure: Failure } {
    const { view, evaluator } = this.#o;
    const step = view.step(index);
    const read = view.read(index);
    const refuse = (key: string, code: string, message: string) => ({ failure: expressionFailure(key, step.id, { code, message }) });
    if (read.condition !== null) {
      const holds = evaluator.evaluate(read.condition, view.values(read.conditionPaths, index), status);
      if (!holds.ok) return refuse("if", holds.error.code, holds.error.message);
      if (typeof holds.value !== "boolean") return refuse("if", "not_boolean", `it gives ${JSON.stringify(holds.value).slice(0, 100)}, not true or false`);
      if (!holds.value) return { kind: "skip" };
    }
    if (step.fan === null) return { kind: "run", items: null };
    const items = evaluator.evaluate(step.fan.items, view.values(read.itemPaths, index));
    if (!items.ok) return refuse("for_each", items.error.code, items.error.message);
    if (!Array.isArray(items.value)) return refuse("for_each", "not_a_list", "it does not give a list");
    const list = items.value as readonly Json[];
    if (list.length > step.fan.maxItems) {
      return refuse("for_each", "too_many_items", `its list has ${list.length} items, more than max_items (${step.fan.maxItems})`);
    }
    this.#itemNames.set(index, itemNames(list));
    view.stepRecord(index).items = list.map((item) => ({ item, status: "pending", attempts: 0, output: null, failure: null }));
    return { kind: "run", items: list.length };
  }

  /**
   * A step that may start before all of its needs have ended sees the others as null, now and after every resume:
   * what it saw is a fact. False while something that it saw the first time has not come back yet.
   */
  #freezeView(index: number): boolean {
    const { view, facts, now, readValue } = this.#o;
    const { unfinished } = view.read(index);
    if (unfinished === null || view.hidden.has(index)) return true;
    const idOf = (need: number): string => view.step(need).id;
    const isOver = (need: number): boolean => isTerminal(view.stepRecord(need));
    const key = gateKey(view.stepRecord(index).path);
    const fact = facts.find(key, GATE);
    if (fact === null || fact.output === null) {
      const at = now();
      const seen = unfinished.filter(isOver).map(idOf);
      this.#o.remember({
        key, fingerprint: GATE, state: "succeeded", starts: 1, startedAt: at, endedAt: at, output: { inline: seen },
        extra: null, failure: null, model: null, usage: null, costUsd: null,
      });
      view.hidden.set(index, new Set(unfinished.filter((need) => !isOver(need))));
      return true;
    }
    const seen = new Set(readValue(fact.output) as readonly string[]);
    if (unfinished.some((need) => seen.has(idOf(need)) && !isOver(need))) return false;
    view.hidden.set(index, new Set(unfinished.filter((need) => !seen.has(idOf(need)))));
    return true;
  }
}

/** The fingerprint of what a gate saw: it holds whatever else changes. */
const GATE = "gate";

function isTerminal({ status }: StepRecord): boolean {
  return status === "succeeded" || status === "failed" || status === "skipped" || status === "cancelled";
}

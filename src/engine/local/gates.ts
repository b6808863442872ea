import type { Evaluator } from "../../expression/evaluate.ts";
import type { PlannedFan } from "../../plan/types.ts";
import { gateKey, itemNames, unitKey } from "../../run/attempt-key.ts";
import { pureFact, type Fact } from "../../run/fact.ts";
import type { Failure } from "../../run/failure.ts";
import type { SchedulerCommand } from "../../run/scheduler/command.ts";
import type { GateVerdict } from "../../run/scheduler/event.ts";
import { isTerminal, itemRecord, type StepRecord } from "../../run/state.ts";
import type { ReadValue } from "../../run/step-value.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { asText, type Json } from "../../util/json.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { FactIndex } from "./fact-index.ts";
import type { ScopeView } from "./scope-view.ts";

export type GateCommand = Extract<SchedulerCommand, { readonly type: "gate" }>;

export interface GateOptions {
  readonly evaluator: Evaluator;
  readonly facts: FactIndex;
  readonly read: ReadValue;
  /** Files of the workspace that match a pattern, relative to it, with `/`, sorted. */
  readonly glob: (pattern: string) => Result<readonly string[], string>;
  readonly remember: (fact: Fact) => void;
  readonly now: () => number;
  readonly answer: (command: GateCommand, verdict: GateVerdict) => void;
}

/** A gate of one scope that is asked. */
interface Question {
  readonly view: ScopeView;
  readonly command: GateCommand;
}

/** Evaluates `if` and `for_each` of steps whose needs hold. */
export class Gates {
  readonly #o: GateOptions;
  readonly #failures = new Map<StepRecord, Failure>();
  /** Gates that wait for what they saw when they were first opened, before a crash. */
  readonly #waiting = new Set<Question>();

  constructor(options: GateOptions) {
    this.#o = options;
  }

  /** Why a step failed at its gate; undefined when it did not. */
  failureOf(step: StepRecord): Failure | undefined {
    return this.#failures.get(step);
  }

  /** Answers the command, now or when what it must see is there. */
  open(question: Question): void {
    const { view, command } = question;
    if (!this.#freezeView(view, command.step)) {
      this.#waiting.add(question);
      return;
    }
    const verdict = this.#verdict(question);
    if (!("failure" in verdict)) {
      this.#o.answer(command, verdict);
      return;
    }
    this.#failures.set(view.stepRecord(command.step), verdict.failure);
    this.#o.answer(command, { kind: "fail", class: verdict.failure.class });
  }

  /** A step has ended: gates that waited may open now. */
  reconsider(): void {
    const questions = [...this.#waiting];
    this.#waiting.clear();
    for (const question of questions) this.open(question);
  }

  #verdict({ view, command: { step: index, status } }: Question): GateVerdict | { readonly failure: Failure } {
    const step = view.step(index);
    const { condition, conditionPaths } = view.read(index);
    if (condition !== null) {
      const holds = this.#o.evaluator.evaluate(condition, view.values(conditionPaths, index), status);
      if (!holds.ok) return { failure: expressionFailure("if", step.id, holds.error) };
      if (typeof holds.value !== "boolean")
        return {
          failure: wrongValue(
            "if",
            step.id,
            "not_boolean",
            `it gives ${JSON.stringify(holds.value).slice(0, 100)}, not true or false`,
          ),
        };
      if (!holds.value) return { kind: "skip" };
    }
    if (step.fan === null) return { kind: "run", items: null };
    const list = this.#list(view, index, step.fan);
    if (!list.ok) return { failure: list.error };
    const names = this.#names(view, index, list.value);
    if (!names.ok) return { failure: names.error };
    const { batch } = step.fan;
    const units = batch === null ? list.value : chunks(list.value, batch.size);
    const record = view.stepRecord(index);
    // A batch is what is in it: it is done again when its items are others.
    const unitNames = batch === null ? names.value : itemNames(chunks(names.value, batch.size));
    record.items = units.map((unit, position) => itemRecord(unit, unitNames[position] as string));
    return { kind: "run", items: units.length };
  }

  /** The items of a step; refused when there are more than `max_items`, before the first one starts. */
  #list(view: ScopeView, index: number, fan: PlannedFan): Result<readonly Json[], Failure> {
    const { id } = view.step(index);
    const values = view.values(view.read(index).itemPaths, index);
    const given = this.#o.evaluator.evaluate(fan.glob ?? fan.items, values);
    if (!given.ok) return err(expressionFailure("for_each", id, given.error));
    const found = fan.glob === null ? given : this.#o.glob(asText(given.value));
    if (!found.ok) return err(wrongValue("for_each", id, "glob", found.error));
    if (!Array.isArray(found.value)) return err(wrongValue("for_each", id, "not_a_list", "it does not give a list"));
    const list = found.value as readonly Json[];
    if (list.length <= fan.maxItems) return ok(list);
    return err(
      wrongValue(
        "for_each",
        id,
        "too_many_items",
        `its list has ${list.length} items, more than max_items (${fan.maxItems})`,
      ),
    );
  }

  /** Lasting names of the items: by content, or by `item_key`. */
  #names(view: ScopeView, index: number, list: readonly Json[]): Result<readonly string[], Failure> {
    const { itemKey, itemKeyPaths } = view.read(index);
    if (itemKey === null) return ok(itemNames(list));
    const keys: Json[] = [];
    for (const [position, item] of list.entries()) {
      const key = this.#o.evaluator.evaluate(itemKey, view.values(itemKeyPaths, index, { item, index: position }));
      if (!key.ok) return err(expressionFailure("item_key", view.step(index).id, key.error));
      keys.push(key.value);
    }
    return ok(itemNames(keys));
  }

  /**
   * A step that may start before all of its needs have ended sees the others as null, now and after every resume:
   * what it saw is a fact. False while something that it saw the first time has not come back yet.
   */
  #freezeView(view: ScopeView, index: number): boolean {
    const { facts, now, read: readValue } = this.#o;
    const { unfinished } = view.read(index);
    if (unfinished === null || view.hidden.has(index)) return true;
    const idOf = (need: number): string => view.step(need).id;
    const isOver = (need: number): boolean => isTerminal(view.stepRecord(need));
    const key = gateKey(unitKey(view.keyPrefix, idOf(index), null));
    const fact = facts.find(key, GATE);
    if (fact === null || fact.output === null) {
      const at = now();
      const seen = unfinished.filter(isOver).map(idOf);
      this.#o.remember(pureFact(key, GATE, { inline: seen }, at));
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

function wrongValue(key: string, id: string, code: string, message: string): Failure {
  return expressionFailure(key, id, { code, message });
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

import type { Plan, PlannedStep } from "../../plan/types.ts";
import { scopeRecord, type ItemRecord, type ScopeRecord, type StepRecord } from "../../run/state.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import { InternalError } from "../../util/internal-error.ts";
import type { Json } from "../../util/json.ts";
import { valuesFor, type UnitView, type Values } from "./context.ts";
import { stepRead, type StepRead } from "./step-read.ts";

/** The steps of a run: as planned, how far they are, and the values that expressions see of them. */
export class RunView {
  readonly plan: Plan;
  readonly record: ScopeRecord;
  /**
   * Steps whose gate opened while some of what they name still ran: those others read null, for as long as the
   * run lasts. By step index.
   */
  readonly hidden = new Map<number, ReadonlySet<number>>();
  readonly #base: Values;
  readonly #readValue: (ref: ValueRef) => Json;
  readonly #steps: readonly PlannedStep[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #reads: (StepRead | undefined)[] = [];

  /** `base` are the roots that never change: `inputs`, `env`, `run`. */
  constructor(plan: Plan, base: Values, readValue: (ref: ValueRef) => Json) {
    const [scope] = plan.scopes;
    if (scope === undefined) throw new InternalError("a plan without a scope");
    this.plan = plan;
    this.record = scopeRecord(scope);
    this.#base = base;
    this.#readValue = readValue;
    this.#steps = scope.steps;
    this.#indexOf = new Map(scope.steps.map((step, index) => [step.id, index]));
  }

  /** The position of a step by its path; undefined when there is none. */
  indexOf(path: string): number | undefined {
    return this.#indexOf.get(path);
  }

  step(index: number): PlannedStep {
    return this.#steps[index] as PlannedStep;
  }

  stepRecord(index: number): StepRecord {
    return this.record.steps[index] as StepRecord;
  }

  /** One unit of a `for_each` whose list is known. */
  itemRecord(index: number, item: number): ItemRecord {
    const record = this.stepRecord(index).items?.[item];
    if (record === undefined) throw new InternalError(`step ${index} has no item ${item}`);
    return record;
  }

  /** What the step reads; told once. */
  read(index: number): StepRead {
    return (this.#reads[index] ??= stepRead(this.plan, 0, index));
  }

  /** The values behind these names for a reader: a step (null for the workflow's outputs), and one item of it. */
  values(paths: readonly (readonly string[])[], index: number | null, unit: UnitView | null = null): Values {
    const hidden = index === null ? null : (this.hidden.get(index) ?? null);
    return valuesFor(paths, this.#base, this.record, this.#indexOf, this.#readValue, unit, hidden);
  }
}

import type { StepPlace } from "../../plan/lets-through.ts";
import type { Grant } from "../../plan/permissions.ts";
import type { Plan, PlannedStep } from "../../plan/types.ts";
import { scopeRecord, type ItemRecord, type ScopeRecord, type StepRecord } from "../../run/state.ts";
import { mergeArtifacts, type Artifact } from "../../run/artifact.ts";
import { errorJson, stepArtifacts, type ReadValue } from "../../run/step-value.ts";
import { InternalError } from "../../util/internal-error.ts";
import type { Json } from "../../util/json.ts";
import { stepValues, type FindStep, type Values } from "./context.ts";
import { stepRead, type StepRead } from "./step-read.ts";

/** Loop variables of a unit: `item`, `items` or `matrix` with `index`, and `previous`. */
export type LoopVariables = { readonly [name: string]: Json };

/** The unit that a scope runs in. */
export interface Outside {
  readonly view: ScopeView;
  /** Which step of that scope it is. */
  readonly step: number;
  readonly variables: LoopVariables;
  /** A group sees the names around it; a sub-workflow only what is passed to it. */
  readonly isSeen: boolean;
}

export interface ScopeViewOptions {
  /** The scheduler's number of this instance. */
  readonly id: number;
  readonly plan: Plan;
  /** Position in `plan.scopes`. */
  readonly scope: number;
  /** `inputs`, `env`, `run`: what never changes in this scope. */
  readonly base: Values;
  /** `env` of the workflow with its secrets, for processes. */
  readonly workflowEnv: { readonly [name: string]: string };
  readonly secrets: { readonly [name: string]: string };
  readonly grant: Grant;
  readonly outside: Outside | null;
  /** The lasting name of the attempt it runs in, and the path of its step for people, each with `/`; empty at the top. */
  readonly keyPrefix: string;
  readonly pathPrefix: string;
  readonly read: ReadValue;
  /** What the steps of each scope read, told once for all its instances. */
  readonly reads: Map<PlannedStep, StepRead>;
}

/** One instance of a scope at work: its steps as planned, how far they are, and the values that expressions see. */
export class ScopeView {
  readonly record: ScopeRecord;
  /**
   * Steps whose gate opened while some of what they name still ran: those others read null, for as long as the
   * run lasts. By step index.
   */
  readonly hidden = new Map<number, ReadonlySet<number>>();
  readonly #o: ScopeViewOptions;
  readonly #steps: readonly PlannedStep[];
  readonly #indexOf: ReadonlyMap<string, number>;

  constructor(options: ScopeViewOptions) {
    const scope = options.plan.scopes[options.scope];
    if (scope === undefined) throw new InternalError(`the plan has no scope ${options.scope}`);
    this.record = scopeRecord(scope, options.pathPrefix);
    this.#o = options;
    this.#steps = scope.steps;
    this.#indexOf = new Map(scope.steps.map((step, index) => [step.id, index]));
  }

  get id(): number {
    return this.#o.id;
  }

  get keyPrefix(): string {
    return this.#o.keyPrefix;
  }

  get base(): Values {
    return this.#o.base;
  }

  get workflowEnv(): { readonly [name: string]: string } {
    return this.#o.workflowEnv;
  }

  get secrets(): { readonly [name: string]: string } {
    return this.#o.secrets;
  }

  get grant(): Grant {
    return this.#o.grant;
  }

  get outputs(): Plan["scopes"][number]["outputs"] {
    return this.#o.plan.scopes[this.#o.scope]?.outputs ?? {};
  }

  /** CEL source of the score; undefined where there is none. */
  get score(): string | undefined {
    return this.#o.plan.scopes[this.#o.scope]?.score;
  }

  step(index: number): PlannedStep {
    return this.#steps[index] as PlannedStep;
  }

  /** Where a step of this scope is in the plan. */
  placeOf(index: number): StepPlace {
    const { outside, scope } = this.#o;
    const around = outside === null ? [] : outside.view.placeOf(outside.step);
    return [...around, { scope, step: index }];
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

  /** What the step reads. */
  read(index: number): StepRead {
    const step = this.step(index);
    let read = this.#o.reads.get(step);
    if (read === undefined) this.#o.reads.set(step, (read = stepRead(this.#o.plan, this.#o.scope, index)));
    return read;
  }

  /** The values behind these names for a reader: a step (null for the scope's outputs), and the unit of it. */
  values(paths: readonly (readonly string[])[], index: number | null, variables: LoopVariables = {}): Values {
    const find = this.#finder(index);
    const values: { [root: string]: Json | undefined } = { ...this.#o.base, ...this.#loopVariables(), ...variables };
    values["steps"] = stepValues(paths, () => this.#ids(), find, this.#o.read);
    if (index !== null && this.step(index).isFinally)
      values["run"] = { ...(values["run"] as { [name: string]: Json }), ...this.#soFar() };
    return values;
  }

  /** The artifacts that a step may find, by path. */
  artifacts(index: number): ReadonlyMap<string, Artifact> {
    const find = this.#finder(index);
    const sources = (this.step(index).files?.from ?? []).map(find);
    return mergeArtifacts(sources.map((record) => (record ? stepArtifacts(record, this.#o.read) : [])));
  }

  /** Finds steps as a reader sees them. */
  #finder(index: number | null): FindStep {
    const hidden = index === null ? undefined : this.hidden.get(index);
    return (id) => {
      const own = this.#indexOf.get(id);
      if (own === undefined)
        return this.#o.outside?.isSeen === true ? this.#o.outside.view.#findOutside(id) : undefined;
      return hidden?.has(own) === true ? null : this.stepRecord(own);
    };
  }

  #findOutside(id: string): StepRecord | undefined {
    const own = this.#indexOf.get(id);
    if (own !== undefined) return this.stepRecord(own);
    return this.#o.outside?.isSeen === true ? this.#o.outside.view.#findOutside(id) : undefined;
  }

  *#ids(): Iterable<string> {
    yield* this.#indexOf.keys();
    if (this.#o.outside?.isSeen === true) yield* this.#o.outside.view.#ids();
  }

  /** Those of the units around, the innermost winning. */
  #loopVariables(): LoopVariables {
    const { outside } = this.#o;
    return outside?.isSeen === true ? { ...outside.view.#loopVariables(), ...outside.variables } : {};
  }

  /** How the body of the scope stands when `finally` runs. */
  #soFar(): { status: string; error: Json } {
    const failed = this.record.steps.find(({ status, caught }) => status === "failed" && !caught);
    const isCancelled = this.record.steps.some(({ status }) => status === "cancelled");
    const status = failed !== undefined ? "failed" : isCancelled ? "cancelled" : "succeeded";
    return { status, error: errorJson(failed?.failure ?? null) };
  }
}

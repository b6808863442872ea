import type { Template } from "../../expression/template.ts";
import type { PlannedStep } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { isNamed } from "../../run/attempt-key.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { InternalError } from "../../util/internal-error.ts";
import { NumberMap } from "../../util/number-map.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { CoreOptions } from "./core-options.ts";
import { scopeSpend } from "../../run/report.ts";
import { addSpend } from "../../run/state.ts";
import { runFailure } from "./failing.ts";
import { enterWorkflow, type Entry } from "./scope-entry.ts";
import { ScopeView, type Outside } from "./scope-view.ts";
import { pathsOf, type StepRead } from "./step-read.ts";
import type { Task, UnitWork } from "./unit-work.ts";

/** The scopes that are open: the workflow, and those of the groups and sub-workflows that are at work. */
export class Scopes {
  readonly root: ScopeView;
  readonly #o: CoreOptions;
  /** By the scheduler's number; 0 is the workflow. */
  readonly #open = new NumberMap<ScopeView>();
  readonly #reads = new Map<PlannedStep, StepRead>();
  /** What the scopes that are about to open start with, by unit. */
  readonly #entries = new NumberMap<Entry>();

  constructor(options: CoreOptions) {
    this.#o = options;
    this.root = this.#openView(0, 0, options, null, "", "");
  }

  view(scope: number): ScopeView {
    const view = this.#open.get(scope);
    if (view === undefined) throw new InternalError(`scope ${scope} is not open`);
    return view;
  }

  /** Where the steps with this path are: `group[2]/inner` is one of them, `group/inner` those of all items. */
  find(path: string): { readonly view: ScopeView; readonly step: number }[] {
    return [...this.#open.values()].flatMap((view) => {
      const step = view.record.steps.findIndex((record) => isNamed(record.path, path));
      return step >= 0 ? [{ view, step }] : [];
    });
  }

  /** Resolves what the scope inside a unit starts with; kept until it is entered. */
  prepare(id: number, unit: UnitWork, task: Task): Result<null, Failure> {
    const entry = this.#entryOf(unit, task);
    if (!entry.ok) return entry;
    this.#entries.set(id, entry.value);
    return ok(null);
  }

  /** Opens the scope inside a unit. */
  enter(id: number, unit: UnitWork, scope: number): void {
    const entry = this.#entries.get(id);
    const body = unit.task?.step.body;
    if (entry === undefined || unit.task === null || (body?.kind !== "steps" && body?.kind !== "uses")) {
      throw new InternalError(`scope ${scope} opens in '${unit.record.path}', which is not ready for it`);
    }
    this.#entries.delete(id);
    const outside: Outside = {
      view: unit.view,
      step: unit.index,
      variables: unit.task.variables,
      isSeen: body.kind === "steps",
    };
    const path = unit.item === null ? unit.record.path : `${unit.record.path}[${unit.item.index}]`;
    unit.inside = this.#openView(scope, body.scope, entry, outside, `${unit.key}/`, `${path}/`);
    const place = unit.item?.record ?? unit.record;
    // The rounds and attempts before are no longer shown, but they were paid.
    if (place.inner !== null) addSpend(unit.record, { model: null, ...scopeSpend(place.inner) });
    place.inner = unit.inside.record;
  }

  /** What came of the scope inside a unit, all of whose steps have ended. */
  leave(unit: UnitWork, isFailed: boolean): Result<JsonObject, Failure> {
    if (unit.inside === null) throw new InternalError(`'${unit.record.path}' is left, but nobody is in it`);
    if (!isFailed) return this.outputs(unit.inside);
    return err(runFailure(unit.inside.record) ?? failure("internal", "bug", "a scope failed without a reason"));
  }

  /** The unit, or an attempt of it, is over. */
  close(unit: UnitWork): void {
    if (unit.inside !== null) this.#open.delete(unit.inside.id);
    unit.inside = null;
  }

  /** The outputs of a scope as its steps stand. */
  outputs(view: ScopeView): Result<JsonObject, Failure> {
    const outputs: { [name: string]: Json } = {};
    for (const [name, template] of Object.entries(view.outputs)) {
      const value = this.#o.evaluator.evaluate(template, view.values(pathsOf([template]), null));
      if (!value.ok) return err(expressionFailure("outputs", name, value.error));
      outputs[name] = value.value;
    }
    this.#rate(view);
    return ok(outputs);
  }

  /** A score that cannot be computed takes nothing from what the run has done: it is told, and there is none. */
  #rate(view: ScopeView): void {
    const { record, score } = view;
    if (score === undefined) return;
    const template: Template = { kind: "cel", source: score };
    const value = this.#o.evaluator.evaluate(template, view.values(pathsOf([template]), null));
    const isNumber = value.ok && typeof value.value === "number" && Number.isFinite(value.value);
    record.score = isNumber ? value.value : null;
    record.scoreProblem = isNumber
      ? null
      : value.ok
        ? `it gives ${JSON.stringify(value.value).slice(0, 100)}, not a number`
        : value.error.message;
  }

  #entryOf({ view, index }: UnitWork, { step, variables }: Task): Result<Entry, Failure> {
    const { body } = step;
    if (body.kind !== "uses") return ok(view);
    const child = this.#o.info.plan.scopes[body.scope]?.workflow;
    if (child === undefined || child === null) throw new InternalError(`'${step.id}' uses a scope that is no workflow`);
    const { evaluator, check } = this.#o;
    const values = view.values(view.read(index).body, index, variables);
    return enterWorkflow(step.id, body, child, values, { evaluator, check, secrets: view.secrets, grant: view.grant });
  }

  #openView(
    id: number,
    scope: number,
    entry: Entry,
    outside: Outside | null,
    keyPrefix: string,
    pathPrefix: string,
  ): ScopeView {
    const { base, workflowEnv, secrets, grant } = entry;
    const { info, read } = this.#o;
    const reads = this.#reads;
    const view = new ScopeView({
      id,
      plan: info.plan,
      scope,
      base,
      workflowEnv,
      secrets,
      grant,
      outside,
      keyPrefix,
      pathPrefix,
      read,
      reads,
    });
    this.#open.set(id, view);
    return view;
  }
}

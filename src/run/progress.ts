import { EMPTY_SCOPE, type Plan, type StepKind } from "../plan/types.ts";
import { graphOf } from "../plan/graph.ts";
import { jsonText } from "../util/json.ts";
import type { StoredEvent } from "./event.ts";
import { ItemTally } from "./item-tally.ts";

/** How a step looks from outside, by its events. */
export type StepPhase =
  | "pending"
  | "running"
  | "retrying"
  | "waiting"
  | "succeeded"
  | "failed"
  | "skipped"
  | "cancelled";

/** One step as a watcher sees it. Spend is what its events told: exact once the step is over. */
export interface StepProgress {
  readonly path: string;
  readonly kind: StepKind;
  /** Positions of the steps that it waits for. */
  readonly needs: readonly number[];
  /** Waits for all others, too. */
  readonly isFinally: boolean;
  phase: StepPhase;
  /** Failed, and `on_error` let the run go on. */
  isCaught: boolean;
  skipCause: string | null;
  startedAt: number | null;
  endedAt: number | null;
  /** null for a step without `for_each`, and before its list is known. */
  items: ItemTally | null;
  /** The attempt that began last, 1-based. */
  attempt: number;
  /** `provider/model` asked for last. */
  model: string | null;
  tokens: number;
  costUsd: number;
  /** A call without a known price is in it. */
  isCostUnknown: boolean;
  /** While it is `retrying`: when the next attempt begins, milliseconds since 1970. */
  retryAt: number | null;
  /** Of the last failure: `class: message`. */
  problem: string | null;
}

/**
 * How far a run is, folded from its events alone: for those who watch it from this process or another. Give it the
 * events in order, those of earlier starts included. What it does not know it leaves out: a step that is not in the
 * plan counts for the nearest step above it.
 */
export class Progress {
  readonly steps: readonly StepProgress[];
  /** When the newest start of the run began; null before its first event. */
  startedAt: number | null = null;
  /** When it ended; null while it goes on. */
  endedAt: number | null = null;
  readonly #indexOf: ReadonlyMap<string, number>;

  constructor(plan: Plan) {
    const scope = plan.scopes[0] ?? EMPTY_SCOPE;
    const graph = graphOf(scope);
    this.steps = scope.steps.map(({ id, body, isFinally }, index) => ({
      path: id,
      kind: body.kind,
      needs: graph[index] ?? [],
      isFinally,
      ...untouched(),
    }));
    this.#indexOf = new Map(this.steps.map(({ path }, index) => [path, index]));
  }

  /** Takes the next event. */
  apply(event: StoredEvent): void {
    if (event.type === "run.started") this.#begin(event.at);
    else if (event.type === "run.finished" || event.type === "run.interrupted") this.endedAt = event.at;
    else if (event.step !== undefined) {
      const step = this.#find(event.step);
      if (step === null) return;
      if (step.path === event.step) applyToStep(step, event);
      else if (event.type === "model.called") addCall(step, event);
    }
  }

  /** The steps that a pending step still waits for, in order. */
  waitsFor(step: StepProgress): readonly StepProgress[] {
    const needed = step.isFinally ? this.steps.filter((other) => !other.isFinally) : [];
    const needs = step.needs.flatMap((index) => this.steps[index] ?? []);
    return [...new Set([...needs, ...needed])].filter((other) => !isOver(other));
  }

  /** How many steps are over. */
  done(): number {
    return this.steps.reduce((count, step) => count + (isOver(step) ? 1 : 0), 0);
  }

  /** Tokens and dollars of all steps so far. */
  spend(): { readonly tokens: number; readonly costUsd: number; readonly isCostUnknown: boolean } {
    let [tokens, costUsd] = [0, 0];
    for (const step of this.steps) {
      tokens += step.tokens;
      costUsd += step.costUsd;
    }
    return { tokens, costUsd, isCostUnknown: this.steps.some((step) => step.isCostUnknown) };
  }

  /** A new start of the run: what was in flight in the one before is not any more. */
  #begin(at: number): void {
    this.startedAt = at;
    this.endedAt = null;
    for (const step of this.steps) {
      if (isOver(step) && !(step.phase === "failed" && !step.isCaught)) continue;
      step.items?.stopRunning();
      Object.assign(step, { phase: "pending", retryAt: null, endedAt: null });
    }
  }

  /** The step of a path, else the nearest one above it. */
  #find(path: string): StepProgress | null {
    for (let name = path; ; name = name.slice(0, name.lastIndexOf("/"))) {
      const index = this.#indexOf.get(name);
      if (index !== undefined) return this.steps[index] ?? null;
      if (!name.includes("/")) return null;
    }
  }
}

/** Nothing more will happen to it in this start of the run. */
export function isOver({ phase }: StepProgress): boolean {
  return phase === "succeeded" || phase === "failed" || phase === "skipped" || phase === "cancelled";
}

function untouched(): Omit<StepProgress, "path" | "kind" | "needs" | "isFinally"> {
  return {
    phase: "pending",
    isCaught: false,
    skipCause: null,
    startedAt: null,
    endedAt: null,
    items: null,
    attempt: 0,
    model: null,
    tokens: 0,
    costUsd: 0,
    isCostUnknown: false,
    retryAt: null,
    problem: null,
  };
}

function applyToStep(step: StepProgress, event: StoredEvent): void {
  const { at, type, item, attempt = 1, data = {} } = event;
  switch (type) {
    case "step.started": {
      const total = data["items"];
      step.phase = "running";
      step.startedAt = at;
      step.endedAt = null;
      if (typeof total === "number" && step.items?.total !== total) step.items = new ItemTally(total);
      return;
    }
    case "attempt.started":
      step.phase = "running";
      step.attempt = attempt;
      step.retryAt = null;
      if (typeof data["model"] === "string") step.model = data["model"];
      if (item !== undefined) step.items?.set(item, "running");
      return;
    case "attempt.failed":
      step.problem = problemOf(data);
      if (item !== undefined) step.items?.set(item, "pending");
      else if (typeof data["retry_in_ms"] === "number")
        Object.assign(step, { phase: "retrying", retryAt: at + data["retry_in_ms"] });
      return;
    case "item.succeeded":
    case "item.failed":
      if (item !== undefined) step.items?.set(item, type === "item.succeeded" ? "succeeded" : "failed");
      return;
    case "model.called":
      addCall(step, event);
      return;
    case "step.waiting":
      step.phase = "waiting";
      return;
    case "step.skipped":
      Object.assign(step, { phase: "skipped", skipCause: jsonText(data["cause"]) });
      return;
    case "step.cancelled":
      Object.assign(step, { phase: "cancelled", endedAt: at });
      return;
    case "step.succeeded":
    case "step.failed":
      endStep(step, event);
      return;
    default:
  }
}

function endStep(step: StepProgress, { at, type, data = {} }: StoredEvent): void {
  step.phase = type === "step.succeeded" ? "succeeded" : "failed";
  step.isCaught = data["caught"] === true;
  step.problem = type === "step.failed" ? problemOf(data) : null;
  step.endedAt = at;
  // Figures of all its attempts, those that were recalled included.
  if (typeof data["duration_ms"] === "number") step.startedAt = at - data["duration_ms"];
  if (typeof data["tokens"] === "number") step.tokens = data["tokens"];
  if (typeof data["cost_usd"] === "number") step.costUsd = data["cost_usd"];
  step.items?.end(data["items"]);
}

function addCall(step: StepProgress, { data = {} }: StoredEvent): void {
  for (const name of ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"]) {
    const tokens = data[name];
    if (typeof tokens === "number") step.tokens += tokens;
  }
  const cost = data["cost_usd"];
  if (typeof cost === "number") step.costUsd += cost;
  else step.isCostUnknown = true;
}

function problemOf(data: NonNullable<StoredEvent["data"]>): string {
  return `${jsonText(data["class"])}: ${jsonText(data["message"])}`;
}

import type { NormalBudget } from "../manifest/pressure.ts";
import { EMPTY_SCOPE, type Plan, type PlannedStep, type StepKind } from "../plan/types.ts";
import { graphOf } from "../plan/graph.ts";
import { jsonText, type Json } from "../util/json.ts";
import type { StoredEvent } from "./event.ts";
import { applyToChildren } from "./child-progress.ts";
import { InstanceTally, ItemTally, type Tally } from "./item-tally.ts";

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
  readonly id: string;
  /** `group/inner` for a step of a group or sub-workflow, without the items that it belongs to. */
  readonly path: string;
  /** 0 at the top, 1 inside a group or sub-workflow, and so on. */
  readonly depth: number;
  readonly kind: StepKind;
  /** The steps of its scope, in which `needs` are the positions of those that it waits for. */
  readonly siblings: readonly StepProgress[];
  readonly needs: readonly number[];
  /** Waits for all others, too. */
  readonly isFinally: boolean;
  /** It is inside of a `for_each`: what is told of it is told of all its instances together, and `items` counts them. */
  readonly isMany: boolean;
  /** The steps inside of it, once it has begun; null for other kinds. */
  inside: readonly StepProgress[] | null;
  phase: StepPhase;
  /** Failed, and `on_error` let the run go on. */
  isCaught: boolean;
  skipCause: string | null;
  startedAt: number | null;
  endedAt: number | null;
  /** null for a step without `for_each`, and before its list is known. */
  items: Tally | null;
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
  /** What it waits for while it is `waiting`, in words. */
  waitsFor: string | null;
}

/**
 * How far a run is, folded from its events alone: for those who watch it from this process or another. Give it the
 * events in order, those of earlier starts included. What it does not know it leaves out.
 */
export class Progress {
  /** The steps of the workflow itself, in the order of the file. */
  readonly steps: readonly StepProgress[];
  /** When the newest start of the run began; null before its first event. */
  startedAt: number | null = null;
  /** When it ended; null while it goes on. */
  endedAt: number | null = null;
  readonly #plan: Plan;
  /** The steps of each scope that has begun, by id; the workflow's under null. */
  readonly #byId = new Map<StepProgress | null, ReadonlyMap<string, StepProgress>>();
  readonly #planned = new Map<StepProgress, PlannedStep>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.steps = this.#open(0, null);
  }

  /** Takes the next event. */
  apply(event: StoredEvent): void {
    if (event.type === "run.started") this.#begin(event.at);
    else if (event.type === "run.finished" || event.type === "run.interrupted") this.endedAt = event.at;
    else if (event.step !== undefined) this.#applyToStep(event.step, event);
  }

  /** The steps that are worth a line, in the order of the file: those inside of others only while these are at work. */
  rows(): readonly StepProgress[] {
    const isOpen = (step: StepProgress): boolean => step.inside !== null && step.phase === "running";
    const rows = (steps: readonly StepProgress[]): readonly StepProgress[] =>
      steps.some(isOpen)
        ? steps.flatMap((step) => (isOpen(step) ? [step, ...rows(step.inside ?? [])] : [step]))
        : steps;
    return rows(this.steps);
  }

  /** The steps that a pending step still waits for, in order. */
  waitsFor({ siblings, needs, isFinally }: StepProgress): readonly StepProgress[] {
    const all = isFinally ? siblings.filter((other) => !other.isFinally) : [];
    const needed = needs.flatMap((index) => siblings[index] ?? []);
    return [...new Set([...needed, ...all])].filter((other) => !isOver(other));
  }

  /** How many steps of the workflow itself are over. */
  done(): number {
    return this.steps.reduce((count, step) => count + (isOver(step) ? 1 : 0), 0);
  }

  /** What the run may spend; undefined = nothing bounds it. */
  get budget(): NormalBudget | undefined {
    return this.#plan.limits.budget;
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

  #applyToStep(path: string, event: StoredEvent): void {
    const way = this.#way(path);
    const step = way.at(-1);
    if (event.type === "model.called") for (const one of way) addCall(one, event);
    if (step === undefined || way.length < path.split("/").length) return;
    if (applyToChildren(step, event, childOf, addCall)) return;
    if (event.type === "step.started") {
      this.#openInside(step);
      const items = itemsOf(path);
      way.slice(0, -1).forEach((around, index) => {
        if (around.phase === "retrying") Object.assign(around, { phase: "running", retryAt: null });
        const item = items[index];
        if (item !== undefined && around.items instanceof ItemTally) around.items.set(item, "running");
      });
    }
    if (step.isMany) applyToMany(step, event, way.at(-2));
    else applyToStep(step, event);
  }

  /** The steps that lead to a path such as `group[2]/inner`, as far as they are known. */
  #way(path: string): readonly StepProgress[] {
    const way: StepProgress[] = [];
    for (const id of path.replaceAll(/\[\d+\]/g, "").split("/")) {
      const step = this.#byId.get(way.at(-1) ?? null)?.get(id);
      if (step === undefined) break;
      way.push(step);
    }
    return way;
  }

  /** The steps of a scope before anything happened to them. */
  #open(scope: number, parent: StepProgress | null): readonly StepProgress[] {
    const planned = this.#plan.scopes[scope] ?? EMPTY_SCOPE;
    const graph = graphOf(planned);
    const siblings: StepProgress[] = [];
    const isMany = parent !== null && (parent.isMany || this.#planned.get(parent)?.fan !== null);
    planned.steps.forEach((plannedStep, index) => {
      const { id, body, isFinally } = plannedStep;
      const step: StepProgress = {
        id,
        path: parent === null ? id : `${parent.path}/${id}`,
        depth: parent === null ? 0 : parent.depth + 1,
        kind: body.kind,
        siblings,
        needs: graph[index] ?? [],
        isFinally,
        isMany,
        ...untouched(),
        items: isMany ? new InstanceTally() : null,
      };
      siblings.push(step);
      this.#planned.set(step, plannedStep);
    });
    this.#byId.set(parent, new Map(siblings.map((step) => [step.id, step])));
    return siblings;
  }

  /** A group or sub-workflow begins: what is inside of it can be seen from now on. */
  #openInside(step: StepProgress): void {
    if (step.inside !== null) return;
    const body = this.#planned.get(step)?.body;
    if (body?.kind === "steps" || body?.kind === "uses") step.inside = this.#open(body.scope, step);
  }

  /** A new start of the run: what was in flight in the one before is not any more. */
  #begin(at: number): void {
    this.startedAt = at;
    this.endedAt = null;
    for (const steps of this.#byId.values()) for (const step of steps.values()) stopStep(step);
  }
}

/** Nothing more will happen to it in this start of the run. */
export function isOver({ phase }: StepProgress): boolean {
  return phase === "succeeded" || phase === "failed" || phase === "skipped" || phase === "cancelled";
}

/** What was in flight is not any more, and what failed is tried again. */
function stopStep(step: StepProgress): void {
  for (const child of step.inside ?? []) if (child.id.includes("@")) stopStep(child);
  if (isOver(step) && !(step.phase === "failed" && !step.isCaught)) return;
  step.items?.stopRunning();
  Object.assign(step, { phase: "pending", retryAt: null, endedAt: null });
}

/** The line of an agent that another one has started. */
function childOf(parent: StepProgress, id: string): StepProgress {
  return {
    id,
    path: `${parent.path}/${id}`,
    depth: parent.depth + 1,
    kind: "agent",
    siblings: [],
    needs: [],
    isFinally: false,
    isMany: false,
    ...untouched(),
    phase: "running",
  };
}

function untouched(): Omit<
  StepProgress,
  "id" | "path" | "depth" | "kind" | "siblings" | "needs" | "isFinally" | "isMany"
> {
  return {
    inside: null,
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
    waitsFor: null,
  };
}

/** The item that each step of a path such as `group[2]/inner` is at; undefined where it has none. */
function itemsOf(path: string): readonly (number | undefined)[] {
  return path.split("/").map((name) => {
    const item = /\[(\d+)\]$/.exec(name)?.[1];
    return item === undefined ? undefined : Number(item);
  });
}

/**
 * One of the instances of a step: they are counted, and the step is at work while one of them is. It is over with the
 * last item of the step around it; where more instances may come, or nobody knows how many, it waits for the next one.
 */
function applyToMany(step: StepProgress, { at, type, data = {} }: StoredEvent, around: StepProgress | undefined): void {
  const { items } = step;
  if (!(items instanceof InstanceTally)) return;
  if (type === "step.started") {
    items.start();
    step.startedAt ??= at;
    Object.assign(step, { phase: "running", endedAt: null });
  } else if (type === "attempt.started") {
    if (typeof data["model"] === "string") step.model = data["model"];
  } else if (type === "step.succeeded" || type === "step.failed" || type === "step.cancelled") {
    items.end(type === "step.succeeded" ? "succeeded" : type === "step.failed" ? "failed" : "cancelled");
    if (type === "step.failed") step.problem = problemOf(data);
    if (items.running > 0) return;
    const isLast = around?.items instanceof ItemTally && items.total >= around.items.total;
    Object.assign(step, { phase: !isLast ? "pending" : items.succeeded > 0 ? "succeeded" : "failed", endedAt: at });
  } else if (type === "step.waiting") {
    Object.assign(step, { phase: "waiting", waitsFor: textOf(data["message"]) });
  } else if (type === "step.skipped" && step.phase === "pending") {
    Object.assign(step, { phase: "skipped", skipCause: jsonText(data["cause"]) });
  }
}

function applyToStep(step: StepProgress, event: StoredEvent): void {
  const { at, type, item, attempt = 1, data = {} } = event;
  const tally = step.items instanceof ItemTally ? step.items : null;
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
      if (item !== undefined) tally?.set(item, "running");
      return;
    case "attempt.failed":
      step.problem = problemOf(data);
      if (item !== undefined) tally?.set(item, "pending");
      else if (typeof data["retry_in_ms"] === "number")
        Object.assign(step, { phase: "retrying", retryAt: at + data["retry_in_ms"] });
      return;
    case "item.succeeded":
    case "item.failed":
      if (item !== undefined) tally?.set(item, type === "item.succeeded" ? "succeeded" : "failed");
      return;
    case "step.waiting":
      step.phase = "waiting";
      step.waitsFor = textOf(data["message"]);
      return;
    case "budget.reserved":
    case "model.called":
      if (step.phase === "waiting") Object.assign(step, { phase: "running", waitsFor: null });
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
  if (step.items instanceof ItemTally) step.items.end(data["items"]);
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

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function problemOf(data: NonNullable<StoredEvent["data"]>): string {
  return `${jsonText(data["class"])}: ${jsonText(data["message"])}`;
}

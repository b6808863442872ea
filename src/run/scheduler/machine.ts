import type { FailureClass } from "../../plan/types.ts";
import type { SchedulerCommand, SkipCause, UnitCommand } from "./command.ts";
import { Fifo } from "./fifo.ts";
import type { Graph, StepNode } from "./graph.ts";
import { nodeOf, type SchedulerState, type ScopeState, type StepState, type UnitState } from "./state.ts";

/**
 * Consequences that wait for their turn inside one `apply`. Each concept handles its own kind and adds
 * others, so no call is ever deep, however long a chain of skipped steps is.
 */
export type Consequence =
  | { readonly kind: "scope-opened"; readonly scope: ScopeState }
  | { readonly kind: "needs-changed"; readonly scope: ScopeState; readonly step: number }
  | { readonly kind: "unit-ended"; readonly unit: UnitState; readonly end: UnitEnd }
  | { readonly kind: "units-changed"; readonly scope: ScopeState; readonly step: number }
  | { readonly kind: "step-ended"; readonly scope: ScopeState; readonly step: number; readonly end: StepEnd }
  | { readonly kind: "scope-stopped"; readonly scope: ScopeState }
  | { readonly kind: "run-stopped"; readonly as: "cancelled" | "failed" };

export interface UnitEnd {
  readonly status: UnitCommand["status"];
  readonly class: FailureClass | null;
  readonly code: UnitCommand["code"];
}

export interface StepEnd {
  readonly status: "succeeded" | "failed" | "skipped" | "cancelled";
  readonly class: FailureClass | null;
  readonly cause: SkipCause | null;
}

/** One `apply` at work: the plan's graph, the state, the commands so far, and what still follows. */
export class Machine {
  readonly graph: Graph;
  readonly state: SchedulerState;
  readonly commands: SchedulerCommand[] = [];
  readonly agenda = new Fifo<Consequence>();
  /** What stops a scope goes before the agenda: nothing may begin meanwhile in the scopes inside. */
  readonly stops = new Fifo<Consequence>();

  constructor(graph: Graph, state: SchedulerState) {
    this.graph = graph;
    this.state = state;
  }

  /** The next consequence, taken off; undefined when nothing follows any more. */
  next(): Consequence | undefined {
    return this.stops.shift() ?? this.agenda.shift();
  }

  /** The step is over: told in its turn, unless something else ends it before. */
  stepEnds(
    scope: ScopeState,
    step: number,
    status: StepEnd["status"],
    why: Partial<Omit<StepEnd, "status">> = {},
  ): void {
    this.agenda.push({ kind: "step-ended", scope, step, end: { status, class: null, cause: null, ...why } });
  }

  /** An open scope, or undefined when it was closed meanwhile. */
  scope(id: number): ScopeState | undefined {
    return this.state.scopes.get(id);
  }

  node(scope: ScopeState, step: number): StepNode {
    return nodeOf(this.graph, scope, step);
  }

  step(scope: ScopeState, step: number): StepState {
    return scope.steps[step] as StepState;
  }

  /** The unit that an answer is for; undefined when the answer is late or repeated. */
  answering(event: { readonly unit: number; readonly serial: number }): UnitState | undefined {
    const unit = this.state.units.get(event.unit);
    return unit !== undefined && unit.serial === event.serial ? unit : undefined;
  }
}

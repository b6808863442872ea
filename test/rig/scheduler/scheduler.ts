import type { SchedulerCommand } from "../../../src/run/scheduler/command.ts";
import type { SchedulerEvent } from "../../../src/run/scheduler/event.ts";
import type { Graph } from "../../../src/run/scheduler/graph.ts";
import type { SchedulerState } from "../../../src/run/scheduler/state.ts";

/** The scheduler under test: the project's own, or a copy with a bug in it. */
export interface Scheduler {
  apply(graph: Graph, state: SchedulerState, event: SchedulerEvent): readonly SchedulerCommand[];
  initialState(): SchedulerState;
}

/** A rule of SEMANTICS.md did not hold. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** Throws a violation unless the rule holds. */
export function must(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Violation(rule);
}

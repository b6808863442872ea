import fc from "fast-check";
import type { SchedulerEvent } from "../../../src/run/scheduler/event.ts";
import type { Graph } from "../../../src/run/scheduler/graph.ts";
import { FactStore } from "./fact-store.ts";
import { Observer } from "./observer.ts";
import { randomGraph } from "./random-graph.ts";
import { must, type Scheduler } from "./scheduler.ts";
import { Simulation } from "./simulation.ts";
import type { World } from "./world.ts";

/** A graph, a world, an order of arrival, and what disturbs the run. */
export interface Scenario {
  readonly graph: Graph;
  readonly world: World;
  /** Which of the pending answers comes next, over and over; empty = first come, first served. */
  readonly schedule: readonly number[];
  readonly disturbances: readonly Disturbance[];
}

export interface Disturbance {
  /** After so many events. */
  readonly after: number;
  readonly kind: "repeat" | "kill" | "expire" | "cancel" | "fail" | "interrupt";
  /** Which event, step or group it hits. */
  readonly pick: number;
}

const schedule = fc.array(fc.nat(255), { maxLength: 48, size: "max" });
const disturbance = (...kinds: readonly Disturbance["kind"][]): fc.Arbitrary<Disturbance> =>
  fc.record({ after: fc.integer({ min: 1, max: 40 }), kind: fc.constantFrom(...kinds), pick: fc.nat(999) });

/** Scenarios with all kinds of disturbance. */
export function anyScenario(mostSteps: number): fc.Arbitrary<Scenario> {
  const often = disturbance(
    "repeat",
    "repeat",
    "repeat",
    "repeat",
    "repeat",
    "repeat",
    "kill",
    "kill",
    "kill",
    "expire",
    "expire",
    "expire",
    "cancel",
    "fail",
    "interrupt",
  );
  return fc.record({
    graph: randomGraph(mostSteps),
    world: randomWorld(),
    schedule,
    disturbances: fc.array(often, { maxLength: 8 }),
  });
}

/** Scenarios whose result does not depend on the order of arrival: nobody stops anything, repeated answers aside. */
export function calmScenario(
  mostSteps: number,
): fc.Arbitrary<Scenario & { readonly otherSchedule: readonly number[] }> {
  const graph = randomGraph(mostSteps).map((drawn) => ({ ...drawn, breakerFailures: null }));
  const disturbances = fc.array(disturbance("repeat"), { maxLength: 4 });
  return fc.record({ graph, world: randomWorld(), schedule, otherSchedule: schedule, disturbances });
}

function randomWorld(): fc.Arbitrary<World> {
  return fc.record({
    luck: fc.nat(),
    failing: fc.constantFrom(0, 10, 25, 50),
    waiting: fc.constantFrom(0, 0, 20, 60),
    skipping: fc.constantFrom(0, 8, 20),
  });
}

/** The same graph without races: joins and needs that the first arrivals decide wait for all instead. */
export function withoutRaces(graph: Graph): Graph {
  const scopes = graph.scopes.map((scope) => ({
    ...scope,
    nodes: scope.nodes.map((node) => ({
      ...node,
      needs: node.needs.map(({ of, required }) => ({ of, required: node.whenSettled ? required : of.length })),
      fan: node.fan?.join.kind === "any" ? { ...node.fan, join: { kind: "at_least", count: 1 } as const } : node.fan,
    })),
  }));
  return { ...graph, scopes };
}

/** Longer than any run of a drawn graph: beyond it, the run does not end. */
const MOST_EVENTS = 30_000;

/** Where a run stands: what happened is in the simulation. */
export interface Drive {
  readonly simulation: Simulation;
  /** Tells the next event; false when nothing is left to tell. */
  step(): boolean;
}

/** A run under observation, to be driven step by step. */
export function drive(scheduler: Scheduler, scenario: Scenario, store = new FactStore()): Drive {
  const { graph, world, schedule: order } = scenario;
  const simulation = new Simulation(scheduler, graph, world, store);
  const observer = new Observer(graph);
  let events = 0;
  const tell = (event: SchedulerEvent | null): boolean => {
    if (event === null) return false;
    events += 1;
    must(events < MOST_EVENTS, "the run does not end");
    const commands = simulation.tell(event);
    if (commands === null) return false;
    observer.hear(event, commands, simulation.state, simulation.owed);
    return true;
  };
  return {
    simulation,
    step(): boolean {
      for (const it of scenario.disturbances) if (it.after === events) tell(disturb(simulation, it));
      return tell(simulation.next(order[events % Math.max(1, order.length)] ?? 0));
    },
  };
}

/** A whole run. */
export function runThrough(scheduler: Scheduler, scenario: Scenario, store = new FactStore()): Simulation {
  const { simulation, step } = drive(scheduler, scenario, store);
  while (step());
  return simulation;
}

function disturb(simulation: Simulation, { kind, pick }: Disturbance): SchedulerEvent | null {
  switch (kind) {
    case "repeat": {
      // `blocked` and `unblocked` may be said again in earnest; every other answer is given once.
      const told = simulation.history
        .map(({ event }) => event)
        .filter(({ type }) => type !== "blocked" && type !== "unblocked");
      return told[pick % Math.max(1, told.length)] ?? null;
    }
    case "kill": {
      const steps = [...simulation.scopes].flatMap(([scope, { graph }]) =>
        graph.nodes.map((_, step) => ({ scope, step })),
      );
      const hit = steps[pick % Math.max(1, steps.length)];
      return hit === undefined ? null : { type: "kill", ...hit };
    }
    case "expire": {
      const groups = [...simulation.flights.values()].filter((flight) => flight.mode === "inside");
      const hit = groups[pick % Math.max(1, groups.length)]?.command;
      const outcome = { kind: "failed", class: "timeout", retryAfterMs: null } as const;
      return hit === undefined ? null : { type: "ended", unit: hit.unit, serial: hit.serial, outcome };
    }
    case "cancel":
      return { type: "cancel", as: "cancelled" };
    case "fail":
      return { type: "cancel", as: "failed" };
    case "interrupt":
      return { type: "interrupt" };
  }
}

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { SchedulerState } from "../../../src/run/scheduler/state.ts";
import { FactStore } from "./fact-store.ts";
import { expectedResults } from "./oracle.ts";
import { anyScenario, calmScenario, drive, runThrough, withoutRaces, type Scenario } from "./scenario.ts";
import { must, type Scheduler } from "./scheduler.ts";
import { workOf } from "./work.ts";

/** One rule about schedulers, to be tried on random scenarios; it throws when it does not hold. */
export interface Property {
  readonly name: string;
  /** How many scenarios are tried in the test run. */
  readonly runs: number;
  readonly on: (scheduler: Scheduler) => fc.IRawProperty<unknown>;
}

/** The properties of SEMANTICS.md, "The pure scheduler". */
export const properties: readonly Property[] = [
  {
    name: "invariants 3 to 7 hold after every event, whatever disturbs the run",
    runs: 3000,
    on: (scheduler) => fc.property(anyScenario(60), (scenario) => void runThrough(scheduler, scenario)),
  },
  {
    name: "invariant 8: every order of arrival gives the results that the rules give without time",
    runs: 1500,
    on: (scheduler) => fc.property(calmScenario(60), (scenario) => ordersAgree(scheduler, scenario)),
  },
  {
    name: "invariant 10: a crash after any event, then resume, gives the results of the run that did not crash",
    runs: 400,
    on: (scheduler) =>
      fc.property(calmScenario(14), fc.nat(40), (scenario, second) => crashesDoNotShow(scheduler, scenario, second)),
  },
  {
    name: "invariants 2 to 7 hold in every epoch of a run that crashes and is disturbed",
    runs: 2000,
    on: (scheduler) =>
      fc.property(anyScenario(30), crashes, (scenario, points) => epochsStayApart(scheduler, scenario, points)),
  },
  {
    name: "invariant 1: equal graph and events give equal commands and an equal state",
    runs: 500,
    on: (scheduler) => fc.property(anyScenario(30), (scenario) => replaysEqually(scheduler, scenario)),
  },
  {
    name: "the work is O(events + edges)",
    runs: 1,
    on: (scheduler) => fc.property(fc.constant(null), () => workIsLinear(scheduler)),
  },
];

/** After how many events each epoch but the last crashes. */
const crashes = fc.array(fc.nat(40), { minLength: 1, maxLength: 6 });

function ordersAgree(scheduler: Scheduler, scenario: Scenario & { readonly otherSchedule: readonly number[] }): void {
  const expected = expectedResults(scenario.graph, scenario.world);
  for (const schedule of [scenario.schedule, scenario.otherSchedule]) {
    mustEqual(runThrough(scheduler, { ...scenario, schedule }).results, expected, "result");
  }
}

/** Every crash point of a short run is tried, forty of a long one; now and then a second crash, or an interrupt instead. */
function crashesDoNotShow(
  scheduler: Scheduler,
  drawn: Scenario & { readonly otherSchedule: readonly number[] },
  second: number,
): void {
  const scenario = { ...drawn, graph: withoutRaces(drawn.graph) };
  const resumed = { ...scenario, schedule: scenario.otherSchedule };
  const whole = runThrough(scheduler, scenario);
  const events = whole.history.length;
  for (let crash = 1; crash < events; crash += Math.ceil(events / 40)) {
    const store = new FactStore();
    if (crash % 4 === 0)
      runThrough(scheduler, { ...scenario, disturbances: [{ after: crash, kind: "interrupt", pick: 0 }] }, store);
    else driveFor(crash, drive(scheduler, scenario, store));
    if (crash % 3 === 0) driveFor(second, drive(scheduler, resumed, store));
    const { results, values } = runThrough(scheduler, resumed, store);
    mustEqual(results, whole.results, "result");
    mustEqual(values, whole.values, "value");
  }
}

function epochsStayApart(scheduler: Scheduler, scenario: Scenario, points: readonly number[]): void {
  const store = new FactStore();
  const old = points.map((events) => {
    const epoch = drive(scheduler, scenario, store);
    driveFor(events, epoch);
    return epoch;
  });
  const uninterrupted = { ...scenario, disturbances: scenario.disturbances.filter(({ kind }) => kind !== "interrupt") };
  const last = drive(scheduler, uninterrupted, store);
  // Old runners wake: they tell their schedulers what they like, and write and start nothing.
  const effects = store.effects.length;
  for (const epoch of old)
    must(!epoch.step() && store.effects.length === effects, "a runner without the lease goes on");
  while (last.step());
  must(last.simulation.status !== null, "the run does not end");
}

function replaysEqually(scheduler: Scheduler, scenario: Scenario): void {
  const { history, state } = runThrough(scheduler, scenario);
  const again = scheduler.initialState();
  for (const { event, commands } of history) {
    must(
      isDeepStrictEqual(scheduler.apply(scenario.graph, again, event), commands),
      "equal events give other commands",
    );
  }
  must(isDeepStrictEqual(plain(again), plain(state)), "equal events give another state");
}

/** Queues hide what they hold from comparison: they are laid open. */
function plain(state: SchedulerState): unknown {
  return { ...state, resumable: [...state.resumable], inner: [...state.inner], ready: [...state.ready] };
}

function workIsLinear(scheduler: Scheduler): void {
  for (const shape of ["chain", "wide", "layers", "list", "any", "groups", "failing"] as const) {
    const [small, large] = [workOf(scheduler, shape, 1), workOf(scheduler, shape, 8)];
    must(large < 80, `${shape}: ${Math.round(large)} steps of work for each event and edge`);
    must(
      large < small * 1.5,
      `${shape}: the work for each event and edge grows from ${Math.round(small)} to ${Math.round(large)}`,
    );
  }
}

function driveFor(events: number, { step }: { step(): boolean }): void {
  for (let i = 0; i < events && step(); i += 1);
}

function mustEqual(actual: ReadonlyMap<string, unknown>, expected: ReadonlyMap<string, unknown>, what: string): void {
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    must(
      actual.get(key) === expected.get(key),
      `${what} of ${key}: '${String(actual.get(key))}', not '${String(expected.get(key))}'`,
    );
  }
}

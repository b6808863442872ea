import type { SchedulerCommand } from "../../../src/run/scheduler/command.ts";
import type { SchedulerEvent } from "../../../src/run/scheduler/event.ts";
import type { Graph } from "../../../src/run/scheduler/graph.ts";
import { NumberMap } from "../../../src/util/number-map.ts";
import type { Scheduler } from "./scheduler.ts";
import { workflow, type Sketch, type StepSketch } from "./workflow.ts";

export type Shape = "chain" | "wide" | "layers" | "list" | "any" | "groups" | "failing";

/**
 * Runs a workflow of a shape at a size and returns the work for each event and edge: every reading of the graph
 * and of the tables of units and scopes, in all calls together. No clock: the count is the same on every machine.
 */
export function workOf(scheduler: Scheduler, shape: Shape, size: number): number {
  const { graph } = workflow(shapes[shape](size), { slots: shape === "any" ? 1000 : 4 });
  const counter = { reads: 0 };
  const counted = countReads(graph, counter);
  const state = {
    ...scheduler.initialState(),
    units: new CountingMap(counter),
    scopes: new CountingMap(counter),
  } as unknown as ReturnType<Scheduler["initialState"]>;
  const events: SchedulerEvent[] = [{ type: "started" }];
  for (let i = 0; i < events.length; i += 1) {
    for (const command of scheduler.apply(counted, state, events[i] as SchedulerEvent)) {
      const event = answer(graph, shape, size, command);
      if (event !== null) events.push(event);
    }
  }
  const edges = graph.scopes.flatMap((scope) => scope.dependants).reduce((sum, list) => sum + list.length, 0);
  return counter.reads / (events.length + edges);
}

const named = (count: number, step: (i: number) => StepSketch): Sketch =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${i}`, step(i)]));

const shapes: Record<Shape, (size: number) => Sketch> = {
  chain: (size) => named(100 * size, (i) => (i === 0 ? {} : { needs: `s${i - 1}` })),
  wide: (size) => ({
    ...named(100 * size, () => ({})),
    end: { needs: Array.from({ length: 100 * size }, (_, i) => `s${i}`) },
  }),
  // Layers of ten, each step needs all of the layer before it.
  layers: (size) =>
    named(100 * size, (i) => ({
      needs: i < 10 ? [] : Array.from({ length: 10 }, (_, j) => `s${i - (i % 10) - 10 + j}`),
    })),
  list: () => ({ list: { each: {}, retry: { maxAttempts: 2 } } }),
  any: () => ({ list: { each: { join: { kind: "any" } } } }),
  groups: () => ({ list: { each: {}, steps: { a: {}, b: { needs: "a" }, c: { needs: "b", finally: true } } } }),
  failing: (size) => named(100 * size, (i) => (i === 0 ? {} : { needs: ["s0", `s${i - 1}`] })),
};

/** All goes well at once, except that in a `failing` graph everything fails, and every first try of a list does. */
function answer(graph: Graph, shape: Shape, size: number, command: SchedulerCommand): SchedulerEvent | null {
  switch (command.type) {
    case "gate":
      return { type: "gated", scope: command.scope, step: command.step, verdict: { kind: "run", items: 100 * size } };
    case "attempt": {
      const { unit, serial, scope, step, attempt } = command;
      const isGroup = scope === 0 && graph.scopes[0]?.nodes[step]?.childScope !== null;
      if (isGroup) return { type: "entered", unit, serial };
      const fails = shape === "failing" || (shape === "list" && attempt === 1);
      return {
        type: "ended",
        unit,
        serial,
        outcome: fails ? { kind: "failed", class: "network", retryAfterMs: null } : { kind: "succeeded" },
      };
    }
    case "leave":
      return { type: "ended", unit: command.unit, serial: command.serial, outcome: { kind: "succeeded" } };
    case "delay":
      return { type: "fired", unit: command.unit, serial: command.serial };
    default:
      return null;
  }
}

interface Counter {
  reads: number;
}

/** The same data; every property that is read, at any depth, is counted. */
function countReads<T extends object>(data: T, counter: Counter, seen = new WeakMap<object, object>()): T {
  const known = seen.get(data);
  if (known !== undefined) return known as T;
  const proxy = new Proxy(data, {
    get(target, key) {
      counter.reads += 1;
      const value: unknown = Reflect.get(target, key);
      // Sets need themselves as `this`.
      if (typeof value === "function") return target instanceof Set ? (value.bind(target) as unknown) : value;
      return typeof value === "object" && value !== null ? countReads(value, counter, seen) : value;
    },
  });
  seen.set(data, proxy);
  return proxy;
}

class CountingMap extends NumberMap<object> {
  readonly #counter: Counter;

  constructor(counter: Counter) {
    super();
    this.#counter = counter;
  }

  override get(key: number): object | undefined {
    this.#counter.reads += 1;
    return super.get(key);
  }
}

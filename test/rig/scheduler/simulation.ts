import type { GateStatus } from "../../../src/expression/scope.ts";
import type { AttemptCommand, SchedulerCommand, StepCommand, UnitCommand } from "../../../src/run/scheduler/command.ts";
import type { AttemptOutcome, SchedulerEvent } from "../../../src/run/scheduler/event.ts";
import type { Graph, ScopeGraph, StepNode } from "../../../src/run/scheduler/graph.ts";
import { FactStore } from "./fact-store.ts";
import { hash32 } from "./hash.ts";
import { mostItems } from "./oracle.ts";
import { attemptName, childPath, isComparable, resultLine, unitName } from "./result.ts";
import { must, type Scheduler } from "./scheduler.ts";
import { draw, groupFailure, judgementOf, outcomeOf, verdictOf, type World } from "./world.ts";

/** An open scope with the values that its steps have left there. */
interface OpenScope {
  readonly graph: ScopeGraph;
  readonly path: string;
  readonly depth: number;
  readonly comparable: boolean;
  /** What the steps inside read from outside. */
  readonly outer: string;
  readonly values: (string | null)[];
  readonly lines: string[];
  /** Outputs of the units of each step, by item. */
  readonly outputs: Map<number, string>[];
  /** What each step reads, frozen at its first unit. */
  readonly inputs: (string | undefined)[];
}

/** An attempt that was commanded and has not ended. */
interface Flight {
  readonly command: AttemptCommand;
  readonly name: string;
  readonly unit: string;
  readonly node: StepNode;
  readonly scope: OpenScope;
  readonly inputs: string;
  /** A recorded outcome, or `lost`: it answers at once, and nothing is started. */
  recorded: AttemptOutcome | null;
  /** `parked`: no longer blocked, waits for `continue`. */
  mode: "runs" | "blocked" | "parked" | "inside";
  waits: number;
  aborted: boolean;
}

/** An answer that the runner owes the scheduler. */
type Ticket =
  | { readonly kind: "gate"; readonly scope: number; readonly step: number; readonly status: GateStatus }
  | { readonly kind: "attempt"; readonly flight: Flight }
  | { readonly kind: "judge" | "delay"; readonly unit: number; readonly serial: number; readonly name: string }
  | {
      readonly kind: "leave";
      readonly unit: number;
      readonly serial: number;
      readonly scope: OpenScope;
      readonly name: string;
      readonly failed: boolean;
    };

const CANCELLED: AttemptOutcome = { kind: "failed", class: "cancelled", retryAfterMs: null };

const factKey = (name: string, inputs: string): string => `${name}|${inputs}`;

/**
 * One epoch of a small engine: commits before it dispatches, keeps facts, answers from the world in any order.
 * A value is the hash of what made it, so equal values mean equal histories.
 */
export class Simulation {
  readonly state;
  readonly scopes = new Map<number, OpenScope>();
  readonly flights = new Map<number, Flight>();
  /** Every event that was told, and what it led to. */
  readonly history: { readonly event: SchedulerEvent; readonly commands: readonly SchedulerCommand[] }[] = [];
  /** The result of each comparable step, and of the run, by lasting name. */
  readonly results = new Map<string, string>();
  readonly values = new Map<string, string | null>();
  status: "succeeded" | "failed" | "cancelled" | null = null;
  readonly #scheduler: Scheduler;
  readonly #graph: Graph;
  readonly #world: World;
  readonly #store: FactStore;
  readonly #epoch: number;
  readonly #pending: Ticket[] = [];
  /** Recorded answers: they come before anything else. */
  readonly #recorded: SchedulerEvent[] = [{ type: "started" }];
  /** How often this epoch has answered `lost` for an attempt, by its key. */
  readonly #lost = new Map<string, number>();
  /** The newest attempt of each unit. */
  readonly #newest = new Map<number, Flight>();

  constructor(scheduler: Scheduler, graph: Graph, world: World, store = new FactStore()) {
    this.#scheduler = scheduler;
    this.#graph = graph;
    this.#world = world;
    this.#store = store;
    this.#epoch = store.open();
    this.state = scheduler.initialState();
    this.#openScope(0, { path: "", depth: 0, comparable: true, outer: "" }, 0);
  }

  /** How many answers are owed; 0 means that nothing is in flight. */
  get owed(): number {
    return this.#pending.length + this.#recorded.length;
  }

  /** The next answer: a recorded one, else the pending one that `choice` falls on. Null when nothing is in flight. */
  next(choice: number): SchedulerEvent | null {
    const recorded = this.#recorded.shift();
    if (recorded !== undefined) return recorded;
    if (this.#pending.length === 0) return null;
    const [ticket] = this.#pending.splice(choice % this.#pending.length, 1);
    return this.#answer(ticket as Ticket);
  }

  /** Tells the scheduler, commits, dispatches. Returns the commands; null when the lease was lost: nothing was done. */
  tell(event: SchedulerEvent): readonly SchedulerCommand[] | null {
    const commands = this.#scheduler.apply(this.#graph, this.state, event);
    if (!this.#store.commit(this.#epoch, () => this.#record(event, commands))) return null;
    this.history.push({ event, commands });
    for (const command of commands) this.#dispatch(command);
    return commands;
  }

  #answer(ticket: Ticket): SchedulerEvent {
    switch (ticket.kind) {
      case "gate": {
        const scope = this.#scope(ticket.scope);
        const node = scope.graph.nodes[ticket.step] as StepNode;
        const verdict = verdictOf(
          this.#world,
          `${scope.path}${ticket.step}`,
          node,
          ticket.status,
          mostItems(scope.depth),
        );
        return { type: "gated", scope: ticket.scope, step: ticket.step, verdict };
      }
      case "attempt":
        return this.#progress(ticket.flight);
      case "judge":
        return {
          type: "judged",
          unit: ticket.unit,
          serial: ticket.serial,
          verdict: judgementOf(this.#world, ticket.name),
        };
      case "delay":
        return { type: "fired", unit: ticket.unit, serial: ticket.serial };
      case "leave": {
        const outcome = ticket.failed ? groupFailure(this.#world, ticket.name) : ({ kind: "succeeded" } as const);
        return { type: "ended", unit: ticket.unit, serial: ticket.serial, outcome };
      }
    }
  }

  /** What an attempt does next: it may wait a few times, then ends, or opens its scope. */
  #progress(flight: Flight): SchedulerEvent {
    const { unit, serial } = flight.command;
    const { name } = flight;
    if (flight.aborted) {
      if (flight.mode === "blocked" && draw(this.#world, "late unblock", name) < 30) {
        flight.mode = "parked";
        this.#pending.push({ kind: "attempt", flight });
        return { type: "unblocked", unit, serial };
      }
      if (flight.node.childScope !== null && flight.mode === "runs" && draw(this.#world, "late enter", name) < 30) {
        this.flights.delete(unit);
        return { type: "entered", unit, serial };
      }
      return {
        type: "ended",
        unit,
        serial,
        outcome: draw(this.#world, "too late", name) < 50 ? CANCELLED : this.#outcome(flight),
      };
    }
    if (flight.mode === "runs" && flight.waits > 0) {
      flight.waits -= 1;
      flight.mode = "blocked";
      this.#pending.push({ kind: "attempt", flight });
      return { type: "blocked", unit, serial };
    }
    const endsWaiting = draw(this.#world, "ends waiting", `${name}:${flight.waits}`) < 20;
    if (flight.mode === "blocked" && (flight.node.childScope !== null || !endsWaiting)) {
      flight.mode = "parked";
      if (flight.node.childScope === null && draw(this.#world, "ends parked", `${name}:${flight.waits}`) < 20)
        this.#pending.push({ kind: "attempt", flight });
      return { type: "unblocked", unit, serial };
    }
    if (flight.node.childScope !== null) {
      flight.mode = "inside";
      return { type: "entered", unit, serial };
    }
    return { type: "ended", unit, serial, outcome: this.#outcome(flight) };
  }

  #outcome(flight: Flight): AttemptOutcome {
    if (flight.node.childScope !== null) return groupFailure(this.#world, flight.name);
    return outcomeOf(this.#world, flight.name, flight.node);
  }

  /** The writes of one commit: the outcome that the event brings, what ended with it, the starts that the commands want. */
  #record(event: SchedulerEvent, commands: readonly SchedulerCommand[]): void {
    if (event.type === "ended") this.#recordEnd(event);
    for (const command of commands) {
      if (command.type === "enter") this.#open(command);
      else if (command.type === "attempt") this.#recordStart(command);
      else if (command.type === "unit") this.#unitEnded(command);
      else if (command.type === "step") this.#stepEnded(command);
    }
  }

  #recordEnd(event: Extract<SchedulerEvent, { type: "ended" }>): void {
    const flight = this.flights.get(event.unit);
    if (flight === undefined || flight.command.serial !== event.serial) return;
    this.flights.delete(event.unit);
    if (event.outcome.kind === "succeeded" && flight.node.childScope === null) {
      this.#scope(flight.command.scope).outputs[flight.command.step]?.set(
        flight.command.item,
        `${hash32(flight.name + flight.inputs)}`,
      );
    }
    if (flight.node.childScope !== null || flight.recorded !== null) return;
    const fact = this.#store.facts.get(factKey(flight.name, flight.inputs));
    if (fact === undefined) return;
    // An attempt that was stopped has no outcome of its own to remember.
    if (flight.aborted && event.outcome === CANCELLED) fact.starts = 0;
    else fact.outcome = event.outcome;
  }

  #recordStart(command: AttemptCommand): void {
    const scope = this.#scope(command.scope);
    const node = scope.graph.nodes[command.step] as StepNode;
    const unit = unitName(node, `${scope.path}${command.step}`, command.item);
    const name = attemptName(unit, command);
    const inputs = this.#inputs(scope, command.step, node);
    must(!this.flights.has(command.unit), `${name} starts while an attempt of its unit is in flight`);
    const recorded = node.childScope === null ? this.#recall(name, unit, inputs) : null;
    const waits = recorded !== null ? 0 : Math.floor((draw(this.#world, "waits", name) / 100) * 3);
    const mayWait = draw(this.#world, "waiting", name) < this.#world.waiting;
    const flight: Flight = {
      command,
      name,
      unit,
      node,
      scope,
      inputs,
      recorded,
      mode: "runs",
      waits: mayWait ? waits : 0,
      aborted: false,
    };
    this.flights.set(command.unit, flight);
    this.#newest.set(command.unit, flight);
  }

  /** What a fact answers for this attempt; null when it must really start, which is then on record. */
  #recall(name: string, unit: string, inputs: string): AttemptOutcome | null {
    const key = factKey(name, inputs);
    const fact = this.#store.facts.get(key) ?? { starts: 0, outcome: null };
    this.#store.facts.set(key, fact);
    if (fact.outcome !== null) return fact.outcome;
    const answered = this.#lost.get(key) ?? 0;
    if (answered < fact.starts) {
      this.#lost.set(key, answered + 1);
      return { kind: "lost" };
    }
    must(!this.#store.done.has(factKey(unit, inputs)), `${name} starts though its unit has succeeded before`);
    fact.starts += 1;
    return null;
  }

  #open(command: Extract<SchedulerCommand, { type: "enter" }>): void {
    const { scope, node, name, inputs } = this.flights.get(command.unit) as Flight;
    const comparable = scope.comparable && isComparable(node);
    const outer = `${hash32(inputs + name)}`;
    this.#openScope(
      node.childScope as number,
      { path: childPath(name), depth: scope.depth + 1, comparable, outer },
      command.scope,
    );
  }

  #openScope(index: number, about: Pick<OpenScope, "path" | "depth" | "comparable" | "outer">, id: number): void {
    const graph = this.#graph.scopes[index] as ScopeGraph;
    const outputs = graph.nodes.map(() => new Map<number, string>());
    this.scopes.set(id, { ...about, graph, values: [], lines: [], outputs, inputs: [] });
  }

  #scope(id: number): OpenScope {
    const scope = this.scopes.get(id);
    must(scope !== undefined, `scope ${id} was never entered`);
    return scope;
  }

  /** A step reads what it needs; one of `finally` also the whole body. */
  #inputs(scope: OpenScope, step: number, node: StepNode): string {
    const body = node.isFinally ? scope.graph.nodes.flatMap((other, i) => (other.isFinally ? [] : [i])) : [];
    const read = [...node.needs.flatMap((group) => group.of), ...body].map((need) => scope.values[need] ?? "null");
    return (scope.inputs[step] ??= `${hash32(scope.outer + read.join())}`);
  }

  #dispatch(command: SchedulerCommand): void {
    switch (command.type) {
      case "gate":
        this.#pending.push({ kind: "gate", scope: command.scope, step: command.step, status: command.status });
        return;
      case "attempt": {
        const flight = this.flights.get(command.unit) as Flight;
        const { unit, serial } = command;
        if (flight.recorded !== null) this.#recorded.push({ type: "ended", unit, serial, outcome: flight.recorded });
        else {
          if (flight.node.childScope === null) this.#store.effect(this.#epoch, factKey(flight.name, flight.inputs));
          this.#pending.push({ kind: "attempt", flight });
        }
        return;
      }
      case "continue":
      case "abort": {
        const flight = this.flights.get(command.unit);
        must(flight !== undefined, `${command.type} without an attempt in flight`);
        if (command.type === "abort") flight.aborted = true;
        else flight.mode = "runs";
        const isOwed =
          flight.recorded !== null || this.#pending.some((t) => t.kind === "attempt" && t.flight === flight);
        if (!isOwed) this.#pending.push({ kind: "attempt", flight });
        return;
      }
      case "judge":
      case "delay": {
        const { type: kind, unit, serial } = command;
        this.#pending.push({ kind, unit, serial, name: (this.#newest.get(unit) as Flight).name });
        return;
      }
      case "undelay":
        this.#pending.splice(
          this.#pending.findIndex((t) => t.kind === "delay" && t.unit === command.unit),
          1,
        );
        return;
      case "leave": {
        const scope = this.#scope(command.scope);
        const flight = this.flights.get(command.unit) as Flight;
        const output = hash32(scope.lines.join() + scope.values.join() + scope.outer);
        flight.scope.outputs[flight.command.step]?.set(flight.command.item, `${output}`);
        const { unit, serial, failed } = command;
        this.#pending.push({ kind: "leave", unit, serial, scope, name: flight.name, failed });
        return;
      }
      case "finished":
        this.status = command.status;
        this.results.set("run", command.status);
        return;
      default:
    }
  }

  #unitEnded({ unit, step, scope, item, status }: UnitCommand): void {
    this.flights.delete(unit);
    const { unit: name, inputs } = this.#newest.get(unit) as Flight;
    if (status === "succeeded") this.#store.done.add(factKey(name, inputs));
    else this.#scope(scope).outputs[step]?.delete(item);
  }

  #stepEnded(command: StepCommand): void {
    const scope = this.#scope(command.scope);
    const { step, winner } = command;
    const node = scope.graph.nodes[step] as StepNode;
    const outputs = scope.outputs[step] ?? new Map<number, string>();
    let value: string | null = null;
    if (command.status === "succeeded") {
      const list = [...outputs].toSorted(([a], [b]) => a - b).join(";");
      value = winner === null ? `${hash32(list)}` : (outputs.get(winner) ?? null);
    }
    scope.values[step] = value;
    scope.lines[step] = resultLine(node, command);
    if (!scope.comparable) return;
    this.results.set(`${scope.path}${step}`, scope.lines[step]);
    this.values.set(`${scope.path}${step}`, value);
  }
}

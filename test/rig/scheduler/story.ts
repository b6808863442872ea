import type { FailureClass } from "../../../src/plan/types.ts";
import { apply } from "../../../src/run/scheduler/apply.ts";
import type { AttemptCommand, SchedulerCommand } from "../../../src/run/scheduler/command.ts";
import type { AttemptOutcome, GateVerdict, SchedulerEvent } from "../../../src/run/scheduler/event.ts";
import { initialState, type SchedulerState } from "../../../src/run/scheduler/state.ts";
import { workflow, type Sketch, type Workflow } from "./workflow.ts";

/**
 * A run as a dialogue: each method tells the scheduler one thing and returns its commands as lines.
 * Steps go by name, items as `step[0]`, steps in a group as `group/step`. The news of a unit is left out
 * when the line of its step says the same.
 */
export class Story {
  readonly state: SchedulerState = initialState();
  readonly #workflow: Workflow;
  /** What each open scope's steps are called: the workflow's `""`, a group's `group/`. */
  readonly #prefixes = new Map<number, { readonly prefix: string; readonly graph: number }>([
    [0, { prefix: "", graph: 0 }],
  ]);
  readonly #attempts = new Map<string, AttemptCommand>();
  readonly #labels = new Map<number, string>();

  constructor(flow: Workflow) {
    this.#workflow = flow;
  }

  start = (): string[] => this.tell({ type: "started" });
  /** `if` and `for_each` were evaluated: run, with so many items. */
  run = (step: string, items: number | null = null): string[] => this.#gated(step, { kind: "run", items });
  skip = (step: string): string[] => this.#gated(step, { kind: "skip" });
  failGate = (step: string): string[] => this.#gated(step, { kind: "fail", class: "invalid" });
  succeed = (unit: string): string[] => this.#ended(unit, { kind: "succeeded" });
  fail = (unit: string, failureClass: FailureClass = "exit", retryAfterMs: number | null = null): string[] =>
    this.#ended(unit, { kind: "failed", class: failureClass, retryAfterMs });
  /** It ends because whom it would ask is known not to answer: the breaker is open. */
  leaveStage = (unit: string, failureClass: FailureClass = "server"): string[] =>
    this.#ended(unit, { kind: "failed", class: failureClass, retryAfterMs: null, leavesStage: true });
  /** Its failure was recorded by an earlier start of the run. */
  failRecalled = (unit: string, failureClass: FailureClass = "exit"): string[] => {
    const outcome = { kind: "failed", class: failureClass, retryAfterMs: null } as const;
    return this.tell({ type: "ended", outcome, isRecalled: true, ...this.handle(unit) });
  };
  lose = (unit: string): string[] => this.#ended(unit, { kind: "lost" });
  accept = (unit: string): string[] => this.tell({ type: "judged", verdict: "accept", ...this.handle(unit) });
  reject = (unit: string): string[] => this.tell({ type: "judged", verdict: "reject", ...this.handle(unit) });
  failJudge = (unit: string): string[] => this.tell({ type: "judged", verdict: "error", ...this.handle(unit) });
  fire = (unit: string): string[] => this.tell({ type: "fired", ...this.handle(unit) });
  block = (unit: string): string[] => this.tell({ type: "blocked", ...this.handle(unit) });
  unblock = (unit: string): string[] => this.tell({ type: "unblocked", ...this.handle(unit) });
  enter = (unit: string): string[] => this.tell({ type: "entered", ...this.handle(unit) });
  kill = (step: string): string[] => this.tell({ type: "kill", ...this.#address(step) });
  cancel = (as: "cancelled" | "failed" = "cancelled"): string[] => this.tell({ type: "cancel", as });
  interrupt = (): string[] => this.tell({ type: "interrupt" });

  /** Tells any event; returns what the scheduler wants, in order. */
  tell(event: SchedulerEvent): string[] {
    return apply(this.#workflow.graph, this.state, event).flatMap((command) => this.#line(command) ?? []);
  }

  /** What answers of the unit's newest attempt carry. */
  handle(unit: string): { unit: number; serial: number } {
    const attempt = this.#attempts.get(unit);
    if (attempt === undefined) throw new Error(`'${unit}' has not started`);
    return { unit: attempt.unit, serial: attempt.serial };
  }

  #gated(step: string, verdict: GateVerdict): string[] {
    return this.tell({ type: "gated", verdict, ...this.#address(step) });
  }

  #ended(unit: string, outcome: AttemptOutcome): string[] {
    return this.tell({ type: "ended", outcome, ...this.handle(unit) });
  }

  #address(path: string): { scope: number; step: number } {
    const prefix = path.slice(0, path.lastIndexOf("/") + 1);
    const open = [...this.#prefixes].findLast(([, scope]) => scope.prefix === prefix);
    const step = this.#workflow.names[open?.[1].graph ?? 0]?.indexOf(path.slice(prefix.length)) ?? -1;
    if (open === undefined || step < 0) throw new Error(`no step '${path}'`);
    return { scope: open[0], step };
  }

  #stepName(scope: number, step: number): string {
    const { prefix, graph } = this.#prefixes.get(scope) as { prefix: string; graph: number };
    return `${prefix}${this.#workflow.names[graph]?.[step]}`;
  }

  #node(scope: number, step: number) {
    return this.#workflow.graph.scopes[this.#prefixes.get(scope)?.graph ?? -1]?.nodes[step];
  }

  #line(command: SchedulerCommand): string | null {
    switch (command.type) {
      case "gate": {
        const holds = Object.entries(command.status).flatMap(([name, value]) => (value ? [name] : []));
        return `gate ${this.#stepName(command.scope, command.step)} (${holds.join(", ")})`;
      }
      case "attempt":
        return this.#started(command);
      case "delay":
        return `delay ${this.#labels.get(command.unit)} ${command.delayMs}ms`;
      case "enter": {
        const label = this.#labels.get(command.unit);
        const { scope, step } = this.#attempts.get(label as string) as AttemptCommand;
        this.#prefixes.set(command.scope, { prefix: `${label}/`, graph: this.#node(scope, step)?.childScope ?? -1 });
        return `enter ${label}`;
      }
      case "leave":
        return `leave ${this.#labels.get(command.unit)}${command.failed ? " (failed)" : ""}`;
      case "unit": {
        const { scope, step, unit, status, code } = command;
        if (code === null && this.#node(scope, step)?.fan === null) return null;
        return `unit ${this.#labels.get(unit)} ${status}${code === null ? "" : `: ${code}`}`;
      }
      case "step": {
        const why = command.class ?? command.cause;
        const name = this.#stepName(command.scope, command.step);
        const more = `${why === null ? "" : ` (${why})`}${command.caught ? ", caught" : ""}`;
        return `${name} ${command.status}${more}${command.winner === null ? "" : `, won by [${command.winner}]`}`;
      }
      case "finished":
        return `run ${command.status}`;
      default:
        return `${command.type} ${this.#labels.get(command.unit)}`;
    }
  }

  #started(command: AttemptCommand): string {
    const { scope, step, item, iteration, stage, attempt } = command;
    const isItem = this.#node(scope, step)?.fan !== null;
    const label = `${this.#stepName(scope, step)}${isItem ? `[${item}]` : ""}`;
    this.#labels.set(command.unit, label);
    this.#attempts.set(label, command);
    const round = iteration === 1 ? "" : ` round ${iteration}`;
    return `start ${label}${round}${stage === 0 ? "" : ` stage ${stage}`}${attempt === 1 ? "" : ` try ${attempt}`}`;
  }
}

/** A story about a workflow, not started. */
export function story(sketch: Sketch, limits: { slots?: number; breakerFailures?: number } = {}): Story {
  return new Story(workflow(sketch, limits));
}

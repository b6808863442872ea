import type { Fact } from "../../run/fact.ts";
import { isNamed, killKey, unitKey } from "../../run/attempt-key.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { apply } from "../../run/scheduler/apply.ts";
import type { SchedulerCommand, StepCommand, UnitCommand } from "../../run/scheduler/command.ts";
import type { SchedulerEvent } from "../../run/scheduler/event.ts";
import { Fifo } from "../../run/scheduler/fifo.ts";
import type { Graph } from "../../run/scheduler/graph.ts";
import { graphOf } from "../../run/scheduler/plan-graph.ts";
import { initialState, type SchedulerState } from "../../run/scheduler/state.ts";
import { isTerminal, type ScopeRecord } from "../../run/state.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import { Attempts, KILLED } from "./attempts.ts";
import type { CoreOptions } from "./core-options.ts";
import { DeadLetters } from "./dead-letters.ts";
import { runFailure } from "./failing.ts";
import { Gates } from "./gates.ts";
import { Ledger } from "./ledger.ts";
import { Scopes } from "./scopes.ts";
import type { ScopeView } from "./scope-view.ts";
import type { RunEnding } from "./sink.ts";

/**
 * The run without its waiting: holds scheduler, values and records together, answers what can be answered at once
 * (expressions, recorded facts, pure values), and hands the rest to the sink. No I/O, no promises: what it decides
 * depends only on the plan, the facts and the order of the answers.
 *
 *   post(event) -> queue -> drain: scheduler -> commands -> records, events, facts, starts -> sink
 *                             ^---- answers that are known at once ----'
 */
export class RunCore {
  /** The failure of a run that was stopped as a whole; null = the first step that failed says why. */
  stopFailure: Failure | null = null;
  readonly attempts: Attempts;
  /** Puts a fact on the record. */
  readonly remember: (fact: Fact) => void;
  readonly #o: CoreOptions;
  readonly #scopes: Scopes;
  readonly #ledger: Ledger;
  readonly #gates: Gates;
  readonly #letters: DeadLetters;
  readonly #graph: Graph;
  readonly #state: SchedulerState = initialState();
  readonly #queue = new Fifo<SchedulerEvent>();
  /** Paths that a person stopped in this epoch. */
  readonly #kills: string[] = [];
  #hasBegun = false;
  /** How the run ends that is stopped once its facts have answered; null = it is not. */
  #stopsAs: "cancelled" | "failed" | null = null;

  constructor(options: CoreOptions) {
    const { info, slots, sink } = options;
    const post = (event: SchedulerEvent): void => this.post(event);
    const remember = (fact: Fact): void => {
      options.facts.put(fact);
      sink.fact(fact);
    };
    this.remember = remember;
    this.#o = options;
    this.#graph = graphOf(info.plan, slots);
    this.#scopes = new Scopes(options);
    this.#ledger = new Ledger({ ...options, event: (event) => sink.event(event) });
    this.#gates = new Gates({
      ...options,
      remember,
      answer: ({ scope, step }, verdict) => post({ type: "gated", scope, step, verdict }),
    });
    this.#letters = new DeadLetters(options);
    this.attempts = new Attempts({
      options,
      scopes: this.#scopes,
      gates: this.#gates,
      ledger: this.#ledger,
      letters: this.#letters,
      post,
      remember,
    });
  }

  get record(): ScopeRecord {
    return this.#scopes.root.record;
  }

  /** Begins: the first event, and what still holds from before. */
  start(): void {
    this.post({ type: "started" });
    this.#stopKilled(this.#scopes.root);
  }

  /**
   * Stops the whole run, but for `finally`. Before its first turn the facts answer first, so that what was done stays
   * done and `finally` sees it; nothing else of the body starts.
   */
  stop(as: "cancelled" | "failed"): void {
    if (this.#hasBegun) return this.post({ type: "cancel", as });
    this.#stopsAs ??= as;
    this.attempts.withhold();
  }

  /** Adds an event for the scheduler; `drain` works on it. */
  post(event: SchedulerEvent): void {
    this.#queue.push(event);
  }

  /** Works on what was posted, at most `limit` events; true when more is left. */
  drain(limit: number): boolean {
    this.#hasBegun = true;
    // What is known to have ended by its timeout ends in the turn that opened it: nothing inside starts again.
    for (let i = 0; i < limit || this.attempts.isExpiring; i += 1) {
      const event = this.#queue.shift();
      if (event === undefined) {
        if (this.attempts.expireKnown() || this.#stopKnown()) continue;
        return false;
      }
      if (event.type === "ended") this.attempts.say([event.unit]);
      const commands = apply(this.#graph, this.#state, event);
      // Whoever else stops a run as failed says why before.
      if (this.#state.cancelledAs === "failed" && this.stopFailure === null) this.#tellBreaker(commands);
      for (const command of commands) this.#carryOut(command);
    }
    return this.#queue.size > 0;
  }

  /** All that is known has answered: the run is stopped now, if it is to be; true when it is. */
  #stopKnown(): boolean {
    const as = this.#stopsAs;
    if (as === null) return false;
    this.#stopsAs = null;
    this.post({ type: "cancel", as });
    // In the turn of the cancel `finally` may start already.
    this.attempts.releaseAll();
    return true;
  }

  /** Stops steps by their path, as `muster kill` does; those of items and rounds that are still to come as well. */
  kill(path: string): void {
    this.#kills.push(path);
    for (const { view, step } of this.#scopes.find(path)) this.#kill(view, step);
  }

  #kill(view: ScopeView, step: number): void {
    const record = view.stepRecord(step);
    // What came of a step that is over stays.
    if (isTerminal(record)) return;
    this.attempts.kill(record, unitKey(view.keyPrefix, record.id, null));
    this.post({ type: "kill", scope: view.id, step });
  }

  /** What a person stopped stays stopped: before a crash, or before its scope was open. */
  #stopKilled(view: ScopeView): void {
    const { facts } = this.#o;
    if (!facts.hasKills && this.#kills.length === 0) return;
    for (const [step, { id, path }] of view.record.steps.entries()) {
      if (this.#isKilled(view, id)) this.post({ type: "kill", scope: view.id, step });
      else if (this.#kills.some((by) => isNamed(path, by))) this.#kill(view, step);
    }
  }

  /** It is on the record that a person stopped it. */
  #isKilled(view: ScopeView, id: string): boolean {
    const { facts } = this.#o;
    return facts.hasKills && facts.find(killKey(unitKey(view.keyPrefix, id, null)), KILLED) !== null;
  }

  #carryOut(command: SchedulerCommand): void {
    const { sink, now } = this.#o;
    const { attempts } = this;
    switch (command.type) {
      case "gate":
        return this.#gates.open({ view: this.#scopes.view(command.scope), command });
      case "attempt":
        return attempts.begin(command);
      case "abort":
        // What was withheld was never started.
        if (attempts.wasWithheld(command.unit)) return this.#endUnstarted(command);
        return sink.abort(command.unit, command.serial);
      case "delay": {
        const unit = attempts.find(command.unit);
        if (unit !== undefined && attempts.isHeld(unit)) return;
        this.#ledger.tellAttempt(unit, command.delayMs);
        // From the end of the attempt on, which may lie before a crash; not behind now, where the clock was set back since.
        return sink.delay(command.unit, command.serial, Math.min(unit?.endedAt ?? now(), now()) + command.delayMs);
      }
      case "undelay":
        return sink.undelay(command.unit);
      case "judge":
        return attempts.judge(command);
      case "enter":
        attempts.enter(command.unit, command.scope);
        return this.#stopKilled(this.#scopes.view(command.scope));
      case "leave":
        return attempts.leave(command, command.failed);
      case "unit":
        return this.#unitEnded(command);
      case "step":
        return this.#stepEnded(command);
      case "finished":
        this.#letters.runEnded();
        return sink.finished(this.#ending(command.status));
      case "continue":
        return sink.goOn(command.unit, command.serial);
    }
  }

  #endUnstarted({ unit, serial }: Extract<SchedulerCommand, { readonly type: "abort" }>): void {
    this.post({ type: "ended", unit, serial, outcome: { kind: "failed", class: "cancelled", retryAfterMs: null } });
  }

  #unitEnded(command: UnitCommand): void {
    const unit = this.attempts.find(command.unit);
    const why = this.#ledger.unitEnded(command, unit, this.#scopes.view(command.scope).stepRecord(command.step));
    if (unit !== undefined && command.status !== "cancelled") this.#letters.unitEnded(unit, why);
    this.attempts.end(command.unit);
  }

  /** So many units failed for good in a row that the run was given up. */
  #tellBreaker(commands: readonly SchedulerCommand[]): void {
    const { failuresInARow: failures } = this.#state;
    const failed = commands.findLast((command) => command.type === "unit" && command.status === "failed");
    const last = failed?.type === "unit" ? (this.attempts.find(failed.unit)?.failure ?? null) : null;
    this.stopFailure = failure(
      last?.class ?? "cancelled",
      "circuit_open",
      `${failures} steps or items in a row failed for good, and limits.circuit_breaker gives the run up${last === null ? "" : `; the last: ${last.message}`}`,
      { help: "mend what they have in common and resume; what succeeded is kept" },
    );
    this.#o.sink.event({ type: "circuit.opened", data: { scope: "run", failures, class: last?.class ?? null } });
  }

  #stepEnded(command: StepCommand): void {
    const view = this.#scopes.view(command.scope);
    const record = view.stepRecord(command.step);
    const step = view.step(command.step);
    this.#ledger.stepEnded(command, record, step, this.#gates.failureOf(record));
    if (command.caught && step.onError.kind === "output") {
      const value = this.#o.evaluator.evaluate(
        step.onError.output,
        view.values(view.read(command.step).onErrorPaths, command.step),
      );
      if (value.ok) record.output = this.#o.keep(value.value);
      else record.failure = expressionFailure("on_error", record.path, value.error);
    }
    this.#letters.stepEnded(view, record, command.caught || command.status === "succeeded");
    this.#ledger.tellStep(command, record, this.#isKilled(view, record.id));
    this.#gates.reconsider();
  }

  #ending(status: RunEnding["status"]): RunEnding {
    if (status !== "succeeded") return { status, outputs: null, failure: this.stopFailure ?? runFailure(this.record) };
    const outputs = this.#scopes.outputs(this.#scopes.root);
    return outputs.ok
      ? { status, outputs: outputs.value, failure: null }
      : { status: "failed", outputs: null, failure: outputs.error };
  }
}

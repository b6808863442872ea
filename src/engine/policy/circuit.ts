import type { FailureClass, PlannedBreaker } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { Clock } from "../../util/clock.ts";
import { formatElapsed } from "../../util/format.ts";
import { sleep } from "../../util/sleep.ts";
import type { GatedAttempt } from "../local/attempt.ts";
import type { PolicyHost } from "./host.ts";

/** Failures that say that the other side is not there. */
const COUNTED: ReadonlySet<FailureClass> = new Set(["overloaded", "server", "network", "timeout"]);
/** Failures that say nothing of the other side. */
const MUTE: ReadonlySet<FailureClass> = new Set(["cancelled", "budget", "internal"]);

/**
 * One model, or one agent.
 *
 *   closed --so many failures in a row--> open --cooldown--> one probe --well--> closed
 *                                          ^                     '--failed--> open
 */
interface Circuit {
  readonly name: string;
  failures: number;
  /** While it is open: when a probe may go, on the monotonic clock. */
  openUntil: number | null;
  isProbed: boolean;
  lastClass: FailureClass;
}

/** What came of a choice: which of the names may be asked, or why none may and another stage is to be tried. */
export type Choice = { readonly ok: true; readonly index: number } | { readonly ok: false; readonly failure: Failure };

/** The circuit breakers of models or agents, in this start of a run. */
export class Circuits {
  readonly #breaker: PlannedBreaker;
  readonly #clock: Clock;
  readonly #host: PolicyHost;
  readonly #circuits = new Map<string, Circuit>();
  /** Who waits for any of them to change. */
  readonly #watchers = new Set<() => void>();

  constructor(breaker: PlannedBreaker, clock: Clock, host: PolicyHost) {
    this.#breaker = breaker;
    this.#clock = clock;
    this.#host = host;
  }

  /**
   * The first of these names that may be asked. Where all are open: a failure at once when there is another stage to
   * try, else it waits for the first that may be probed. Whoever got one says how it ended.
   */
  async choose(attempt: GatedAttempt, names: readonly string[]): Promise<Choice> {
    for (let isTold = false; ; isTold = true) {
      const index = names.findIndex((name) => this.#mayPass(this.#circuit(name)));
      if (index >= 0) return { ok: true, index };
      const open = names.map((name) => this.#circuit(name));
      if (attempt.hasNextStage) return { ok: false, failure: this.#openFailure(attempt, open[0] as Circuit) };
      if (!isTold) this.#tellWait(attempt, open);
      const waitMs = Math.min(...open.map((circuit) => this.#leftMs(circuit)));
      if (!(await attempt.pause(Promise.race([sleep(this.#clock, waitMs, attempt.signal), this.#change()]))))
        return { ok: false, failure: failure("cancelled", "cancelled", `'${attempt.label}' was stopped`) };
    }
  }

  /** How it ended for whom `choose` let pass; null = well. */
  end({ start }: GatedAttempt, name: string, failureClass: FailureClass | null): void {
    const circuit = this.#circuit(name);
    circuit.isProbed = false;
    if (failureClass !== null && COUNTED.has(failureClass)) {
      circuit.failures += 1;
      circuit.lastClass = failureClass;
      const { failures, cooldownMs, scope } = this.#breaker;
      if (circuit.failures >= failures) {
        circuit.openUntil = this.#clock.monotonic() + cooldownMs;
        const data = { scope, name, failures: circuit.failures, class: failureClass, cooldown_ms: cooldownMs };
        this.#host.event(start, "circuit.opened", data);
      }
    } else if (failureClass === null || !MUTE.has(failureClass)) {
      circuit.failures = 0;
      if (circuit.openUntil !== null) this.#host.event(start, "circuit.closed", { scope: this.#breaker.scope, name });
      circuit.openUntil = null;
    }
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }

  #circuit(name: string): Circuit {
    let circuit = this.#circuits.get(name);
    if (circuit === undefined) {
      circuit = { name, failures: 0, openUntil: null, isProbed: false, lastClass: "server" };
      this.#circuits.set(name, circuit);
    }
    return circuit;
  }

  /** Takes the one probe where there is one to take. */
  #mayPass(circuit: Circuit): boolean {
    if (circuit.openUntil === null) return true;
    if (circuit.isProbed || circuit.openUntil > this.#clock.monotonic()) return false;
    circuit.isProbed = true;
    return true;
  }

  /** While somebody probes, only what comes of that says more. */
  #leftMs({ openUntil, isProbed }: Circuit): number {
    if (isProbed || openUntil === null) return this.#breaker.cooldownMs;
    return Math.max(0, openUntil - this.#clock.monotonic());
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#watchers.add(resolve));
  }

  #tellWait({ start }: GatedAttempt, open: readonly Circuit[]): void {
    const names = open.map(({ name }) => name).join(", ");
    const left = formatElapsed(Math.min(...open.map((circuit) => this.#leftMs(circuit))));
    const message = `waits for the circuit breaker of ${names} (${left})`;
    this.#host.event(start, "step.waiting", { for: "circuit", names: open.map(({ name }) => name), message });
  }

  #openFailure({ label }: GatedAttempt, { name, failures, lastClass }: Circuit): Failure {
    return failure(
      lastClass,
      "circuit_open",
      `${name} failed ${failures} times in a row: '${label}' goes on with its next fallback at once`,
    );
  }
}

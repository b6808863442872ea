import { freePass, openGate, type CallGate, type CallPass, type CallWay } from "../../agent/call-gate.ts";
import type { Plan, PlannedModel } from "../../plan/types.ts";
import type { ModelRequest } from "../../provider/provider.ts";
import { Places, type Pressure } from "../../run/budget/place.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { RateStore } from "../../run/rate-use.ts";
import type { Clock } from "../../util/clock.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { FactIndex } from "../local/fact-index.ts";
import type { GatedAttempt } from "../local/attempt.ts";
import { Budgets } from "./budget.ts";
import { Circuits } from "./circuit.ts";
import type { PolicyHost } from "./host.ts";
import { Rates, type RatedCall } from "./rate.ts";
import type { RateHold } from "./rate-hold.ts";
import { charge, worstCase } from "./worst-case.ts";

export interface GateOptions {
  readonly plan: Plan;
  readonly facts: FactIndex;
  readonly clock: Clock;
  /** null = nobody is asked, so that no rate counts. */
  readonly rates: RateStore | null;
  readonly host: PolicyHost;
}

/** The gate of each attempt of a run: what lets its calls in. Attempts that nothing bounds have an open one. */
export function gateOf({ plan, facts, clock, rates, host }: GateOptions): (attempt: GatedAttempt) => CallGate {
  const places = new Places(plan);
  const { breaker } = plan.limits;
  const budgets = places.hasBudgets ? new Budgets(plan, places, facts, host) : null;
  const circuits = breaker === undefined || breaker.scope === "run" ? null : new Circuits(breaker, clock, host);
  const limits = rates === null || !places.hasRates ? null : new Rates(rates, clock, host);
  if (budgets === null && circuits === null && limits === null) return () => openGate;
  const parts = { budgets, circuits, limits, scope: breaker?.scope ?? "run" };
  return (attempt) => {
    const { key, path, work } = attempt.start;
    return new AttemptGate(attempt, places.at(key, path, work.chosen), parts);
  };
}

interface Parts {
  readonly budgets: Budgets | null;
  readonly circuits: Circuits | null;
  readonly limits: Rates | null;
  readonly scope: "run" | "model" | "agent";
}

class AttemptGate implements CallGate {
  readonly keepsSpend: boolean;
  readonly #attempt: GatedAttempt;
  readonly #pressure: Pressure;
  readonly #parts: Parts;
  /** The start of the attempt: it begins with its first call. */
  #spawn: RateHold | null = null;

  constructor(attempt: GatedAttempt, pressure: Pressure, parts: Parts) {
    this.#attempt = attempt;
    this.#pressure = pressure;
    this.#parts = parts;
    this.keepsSpend = parts.budgets !== null && pressure.budgets.length > 0;
  }

  async begin(): Promise<Failure | null> {
    const { circuits, limits, scope } = this.#parts;
    if (circuits !== null && scope === "agent") {
      const choice = await circuits.choose(this.#attempt, [this.#agent]);
      if (!choice.ok) return choice.failure;
    }
    if (limits === null) return null;
    this.#spawn = await limits.spawn(this.#attempt, this.#pressure.rates);
    if (this.#spawn !== null) return null;
    this.end(failure("cancelled", "cancelled", "stopped"));
    return this.#stopped();
  }

  end(why: Failure | null): void {
    this.#spawn?.begun();
    const { circuits, scope } = this.#parts;
    if (scope === "agent") circuits?.end(this.#attempt, this.#agent, this.#classOf(why));
  }

  async choose(models: readonly PlannedModel[]): Promise<Result<number, Failure>> {
    const { circuits, scope } = this.#parts;
    if (circuits === null || scope !== "model") return ok(0);
    const choice = await circuits.choose(this.#attempt, models.map(nameOf));
    return choice.ok ? ok(choice.index) : err(choice.failure);
  }

  asked(model: PlannedModel, why: Failure | null): void {
    const { circuits, scope } = this.#parts;
    if (scope === "model") circuits?.end(this.#attempt, nameOf(model), this.#classOf(why));
  }

  async enter(model: PlannedModel, request: ModelRequest, how: CallWay): Promise<Result<CallPass, Failure>> {
    const { budgets, limits } = this.#parts;
    const paid = this.keepsSpend
      ? await (budgets as Budgets).enter(this.#attempt, this.#pressure, model, request, how)
      : ok(freePass);
    if (!paid.ok) return paid;
    const { settle } = paid.value;
    // A batch endpoint has rates of its own.
    if (how.isBatch) this.#spawn?.begun();
    if (limits === null || how.isBatch) return ok({ ...freePass, settle: (end) => settle(end) });
    // Last of all, with the slot in hand: what it takes counts from now on.
    const worst = worstCase(model, request, null, false);
    const ask = (): Promise<RatedCall | null> => limits.call(this.#attempt, this.#pressure.rates, model, worst.tokens);
    const first = await ask();
    if (first === null) {
      settle(null);
      return err(this.#stopped());
    }
    let last = first;
    return ok({
      sent: () => {
        this.#spawn?.sent();
        last.hold.sent();
      },
      begun: () => {
        this.#spawn?.begun();
        last.hold.begun();
      },
      again: async () => {
        // The one before was refused: it took no tokens.
        last.hold.begun();
        last.took(0);
        const next = await ask();
        if (next !== null) last = next;
        return next !== null;
      },
      settle: (end) => {
        settle(end);
        last.hold.begun();
        last.took(end === null ? 0 : charge(model, end, worst, false).tokens);
      },
    });
  }

  /** The one who does it, also where it was chosen in the run. */
  get #agent(): string {
    const { body } = this.#attempt.start.step;
    return (body.kind === "agent" ? body.agent : null) ?? this.#pressure.agent ?? "";
  }

  /** What was stopped by its time limit did not answer in time. */
  #classOf(why: Failure | null): Failure["class"] | null {
    if (why === null) return null;
    return why.class === "cancelled" && this.#attempt.signal.reason === "timeout" ? "timeout" : why.class;
  }

  #stopped(): Failure {
    return failure("cancelled", "cancelled", `'${this.#attempt.label}' was stopped before its call`);
  }
}

function nameOf({ id, baseUrl }: PlannedModel): string {
  return baseUrl === null ? id : `${id} at ${baseUrl}`;
}

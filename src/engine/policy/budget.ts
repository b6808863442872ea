import type { CallEnd, CallPass, CallWay } from "../../agent/call-gate.ts";
import type { Plan, PlannedModel } from "../../plan/types.ts";
import type { ModelRequest } from "../../provider/provider.ts";
import { closedKey, paidKey } from "../../run/attempt-key.ts";
import { nothing, type Amount } from "../../run/budget/amount.ts";
import { Bank, type Exceeded, type Verdict } from "../../run/budget/bank.ts";
import { exceededFailure, figures } from "../../run/budget/message.ts";
import { chargeOf, payment, reservation, spentIn } from "../../run/budget/payment.ts";
import type { BudgetPlace, Places, Pressure } from "../../run/budget/place.ts";
import { pureFact, type Fact } from "../../run/fact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { addSpend } from "../../run/state.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { FactIndex } from "../local/fact-index.ts";
import type { Start } from "../local/sink.ts";
import type { GatedAttempt } from "../local/attempt.ts";
import type { PolicyHost } from "./host.ts";
import { charge, knownCost, worstCase } from "./worst-case.ts";

/** A call that was let in. */
interface LetIn {
  readonly model: PlannedModel;
  readonly isBatch: boolean;
  readonly worst: Amount;
  readonly reserved: Fact;
}

/** The fingerprint of a budget's being closed: it holds whatever else changes. */
const CLOSED = "closed";

/**
 * The budgets of a run. Each call reserves its worst case before it starts, as a fact, and settles it with what it
 * took: what was spent is the sum of these facts, whatever became of attempts and runners.
 */
export class Budgets {
  readonly #plan: Plan;
  readonly #facts: FactIndex;
  readonly #host: PolicyHost;
  readonly #bank = new Bank();

  constructor(plan: Plan, places: Places, facts: FactIndex, host: PolicyHost) {
    this.#plan = plan;
    this.#facts = facts;
    this.#host = host;
    for (const { place, spent } of spentIn(facts, places).values()) this.#bank.open(place, spent);
    for (const fact of facts) this.#closeAgain(fact, places);
  }

  /** Lets a call in as soon as its worst case fits into all budgets around it. */
  async enter(
    attempt: GatedAttempt,
    { budgets, agent }: Pressure,
    model: PlannedModel,
    request: ModelRequest,
    { isBatch, isHandedIn }: CallWay,
  ): Promise<Result<Pick<CallPass, "settle">, Failure>> {
    const { start } = attempt;
    const before = isHandedIn ? this.#stillReserved(start) : null;
    if (before !== null) {
      const call = { model, isBatch, worst: chargeOf(before), reserved: before };
      this.#bank.takeUp(budgets, call.worst);
      return ok({ settle: (end) => this.#settle(start, budgets, call, end) });
    }
    const assumed = agent === null ? null : (this.#plan.agents[agent]?.assumeUsd ?? null);
    const worst = worstCase(model, request, assumed, isBatch);
    const verdict = await this.#ask(attempt, budgets, worst);
    if (verdict === "stopped") return err(stopped(attempt));
    if (verdict !== "granted") return err(await this.#refuse(attempt, model, verdict));
    const reserved = this.#reserve(start, budgets, worst);
    const call = { model, isBatch, worst, reserved };
    const isDurable = await this.#host.committed();
    if (isDurable && !attempt.signal.aborted) return ok({ settle: (end) => this.#settle(start, budgets, call, end) });
    if (isDurable) this.#settle(start, budgets, call, null);
    return err(stopped(attempt));
  }

  async #ask(attempt: GatedAttempt, budgets: readonly BudgetPlace[], worst: Amount): Promise<Verdict | "stopped"> {
    let answer: Verdict | null = null;
    let wake: () => void = () => {};
    const answered = new Promise<void>((resolve) => (wake = resolve));
    const takeBack = this.#bank.ask(budgets, worst, (verdict) => {
      answer = verdict;
      wake();
    });
    const now = (): Verdict | null => answer;
    if (now() === null) {
      const message = `waits for what other calls leave of the budget of ${budgets.map(({ label }) => label).join(", ")}`;
      this.#host.event(attempt.start, "step.waiting", { for: "budget", budgets: budgets.map(({ id }) => id), message });
      await attempt.pause(answered);
    }
    takeBack();
    const verdict = now();
    if (!attempt.signal.aborted && verdict !== null) return verdict;
    if (verdict === "granted") this.#bank.settle(budgets, worst, nothing);
    return "stopped";
  }

  /** Over budget: the attempt fails, or waits for as long as this start of the run goes on. */
  async #refuse(attempt: GatedAttempt, model: PlannedModel, why: Exceeded): Promise<Failure> {
    const { place } = why;
    if (place.budget.onExceeded === "fail") return exceededFailure(why, attempt.label, model.id);
    const key = closedKey(place.id);
    if (this.#facts.find(key, CLOSED) === null) {
      const fact = pureFact(key, CLOSED, { inline: null }, this.#host.now());
      this.#host.remember({ ...fact, extra: { what: why.what, cap: why.cap } });
    }
    const { message, help } = exceededFailure(why, attempt.label, model.id);
    const request = `${key} ${attempt.start.key}`;
    await attempt.park({ kind: "budget", request, message, help, deadline: null, details: { budget: place.id } });
    return stopped(attempt);
  }

  /** What an earlier start of the run reserved for a call that is still to be answered; null = nothing. */
  #stillReserved(start: Start): Fact | null {
    let last: Fact | null = null;
    for (let n = 1; ; n += 1) {
      const fact = this.#facts.find(paidKey(start.key, n), start.fingerprint);
      if (fact === null) return last?.state === "started" ? last : null;
      last = fact;
    }
  }

  #reserve(start: Start, budgets: readonly BudgetPlace[], worst: Amount): Fact {
    let n = 1;
    while (this.#facts.find(paidKey(start.key, n), start.fingerprint) !== null) n += 1;
    const fact = reservation(paidKey(start.key, n), start.fingerprint, worst, this.#host.now(), start.work.chosen);
    this.#host.remember(fact);
    this.#host.event(start, "budget.reserved", { call: n, ...figures(worst), budgets: budgets.map(({ id }) => id) });
    return fact;
  }

  /** `end` null = it was never started. */
  #settle(
    start: Start,
    budgets: readonly BudgetPlace[],
    { model, isBatch, worst, reserved }: LetIn,
    end: CallEnd | null,
  ): void {
    const real = end === null ? nothing : charge(model, end, worst, isBatch);
    const known =
      end === null
        ? { model: null, usage: null, costUsd: null }
        : { model: end.answered, usage: end.usage, costUsd: knownCost(model, end, isBatch) };
    this.#host.remember(payment(reserved, real, known, this.#host.now()));
    addSpend(start.record, known);
    const warnings = this.#bank.settle(budgets, worst, real);
    const n = Number(reserved.key.slice(reserved.key.lastIndexOf("/") + 1));
    this.#host.event(start, "budget.settled", { call: n, ...figures(real), budgets: budgets.map(({ id }) => id) });
    for (const { place, spent, cap } of warnings)
      this.#host.event(start, "budget.warned", { budget: place.id, spent: figures(spent), limit: figures(cap) });
  }

  /** What was paused stays so until it is given more. */
  #closeAgain(fact: Fact, places: Places): void {
    const [, id] = fact.key.split("~closed/");
    if (id === undefined || fact.extra === null) return;
    const place = placeOf(id, places);
    const what = fact.extra["what"] as keyof Amount;
    if (place === null || place.budget.onExceeded !== "pause") return;
    const { cap, spent } = this.#bank.open(place);
    if (cap[what] <= Number(fact.extra["cap"]))
      this.#bank.close(place, { place, what, cap: cap[what], spent: spent[what], needs: null });
  }
}

function placeOf(id: string, places: Places): BudgetPlace | null {
  return [...places.lasting, ...places.at(id).budgets].find((place) => place.id === id) ?? null;
}

function stopped({ label }: GatedAttempt): Failure {
  return failure("cancelled", "cancelled", `'${label}' was stopped before its call`);
}

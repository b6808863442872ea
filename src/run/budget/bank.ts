import { capOf, minus, nothing, overOf, plus, type Amount } from "./amount.ts";
import type { BudgetPlace } from "./place.ts";

/** A budget with what was spent of it, and what calls in flight may still take. */
export interface Account {
  readonly place: BudgetPlace;
  readonly cap: Amount;
  readonly spent: Amount;
  readonly reserved: Amount;
  /** Why no call is let in any more; null while it is open. */
  readonly closed: Exceeded | null;
}

/** A call did not fit into a budget even alone. */
export interface Exceeded {
  readonly place: BudgetPlace;
  /** What it has too little of. */
  readonly what: keyof Amount;
  readonly cap: number;
  readonly spent: number;
  /** What the call may take at most; null where that is not known: the budget was closed before. */
  readonly needs: number | null;
}

export type Verdict = "granted" | Exceeded;

interface Request {
  readonly accounts: readonly OpenAccount[];
  readonly worst: Amount;
  readonly answer: (verdict: Verdict) => void;
}

type OpenAccount = { -readonly [key in keyof Account]: Account[key] } & { waiting: number; warned: boolean };

/**
 * Lets calls in only when their worst case fits into every budget around them, beside all that is reserved. Pure but
 * for its state. First come first served: a call never passes one that came before it and waits for a budget that
 * both have. What cannot fit even alone is exceeded, and its budget lets no further call in.
 *
 *   spent + reserved <= cap  at every grant;  spent never falls
 */
export class Bank {
  readonly #accounts = new Map<string, OpenAccount>();
  readonly #queue = new Set<Request>();
  /** A budget was closed in this pass: who waits for it stands before those that were looked at. */
  #hasClosed = false;

  /** The account of a budget, opened with what was spent before. */
  open(place: BudgetPlace, spent: Amount = nothing): Account {
    const known = this.#accounts.get(place.id);
    if (known !== undefined) return known;
    const cap = capOf(place.budget);
    const account = { place, cap, spent, reserved: nothing, closed: null, waiting: 0, warned: false };
    account.warned = isWarning(account);
    this.#accounts.set(place.id, account);
    return account;
  }

  /** Every account, in the order of opening. */
  get accounts(): readonly Account[] {
    return [...this.#accounts.values()];
  }

  /** Lets nothing into a budget any more. */
  close(place: BudgetPlace, why: Exceeded): void {
    this.#close(this.#account(place), why);
    this.#pump();
  }

  /**
   * Asks for the worst case of a call in these budgets. Answered at once, or when others have settled; `answer` is
   * called once. Gives a function that takes a request back that was not answered yet.
   */
  ask(places: readonly BudgetPlace[], worst: Amount, answer: (verdict: Verdict) => void): () => void {
    const request: Request = { accounts: places.map((place) => this.#account(place)), worst, answer };
    const exceeded = this.#exceeded(request);
    if (exceeded !== null) {
      answer(exceeded);
      this.#pump();
    } else if (request.accounts.every((account) => account.waiting === 0) && fits(request)) {
      grant(request);
    } else {
      this.#queue.add(request);
      for (const account of request.accounts) account.waiting += 1;
    }
    return () => {
      if (this.#take(request)) this.#pump();
    };
  }

  /** A call that an earlier start of the run let in is still to be answered: what counted as spent is reserved again. */
  takeUp(places: readonly BudgetPlace[], worst: Amount): void {
    for (const account of places.map((place) => this.#account(place))) {
      account.spent = minus(account.spent, worst);
      account.reserved = plus(account.reserved, worst);
    }
  }

  /** A call that was let in is over: `real` is what it took. Gives the budgets of which a warning is due, once each. */
  settle(places: readonly BudgetPlace[], worst: Amount, real: Amount): readonly Account[] {
    const accounts = places.map((place) => this.#account(place));
    for (const account of accounts) {
      account.reserved = minus(account.reserved, worst);
      account.spent = plus(account.spent, real);
    }
    const warnings = accounts.filter((account) => !account.warned && isWarning(account));
    for (const account of warnings) account.warned = true;
    this.#pump();
    return warnings;
  }

  #account(place: BudgetPlace): OpenAccount {
    this.open(place);
    return this.#accounts.get(place.id) as OpenAccount;
  }

  /** Answers what waits, in order, as far as it can be answered now: again when a budget was closed meanwhile. */
  #pump(): void {
    do {
      this.#hasClosed = false;
      this.#pass();
    } while (this.#hasClosed);
  }

  #pass(): void {
    const blocked = new Set<OpenAccount>();
    for (const request of this.#queue) {
      const exceeded = this.#exceeded(request);
      if (exceeded !== null) {
        this.#take(request);
        request.answer(exceeded);
      } else if (!request.accounts.some((account) => blocked.has(account)) && fits(request)) {
        this.#take(request);
        grant(request);
      } else {
        for (const account of request.accounts) blocked.add(account);
        // Nobody behind can pass when all wait for the same.
        if (!this.#hasClosed && request.accounts.some(({ waiting }) => waiting === this.#queue.size)) return;
      }
    }
  }

  /** Why the request can never be granted; closes the budget that it does not fit into. null = it can. */
  #exceeded({ accounts, worst }: Request): Exceeded | null {
    for (const account of accounts) {
      if (account.closed !== null) return account.closed;
      const what = overOf(plus(account.spent, worst), account.cap);
      if (what === null) continue;
      const { place, cap, spent } = account;
      this.#close(account, { place, what, cap: cap[what], spent: spent[what], needs: worst[what] });
      return account.closed;
    }
    return null;
  }

  #close(account: OpenAccount, why: Exceeded): void {
    if (account.closed !== null) return;
    account.closed = why;
    this.#hasClosed = true;
  }

  #take(request: Request): boolean {
    if (!this.#queue.delete(request)) return false;
    for (const account of request.accounts) account.waiting -= 1;
    return true;
  }
}

function fits({ accounts, worst }: Request): boolean {
  return accounts.every(({ spent, reserved, cap }) => overOf(plus(plus(spent, reserved), worst), cap) === null);
}

function grant({ accounts, worst, answer }: Request): void {
  for (const account of accounts) account.reserved = plus(account.reserved, worst);
  answer("granted");
}

function isWarning({ place, spent, cap }: Account): boolean {
  const { warnAt } = place.budget;
  const share = (part: keyof Amount): boolean =>
    cap[part] !== Number.POSITIVE_INFINITY && spent[part] >= warnAt * cap[part];
  return share("nanoUsd") || share("tokens") || share("calls");
}

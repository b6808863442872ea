import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NormalBudget } from "../../../../src/manifest/pressure.ts";
import { nothing, overOf, plus, type Amount } from "../../../../src/run/budget/amount.ts";
import { Bank, type Account, type Verdict } from "../../../../src/run/budget/bank.ts";
import type { BudgetPlace } from "../../../../src/run/budget/place.ts";

const place = (id: string, budget: Partial<NormalBudget>): BudgetPlace => ({
  id,
  label: id,
  budget: { usd: null, tokens: null, calls: null, warnAt: 0.8, onExceeded: "fail", ...budget },
});
const calls = (count: number): Amount => ({ nanoUsd: 0, tokens: 0, calls: count });

/** Asks, and tells what came of it so far. */
function ask(bank: Bank, places: readonly BudgetPlace[], worst: Amount): { verdict: Verdict | null; takeBack(): void } {
  const asked: { verdict: Verdict | null; takeBack(): void } = { verdict: null, takeBack() {} };
  asked.takeBack = bank.ask(places, worst, (verdict) => {
    expect(asked.verdict).toBeNull();
    asked.verdict = verdict;
  });
  return asked;
}

describe("a bank of budgets", () => {
  it("grants what fits, and lets the rest wait for what others leave", () => {
    const bank = new Bank();
    const run = place("run", { calls: 10 });
    const first = ask(bank, [run], calls(6));
    const second = ask(bank, [run], calls(6));
    expect([first.verdict, second.verdict]).toEqual(["granted", null]);
    bank.settle([run], calls(6), calls(4));
    expect(second.verdict).toBe("granted");
  });

  it("says at once that something can never fit, and then lets nobody in", () => {
    const bank = new Bank();
    const run = place("run", { calls: 10 });
    const inFlight = ask(bank, [run], calls(8));
    const waiting = ask(bank, [run], calls(3));
    const tooMuch = ask(bank, [run], calls(11));
    expect(inFlight.verdict).toBe("granted");
    expect(tooMuch.verdict).toMatchObject({ what: "calls", cap: 10, spent: 0, needs: 11 });
    // Who waited would fit, but the budget is closed.
    expect(waiting.verdict).toMatchObject({ needs: 11 });
    expect(ask(bank, [run], calls(1)).verdict).toMatchObject({ what: "calls" });
  });

  it("is first come first served: a small call does not pass a large one", () => {
    const bank = new Bank();
    const run = place("run", { calls: 10 });
    ask(bank, [run], calls(5));
    const large = ask(bank, [run], calls(9));
    const small = ask(bank, [run], calls(1));
    expect([large.verdict, small.verdict]).toEqual([null, null]);
    bank.settle([run], calls(5), calls(1));
    expect([large.verdict, small.verdict]).toEqual(["granted", null]);
  });

  it("lets others pass who wait for nothing that is short", () => {
    const bank = new Bank();
    const [one, two] = [place("agent:one", { calls: 1 }), place("agent:two", { calls: 1 })];
    ask(bank, [one], calls(1));
    const waits = ask(bank, [one], calls(0));
    const blocked = ask(bank, [one], calls(1));
    expect(waits.verdict).toBe("granted");
    expect(blocked.verdict).toBeNull();
    expect(ask(bank, [two], calls(1)).verdict).toBe("granted");
  });

  it("forgets a request that is taken back, and who stood behind it goes on", () => {
    const bank = new Bank();
    const run = place("run", { calls: 10 });
    ask(bank, [run], calls(5));
    const large = ask(bank, [run], calls(9));
    const small = ask(bank, [run], calls(1));
    large.takeBack();
    expect([large.verdict, small.verdict]).toEqual([null, "granted"]);
  });

  it("warns once, when the share is reached", () => {
    const bank = new Bank();
    const run = place("run", { calls: 10, warnAt: 0.5 });
    bank.open(run);
    const spend = (count: number) => {
      ask(bank, [run], calls(count));
      return bank.settle([run], calls(count), calls(count)).length;
    };
    expect([spend(4), spend(1), spend(3)]).toEqual([0, 1, 0]);
  });
});

// SEMANTICS, invariant 9.
it("never lets in what does not fit, in any order of events; spend never falls; nobody waits for ever", () => {
  const amount = fc.record({ nanoUsd: fc.nat(50), tokens: fc.nat(50), calls: fc.nat(3) });
  const places = [
    place("run", { usd: 2e-7, calls: 40 }),
    place("use", { tokens: 150 }),
    place("agent:a", { usd: 1e-7, tokens: 300, onExceeded: "pause" }),
    place("agent:b", { calls: 15 }),
  ];
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("ask" as const), of: fc.nat(15), worst: amount }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("settle" as const), which: fc.nat(1000), share: fc.nat(100) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("take back" as const), which: fc.nat(1000) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const bank = new Bank();
      for (const each of places) bank.open(each);
      interface Call {
        readonly places: readonly BudgetPlace[];
        readonly worst: Amount;
        takeBack: () => void;
      }
      const waiting = new Set<Call>();
      const inFlight = new Set<Call>();
      let spent = new Map<string, Amount>();
      const look = (): void => {
        for (const account of bank.accounts) {
          const before = spent.get(account.place.id) ?? nothing;
          expect(overOf(before, account.spent)).toBeNull();
          const reserved = [...inFlight]
            .filter((call) => call.places.includes(account.place))
            .reduce((sum, call) => plus(sum, call.worst), nothing);
          expect(account.reserved).toEqual(reserved);
          expect(overOf(plus(account.spent, account.reserved), account.cap)).toBeNull();
        }
        spent = new Map(bank.accounts.map((account: Account) => [account.place.id, account.spent]));
      };
      const settle = (call: Call, share: number): void => {
        inFlight.delete(call);
        const part = (value: number): number => Math.floor((value * share) / 100);
        const { nanoUsd, tokens, calls: count } = call.worst;
        bank.settle(call.places, call.worst, { nanoUsd: part(nanoUsd), tokens: part(tokens), calls: part(count) });
      };
      for (const each of actions) {
        if (each.kind === "ask") {
          const call: Call = {
            places: places.filter((_, index) => (each.of & (1 << index)) !== 0),
            worst: each.worst,
            takeBack: () => {},
          };
          let isAnswered = false;
          waiting.add(call);
          call.takeBack = bank.ask(call.places, call.worst, (verdict) => {
            expect(isAnswered).toBe(false);
            isAnswered = true;
            waiting.delete(call);
            if (verdict === "granted") inFlight.add(call);
          });
        } else if (each.kind === "settle" && inFlight.size > 0) {
          settle([...inFlight][each.which % inFlight.size] as Call, each.share);
        } else if (each.kind === "take back" && waiting.size > 0) {
          const call = [...waiting][each.which % waiting.size] as Call;
          waiting.delete(call);
          call.takeBack();
        }
        look();
      }
      while (inFlight.size > 0) {
        settle([...inFlight][0] as Call, 50);
        look();
      }
      expect(waiting.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});

import { openBudget } from "../manifest/pressure.ts";
import { digestOf } from "../util/digest.ts";
import type { Json } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";
import type { Plan } from "./types.ts";

/** Bounds for a run in place of those of its manifest; what is left out stays as it is written there. */
export interface BudgetChoice {
  readonly usd?: number;
  readonly tokens?: number;
  readonly calls?: number;
}

/**
 * A budget as the command line has it: `2.50` (USD), or `usd=2.50,tokens=200000,calls=100`, each of them once. The
 * error is a sentence.
 */
export function parseBudget(text: string): Result<BudgetChoice, string> {
  const choice: { usd?: number; tokens?: number; calls?: number } = {};
  for (const part of text.split(",")) {
    const [, name = "usd", number = ""] = /^\s*(?:(usd|tokens|calls)\s*=)?\s*\$?(\d+(?:\.\d+)?)\s*$/.exec(part) ?? [];
    const value = Number(number);
    if (number === "" || (name !== "usd" && !Number.isSafeInteger(value)))
      return err(`'${part.trim()}' is none: write 2.50 for dollars, or usd=2.50,tokens=200000,calls=100`);
    if (choice[name as keyof BudgetChoice] !== undefined) return err(`${name} is there twice`);
    choice[name as keyof BudgetChoice] = value;
  }
  return ok(choice);
}

/** The plan with another budget for the run. */
export function withBudget(plan: Plan, choice: BudgetChoice | null): Plan {
  if (choice === null) return plan;
  const { budget = openBudget } = plan.limits;
  const limits = { ...plan.limits, budget: { ...budget, ...choice } };
  const { digest: _before, ...content } = { ...plan, limits };
  return { ...content, digest: digestOf(content as unknown as Json) };
}

import type { BudgetChoice } from "../plan/budget-choice.ts";
import { RequestError } from "./request-error.ts";

/** Refuses figures that mean nothing: with them a run would never start, or never be bounded. RequestError. */
export function checkFigures(options: { readonly concurrency?: number; readonly budget?: BudgetChoice }): void {
  const { concurrency, budget = {} } = options;
  const problems: string[] = [];
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1))
    problems.push(`concurrency ${String(concurrency)}: it must be a whole number above 0`);
  for (const [name, value] of Object.entries(budget)) {
    const isWhole = name === "usd" || Number.isSafeInteger(value);
    if (!["usd", "tokens", "calls"].includes(name)) problems.push(`budget.${name}: there are usd, tokens and calls`);
    else if (typeof value !== "number" || !Number.isFinite(value) || value < 0 || !isWhole)
      problems.push(`budget.${name} ${String(value)}: it must be a ${name === "usd" ? "" : "whole "}number, 0 or more`);
  }
  if (problems.length > 0) throw new RequestError(problems);
}

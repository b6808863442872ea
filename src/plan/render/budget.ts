import type { JsonObject } from "../../util/json.ts";
import { formatUsd } from "../../util/format.ts";
import type { Estimate } from "../estimate.ts";
import type { Plan } from "../types.ts";
import { formatCount } from "./format.ts";

/** What of a run's budget its worst case may exceed. */
export interface BudgetOutlook {
  readonly what: "usd" | "calls" | "tokens";
  readonly limit: number;
  /** null = not known before the run. */
  readonly ceiling: number | null;
  readonly floor: number | null;
}

/** The budget of the run against what it may take; empty where there is none. Tokens are only known while it runs. */
export function budgetOutlook({ limits: { budget } }: Plan, estimate: Estimate): readonly BudgetOutlook[] {
  const parts: readonly (readonly [
    BudgetOutlook["what"],
    { readonly floor: number; readonly ceiling: number } | null,
  ])[] = [
    ["usd", estimate.costUsd],
    ["calls", estimate.calls],
    ["tokens", null],
  ];
  return parts.flatMap(([what, range]) => {
    const limit = budget?.[what] ?? null;
    if (limit === null) return [];
    // A ceiling without what prompts read and prices nobody knows is none.
    const isWhole = what !== "usd" || (estimate.unknownInput.length === 0 && estimate.unpriced.length === 0);
    return [{ what, limit, floor: range?.floor ?? null, ceiling: isWhole ? (range?.ceiling ?? null) : null }];
  });
}

/** `$2.50: may not be enough, up to $3.10; at the limit the run fails`; null where there is no budget. */
export function budgetText(plan: Plan, estimate: Estimate): string | null {
  const { budget } = plan.limits;
  const outlook = budgetOutlook(plan, estimate);
  if (budget === undefined || outlook.length === 0) return null;
  const end = budget.onExceeded === "pause" ? "the run waits for more" : "the run fails";
  return `${outlook.map(partText).join("; ")}; at the limit ${end}`;
}

function partText({ what, limit, ceiling, floor }: BudgetOutlook): string {
  const text = (value: number): string => (what === "usd" ? formatUsd(value) : `${formatCount(value)} ${what}`);
  if (floor !== null && floor > limit) return `${text(limit)}: is not enough, at least ${text(floor)}`;
  if (ceiling === null) return `${text(limit)}: the most that the run may take is not known before it`;
  return ceiling > limit
    ? `${text(limit)}: may not be enough, up to ${text(ceiling)}`
    : `${text(limit)}: enough for the worst case`;
}

/** The same as JSON: `{ usd: { limit, floor, ceiling, may_exceed } }`. */
export function budgetJson(plan: Plan, estimate: Estimate): JsonObject {
  return Object.fromEntries(
    budgetOutlook(plan, estimate).map(({ what, limit, floor, ceiling }) => [
      what,
      { limit, floor, ceiling, may_exceed: ceiling === null || ceiling > limit },
    ]),
  );
}

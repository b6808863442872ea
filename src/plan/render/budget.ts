import type { NormalBudget } from "../../manifest/pressure.ts";
import type { JsonObject } from "../../util/json.ts";
import { formatUsd } from "../../util/format.ts";
import type { Estimate } from "../estimate.ts";
import type { Range } from "../range.ts";
import type { Plan } from "../types.ts";
import { formatCount } from "./format.ts";
import { agentName } from "./name.ts";

/** What of a run's budget its worst case may exceed. */
export interface BudgetOutlook {
  readonly what: "usd" | "calls" | "tokens";
  readonly limit: number;
  /** null = not known before the run. */
  readonly ceiling: number | null;
  readonly floor: number | null;
}

/** What may be taken of a budget. */
interface Demand {
  readonly calls: Range;
  readonly costUsd: Range | null;
  /** The ceiling of the cost has all. */
  readonly isBounded: boolean;
}

/** The budget of the run against what it may take; empty where there is none. */
export function budgetOutlook({ limits: { budget } }: Plan, estimate: Estimate): readonly BudgetOutlook[] {
  // A ceiling without what prompts read and prices nobody knows is none.
  const isBounded = estimate.unknownInput.length === 0 && estimate.unpriced.length === 0;
  return budget === undefined ? [] : outlookOf(budget, { ...estimate, isBounded });
}

/** Tokens are only known while it runs. */
function outlookOf(budget: NormalBudget, { calls, costUsd, isBounded }: Demand): readonly BudgetOutlook[] {
  const parts: readonly (readonly [BudgetOutlook["what"], Range | null])[] = [
    ["usd", costUsd],
    ["calls", calls],
    ["tokens", null],
  ];
  return parts.flatMap(([what, range]) => {
    const limit = budget[what];
    if (limit === null) return [];
    const isWhole = what !== "usd" || isBounded;
    return [{ what, limit, floor: range?.floor ?? null, ceiling: isWhole ? (range?.ceiling ?? null) : null }];
  });
}

/**
 * What is to be said of each budget: `$2.50: may not be enough, up to $3.10; at the limit the run fails`, and after it
 * `agent writer, 3 calls: enough for the worst case; ...`. Empty where there is none.
 */
export function budgetTexts(plan: Plan, estimate: Estimate): readonly string[] {
  const { budget } = plan.limits;
  const run = budget === undefined ? [] : textOf(budget, budgetOutlook(plan, estimate), "");
  const agents = estimate.agents.flatMap(({ agent, ...demand }) => {
    const own = plan.agents[agent]?.budget;
    return own === undefined ? [] : textOf(own, outlookOf(own, demand), `agent ${agentName(agent)}, `);
  });
  return [...run, ...agents];
}

function textOf(budget: NormalBudget, outlook: readonly BudgetOutlook[], whose: string): readonly string[] {
  if (outlook.length === 0) return [];
  const end = budget.onExceeded === "pause" ? "the run waits for more" : "the run fails";
  return [`${whose}${outlook.map(partText).join("; ")}; at the limit ${end}`];
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
export function budgetJson(outlook: readonly BudgetOutlook[]): JsonObject {
  return Object.fromEntries(
    outlook.map(({ what, limit, floor, ceiling }) => [
      what,
      { limit, floor, ceiling, may_exceed: ceiling === null || ceiling > limit },
    ]),
  );
}

/** The same for each agent that has a budget of its own and may be asked, by its name in the plan. */
export function agentBudgetsJson({ agents }: Plan, estimate: Estimate): JsonObject {
  return Object.fromEntries(
    estimate.agents.flatMap(({ agent, ...demand }) => {
      const own = agents[agent]?.budget;
      return own === undefined ? [] : [[agent, budgetJson(outlookOf(own, demand))]];
    }),
  );
}

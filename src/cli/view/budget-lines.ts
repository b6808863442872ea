import { printable } from "../../diagnostic/printable.ts";
import type { BudgetLine } from "../../run/budget/line.ts";
import { labelOfKey } from "../../run/label-of-key.ts";
import type { ScopeRecord } from "../../run/state.ts";
import { formatTokens, formatUsd } from "../../util/format.ts";

/** Uses of workflows that are shown: there may be one for each of ten thousand items. */
const SHOWN_USES = 5;

/** What was spent of each budget, a line each: `the run: $0.50 of $2.50 (20%), 12 of 100 calls`. */
export function budgetTexts(lines: readonly BudgetLine[], record: ScopeRecord): readonly string[] {
  const isUse = ({ scope }: BudgetLine): boolean => scope !== "run" && !scope.startsWith("agent:");
  const uses = lines.filter(isUse);
  const shown = [...lines.filter((line) => !isUse(line)), ...uses.slice(0, SHOWN_USES)];
  const more = uses.length - SHOWN_USES;
  return [
    ...shown.map((line) => budgetText(line, record)),
    ...(more > 0 ? [`and ${more} more uses of workflows with budgets of their own`] : []),
  ];
}

function budgetText({ scope, usd, tokens, calls }: BudgetLine, record: ScopeRecord): string {
  const parts = [
    part(usd, formatUsd),
    part(tokens, formatTokens, "tokens"),
    part(calls, String, calls.limit === 1 ? "call" : "calls"),
  ].filter((text) => text !== null);
  const open = `${formatUsd(usd.spent)}, no budget of its own`;
  return `${nameOf(scope, record)}: ${parts.length === 0 ? open : parts.join(", ")}`;
}

function part({ limit, spent }: BudgetLine["usd"], format: (value: number) => string, unit = ""): string | null {
  if (limit === null) return null;
  const share = limit === 0 ? "" : ` (${Math.round((100 * spent) / limit)}%)`;
  return `${format(spent)} of ${format(limit)}${unit === "" ? "" : ` ${unit}`}${share}`;
}

/** Whether anything bounds what is spent in a scope; the other lines tell who spent it. */
export function isBounded({ usd, tokens, calls }: BudgetLine): boolean {
  return usd.limit !== null || tokens.limit !== null || calls.limit !== null;
}

function nameOf(scope: string, record: ScopeRecord): string {
  if (scope === "run") return "the run";
  return scope.startsWith("agent:")
    ? `agent ${printable(scope.slice("agent:".length))}`
    : printable(labelOfKey(scope, record));
}

import { formatUsd } from "../../util/format.ts";
import type { JsonObject } from "../../util/json.ts";
import { failure, type Failure } from "../failure.ts";
import { usdOf, type Amount } from "./amount.ts";
import type { Exceeded } from "./bank.ts";

/** An amount as events and facts tell it; what is not bounded is null. */
export function figures({ nanoUsd, tokens, calls }: Amount): JsonObject {
  return { usd: bounded(usdOf(nanoUsd)), tokens: bounded(tokens), calls: bounded(calls) };
}

function bounded(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

const words: { readonly [what in keyof Amount]: { readonly key: string; readonly text: (value: number) => string } } = {
  nanoUsd: { key: "usd", text: (value) => formatUsd(usdOf(value)) },
  tokens: { key: "tokens", text: (value) => `${value} token${value === 1 ? "" : "s"}` },
  calls: { key: "calls", text: (value) => `${value} call${value === 1 ? "" : "s"}` },
};

/** The failure of an attempt whose next call no budget has room for. */
export function exceededFailure({ place, what, cap, spent, needs }: Exceeded, label: string, model: string): Failure {
  const { key, text } = words[what];
  const next =
    needs === null ? "it takes no further call" : `the next call of '${label}' (${model}) may take ${text(needs)}`;
  return failure(
    "budget",
    "budget_exceeded",
    `the budget of ${place.label} has no room for a further call: ${text(spent)} of ${text(cap)} are spent, and ${next}`,
    { help: helpFor(place.id, key) },
  );
}

function helpFor(id: string, key: string): string {
  const more =
    id === "run"
      ? `resume with a higher one (--budget ${key === "usd" ? "USD" : `${key}=N`}, or limits.budget.${key})`
      : id.startsWith("agent:")
        ? `raise agents.${id.slice("agent:".length)}.budget.${key} and resume`
        : `raise limits.budget.${key} of the workflow that it uses, and resume`;
  return `${more}; what is done is kept. A lower 'max_tokens' makes the worst case of a call smaller`;
}

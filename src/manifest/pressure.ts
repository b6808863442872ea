import { parseDuration } from "../util/duration.ts";
import { InternalError } from "../util/internal-error.ts";
import { parseRate, type Rate } from "../util/rate.ts";
import type { Agent, Budget, Limits } from "./types.ts";

/** The most that may be spent in a scope; null = that is not bounded. Complete: the language's defaults are in. */
export interface NormalBudget {
  readonly usd: number | null;
  /** In and out, cached ones included. */
  readonly tokens: number | null;
  readonly calls: number | null;
  /** The share of a bound at which there is a warning. */
  readonly warnAt: number;
  readonly onExceeded: "fail" | "pause";
}

/** How often things may start, over all runs of the project. */
export interface NormalRates {
  readonly spawns: Rate | null;
  /** By provider. */
  readonly providers: { readonly [name: string]: { readonly requests: Rate | null; readonly tokens: Rate | null } };
}

/** When to stop asking who fails again and again. */
export interface NormalBreaker {
  readonly failures: number;
  readonly cooldownMs: number;
  /** `cooldown` is written in the file. */
  readonly hasCooldown: boolean;
  readonly scope: "run" | "model" | "agent";
}

/** What a budget says where it says nothing else. */
export const openBudget: NormalBudget = { usd: null, tokens: null, calls: null, warnAt: 0.8, onExceeded: "fail" };

const defaultBreaker = { failures: 3, cooldown: "60s", scope: "run" } as const;

/** A budget in its canonical form; null = none is written. */
export function normaliseBudget(budget: Budget | undefined): NormalBudget | null {
  if (budget === undefined) return null;
  const { warn_at: warnAt = openBudget.warnAt, on_exceeded: onExceeded = openBudget.onExceeded } = budget;
  const { usd = null, tokens = null, calls = null } = budget;
  return { usd, tokens, calls, warnAt, onExceeded };
}

/** What a call of the agent is taken to cost where no price is known, USD; null = nothing is said. */
export function normaliseAssume(agent: Agent): number | null {
  return agent.assume?.usd ?? null;
}

/** Rates in their canonical form; null = none are written. */
export function normaliseRates(rate: Limits["rate"]): NormalRates | null {
  if (rate === undefined) return null;
  const { anthropic, openai, ollama } = rate;
  const providers = Object.entries({ anthropic, openai, ollama }).flatMap(([name, limits]) =>
    limits === undefined ? [] : [[name, { requests: rateOf(limits.requests), tokens: rateOf(limits.tokens) }] as const],
  );
  return { spawns: rateOf(rate.spawns), providers: Object.fromEntries(providers) };
}

/** A circuit breaker in its canonical form; null = none is written. */
export function normaliseBreaker(breaker: Limits["circuit_breaker"]): NormalBreaker | null {
  if (breaker === undefined) return null;
  const { failures, cooldown, scope } = { ...defaultBreaker, ...breaker };
  const hasCooldown = breaker.cooldown !== undefined;
  return { failures, cooldownMs: parseDuration(cooldown) ?? 0, hasCooldown, scope };
}

function rateOf(text: string | undefined): Rate | null {
  if (text === undefined) return null;
  const rate = parseRate(text);
  if (rate === null) throw new InternalError(`a rate passed validation and is none: ${text}`);
  return rate;
}

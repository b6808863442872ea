import { isInsideCall, isOfUnit, isPaidKey } from "../run/attempt-key.ts";
import type { KeptLetter } from "../run/dead-letter.ts";
import type { Store } from "../store/store.ts";
import { standing } from "./standing.ts";

/** What became of a unit since it failed: it is tried again now, or whoever tried it stopped in the middle. */
export type Retried = "running" | "interrupted";

/** Tells what is under way of a letter's unit; null = nothing since it failed. Reads the facts of each run once. */
export function retriedLetters(store: Store): (letter: KeptLetter) => Retried | null {
  const started = new Map<
    string,
    { readonly stands: Retried; readonly keys: readonly (readonly [string, number])[] }
  >();
  return ({ runId, key: unit, failedAt }) => {
    let run = started.get(runId);
    if (run === undefined) started.set(runId, (run = startedIn(store, runId)));
    return run.keys.some(([key, at]) => isOfUnit(key, unit) && at > failedAt) ? run.stands : null;
  };
}

function startedIn(
  store: Store,
  runId: string,
): { readonly stands: Retried; readonly keys: readonly (readonly [string, number])[] } {
  const summary = store.findRun(runId);
  const stands = summary === null ? null : standing(summary);
  if (stands !== "running" && stands !== "interrupted") return { stands: "interrupted", keys: [] };
  const keys: [string, number][] = [];
  for (const { key, state, startedAt } of store.readFacts(runId)) {
    if (state === "succeeded" || state === "failed" || isInsideCall(key) || isPaidKey(key)) continue;
    keys.push([key, startedAt]);
  }
  return { stands, keys };
}

import type { Fact } from "../../../src/run/fact.ts";

/** A success of attempt 1 of step `a`; give what matters to the test. */
export function factOf(fact: Partial<Fact> = {}): Fact {
  const state = fact.state ?? "succeeded";
  return {
    key: "a/1.0.1",
    fingerprint: "s.v",
    state,
    starts: 1,
    startedAt: 1000,
    endedAt: state === "started" ? null : 2000,
    output: state === "succeeded" ? { inline: "out" } : null,
    extra: null,
    failure: null,
    model: null,
    usage: null,
    costUsd: null,
    ...fact,
  };
}

import type { Failure } from "./failure.ts";
import type { Usage } from "../util/usage.ts";
import type { ValueRef } from "./value-ref.ts";

/**
 * The recorded outcome of one attempt (or of one model call inside it). Facts answer after a crash:
 * a resume starts from the initial state, and whoever asks for this attempt gets this outcome.
 */
export interface Fact {
  /** The attempt's lasting name: `STEP[#ITEM]/i1/s0/a1`, with `/call/N` for a model call in it. See attempt-key.ts. */
  readonly key: string;
  /** hash(S, I) of SEMANTICS.md: what it was asked; a fact answers only for the same fingerprint. */
  readonly fingerprint: string;
  /**
   * `waiting`: it was started, and waits for a time or for somebody outside; nothing of it is in flight, so starting it
   * again is neither a retry nor a loss.
   */
  readonly state: "started" | "succeeded" | "failed" | "waiting";
  /** How often it was started without an outcome since: 1 while it is in flight for the first time. */
  readonly starts: number;
  readonly startedAt: number;
  /** null while it has no outcome. */
  readonly endedAt: number | null;
  /** The output; null unless it succeeded. Of one that is `waiting`: what for, null for a time (see waits-for.ts). */
  readonly output: ValueRef | null;
  /** What else the kind tells: `exit_code`, `stderr` (bounded), `stop_reason`; `agent` where it was chosen in the run. */
  readonly extra: { readonly [name: string]: string | number | boolean | null } | null;
  /** The files that it left behind, a list of artifacts; left out = none. */
  readonly artifacts?: ValueRef | null;
  /** The outcome was that of an earlier run. Default false. */
  readonly isFromCache?: boolean;
  readonly failure: Failure | null;
  /** The model that answered, `provider/model`; null for other kinds. */
  readonly model: string | null;
  readonly usage: Usage | null;
  /** null = no model was asked, or its price is not known. */
  readonly costUsd: number | null;
}

/** Who did it, by the name in the plan, where that was chosen in the run; null = it is written in the plan. */
export function chosenAgent({ extra }: Pick<Fact, "extra">): string | null {
  const agent = extra?.["agent"];
  return typeof agent === "string" ? agent : null;
}

/**
 * In `extra` of an outcome that is on the record before anything that follows from it: its runner may have died before it
 * could tell how the step ended. Gone with the next commit.
 */
export const UNTOLD = "untold";

/** The fact of something that was told once and cost nothing: what a gate saw. */
export function pureFact(key: string, print: string, output: ValueRef, at: number): Fact {
  return {
    key,
    fingerprint: print,
    state: "succeeded",
    starts: 1,
    startedAt: at,
    endedAt: at,
    output,
    extra: null,
    failure: null,
    model: null,
    usage: null,
    costUsd: null,
  };
}

import type { StepRecord } from "../../run/state.ts";
import type { ScopeRecord } from "../../run/state.ts";
import { RunCore, type CoreOptions } from "./core.ts";
import type { RunEnding, Sink, Start, StartReason } from "./sink.ts";

/** How far a run is by its facts alone, and what would run next. */
export interface Recall {
  readonly record: ScopeRecord;
  /** Attempts that no fact answers, in order. */
  readonly pending: readonly Start[];
  /** null while something is pending. */
  readonly ending: RunEnding | null;
}

/**
 * Goes through a run without doing anything: recorded facts answer, what has none is left pending.
 * Costs no call and writes nothing; `keep` and `read` of the options may touch memory and blobs only.
 */
export function recall(options: Omit<CoreOptions, "sink" | "slots">): Recall {
  const pending = new Map<string, Start>();
  let ending: RunEnding | null = null;
  const sink: Sink = {
    event() {},
    fact() {},
    start: (start) => pending.set(`${start.unit}.${start.serial}`, start),
    // Its step is decided without it, as it was when that happened.
    abort: (unit, serial) => {
      pending.delete(`${unit}.${serial}`);
      core.post({ type: "ended", unit, serial, outcome: { kind: "failed", class: "cancelled", retryAfterMs: null } });
    },
    delay: (unit, serial) => core.post({ type: "fired", unit, serial }),
    undelay() {},
    finished: (end) => (ending = end),
  };
  const core = new RunCore({ ...options, sink, slots: Number.POSITIVE_INFINITY });
  core.post({ type: "started" });
  while (core.drain(100_000));
  return { record: core.record, pending: [...pending.values()], ending };
}

/** What a resume will do, for a person to read before it starts. */
export interface ResumePlan {
  readonly steps: readonly { readonly path: string; readonly reused: number; readonly again: readonly Again[]; readonly waits: boolean }[];
}

/** Units of one step that run, by reason. */
export interface Again {
  readonly reason: StartReason;
  readonly units: number;
}

/** Sorts a recall by step. A step that `waits` runs later, depending on what comes out of the others. */
export function resumePlan({ record, pending }: Recall): ResumePlan {
  const byPath = new Map<string, Map<StartReason, number>>();
  for (const { path, reason } of pending) {
    const reasons = byPath.get(path) ?? new Map<StartReason, number>();
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    byPath.set(path, reasons);
  }
  return {
    steps: record.steps.map((step) => ({
      path: step.path,
      reused: step.reused,
      again: [...(byPath.get(step.path) ?? [])].map(([reason, units]) => ({ reason, units })),
      waits: !byPath.has(step.path) && isOpen(step),
    })),
  };
}

function isOpen({ status }: StepRecord): boolean {
  return status === "pending" || status === "ready" || status === "running";
}

/** Keys of the facts of failures that nothing caught: a resume of a failed run tries them anew. */
export function uncaughtFailures(record: ScopeRecord): ReadonlySet<string> {
  return new Set(record.steps.filter(({ status, caught }) => status === "failed" && !caught).map(({ path }) => path));
}

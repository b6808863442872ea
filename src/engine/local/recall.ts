import { idsOfPath, labelOf } from "../../run/attempt-key.ts";
import type { Failure } from "../../run/failure.ts";
import type { LeftFiles } from "../workspace/resolved-files.ts";
import type { StepRecord } from "../../run/state.ts";
import type { ScopeRecord } from "../../run/state.ts";
import { RunCore } from "./core.ts";
import type { CoreOptions } from "./core-options.ts";
import type { RunEnding, Sink, Start, StartReason } from "./sink.ts";

/** How far a run is by its facts alone, and what would run next. */
export interface Recall {
  readonly record: ScopeRecord;
  /** Attempts that no fact answers, in order. */
  readonly pending: readonly Start[];
  /** What the recorded outcomes left behind, in the order in which it was. */
  readonly files: readonly LeftFiles[];
  /** null while something is pending. */
  readonly ending: RunEnding | null;
}

/** How a run ended that did not come to its own end. */
export interface Stopped {
  readonly as: "cancelled" | "failed";
  readonly failure: Failure | null;
}

/**
 * Goes through a run without doing anything: recorded facts answer, what has none is left pending.
 * Costs no call and writes nothing; `keep` and `read` of the options may touch memory and blobs only. A run that was
 * `stopped` goes on from there with its `finally`.
 */
export function recall(options: Omit<CoreOptions, "sink" | "slots">, stopped: Stopped | null = null): Recall {
  const pending = new Map<string, Start>();
  const files: LeftFiles[] = [];
  let ending: RunEnding | null = null;
  const sink: Sink = {
    event() {},
    fact() {},
    deadLetter() {},
    revived() {},
    start: (start) => pending.set(`${start.unit}.${start.serial}`, start),
    // Its step is decided without it, as it was when that happened.
    abort: (unit, serial) => {
      pending.delete(`${unit}.${serial}`);
      core.post({ type: "ended", unit, serial, outcome: { kind: "failed", class: "cancelled", retryAfterMs: null } });
    },
    cached() {},
    left: (path, step, artifacts) =>
      files.push({
        step: idsOfPath(path),
        workspace: step.workspace,
        artifacts: options.read(artifacts) as unknown as LeftFiles["artifacts"],
      }),
    goOn() {},
    delay: (unit, serial) => core.post({ type: "fired", unit, serial }),
    undelay() {},
    limit() {},
    unlimit() {},
    finished: (end) => (ending = end),
  };
  const core = new RunCore({ ...options, sink, isRecall: true, slots: Number.POSITIVE_INFINITY });
  core.start();
  while (core.drain(100_000));
  if (stopped !== null && ending === null) {
    core.stopFailure = stopped.failure;
    core.stop(stopped.as);
    while (core.drain(100_000));
  }
  return { record: core.record, pending: [...pending.values()], ending, files };
}

/** What a resume will do, for a person to read before it starts. */
export interface ResumePlan {
  readonly steps: readonly StepResume[];
}

/** What becomes of one step. */
export interface StepResume {
  readonly path: string;
  /** Units whose recorded outcome answers. */
  readonly reused: number;
  /** Units that the cache answers. */
  readonly cached: number;
  readonly again: readonly Again[];
  /** Runs later, if it runs, depending on what comes out of the others. */
  readonly waits: boolean;
  /** Units, as `draft[2]`, that were under way when their runner stopped and must not be repeated unasked: they fail, unless they are named by `--rerun`. */
  readonly inDoubt: readonly string[];
}

/** Units of one step that run, by reason. */
export interface Again {
  readonly reason: StartReason;
  readonly units: number;
}

/** Sorts a recall by step. A step that `waits` runs later, depending on what comes out of the others. */
export function resumePlan({ record, pending }: Recall): ResumePlan {
  const byPath = new Map<string, Map<StartReason, number>>();
  const inDoubt = new Map<string, string[]>();
  for (const { path, item, reason } of pending) {
    if (reason === "unknown") inDoubt.set(path, [...(inDoubt.get(path) ?? []), labelOf({ path, item })]);
    const reasons = byPath.get(path) ?? new Map<StartReason, number>();
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    byPath.set(path, reasons);
  }
  return {
    steps: allSteps(record).map((step) => ({
      path: step.path,
      reused: step.reused,
      cached: step.cached,
      again: [...(byPath.get(step.path) ?? [])]
        .filter(([reason]) => reason !== "unknown")
        .map(([reason, units]) => ({ reason, units })),
      waits: !byPath.has(step.path) && isOpen(step),
      inDoubt: [...new Set([...(inDoubt.get(step.path) ?? []), ...unknownOutcomes(step)])],
    })),
  };
}

/** The steps of a scope and of the scopes inside, but for groups themselves: what they do is done by their steps. */
function allSteps(record: ScopeRecord): readonly StepRecord[] {
  return record.steps.flatMap((step) => {
    const inner = [step.inner, ...(step.items ?? []).map((item) => item.inner)].filter((scope) => scope !== null);
    return inner.length === 0 ? [step] : inner.flatMap(allSteps);
  });
}

function unknownOutcomes({ path, failure, items }: StepRecord): readonly string[] {
  if (items === null) return failure?.code === "outcome_unknown" ? [path] : [];
  return items.flatMap((one, item) => (one.failure?.code === "outcome_unknown" ? [labelOf({ path, item })] : []));
}

function isOpen({ status }: StepRecord): boolean {
  return status === "pending" || status === "ready" || status === "running";
}

/**
 * Paths (ids alone, as `group/inner`) of the steps whose failure nothing caught: a resume of a failed run tries them
 * anew. What failed inside a group that was caught is caught.
 */
export function uncaughtFailures(record: ScopeRecord, prefix = ""): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const step of record.steps) {
    if (step.status !== "failed" || step.caught) continue;
    const path = `${prefix}${step.id}`;
    paths.add(path);
    for (const scope of [step.inner, ...(step.items ?? []).map(({ inner }) => inner)]) {
      if (scope !== null) for (const inner of uncaughtFailures(scope, `${path}/`)) paths.add(inner);
    }
  }
  return paths;
}

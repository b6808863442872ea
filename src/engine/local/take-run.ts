import type { Plan } from "../../plan/types.ts";
import { isPaidKey } from "../../run/attempt-key.ts";
import type { Fact } from "../../run/fact.ts";
import { noSpend, plusSpend } from "../../run/spend.ts";
import type { LeaseOwner, RunSummary } from "../../store/store.ts";
import type { Json } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { LeftFiles } from "../workspace/resolved-files.ts";
import type { Alone } from "./alone.ts";
import type { CoreOptions } from "./core-options.ts";
import { FactIndex } from "./fact-index.ts";
import { LocalRun } from "./run.ts";
import { aroundOptions, startedData } from "./start-options.ts";
import type { Frozen, Surroundings } from "./surroundings.ts";

/** The facts of a run, and those of them that answer no more. */
export interface SplitFacts {
  readonly kept: FactIndex;
  readonly forgotten: readonly Fact[];
  /** Keeps the spend of all that was ever forgotten; null when there was none. */
  readonly carried: Fact | null;
}

/** The name of the fact that keeps the spend of facts which no longer answer: spend never falls. */
const CARRIED = "~forgotten";

/** Sorts the facts of a run, in one pass. */
export function splitFacts(all: Iterable<Fact>, isForgotten: (fact: Fact) => boolean, now: number): SplitFacts {
  const kept = new FactIndex();
  const forgotten: Fact[] = [];
  let before: Fact | null = null;
  for (const fact of all) {
    if (fact.key === CARRIED) before = fact;
    // What was paid stays paid.
    else if (isForgotten(fact) && !isPaidKey(fact.key)) forgotten.push(fact);
    else kept.put(fact);
  }
  const carried = carriedSpend(before, forgotten, now);
  if (carried !== null) kept.put(carried);
  return { kept, forgotten, carried };
}

function carriedSpend(before: Fact | null, forgotten: readonly Fact[], now: number): Fact | null {
  const sum = [...forgotten, ...(before === null ? [] : [before])].reduce(plusSpend, noSpend);
  if (before === null && sum.usage.calls === 0) return null;
  return {
    key: CARRIED,
    fingerprint: "spend",
    state: "succeeded",
    starts: 1,
    startedAt: now,
    endedAt: now,
    output: { inline: null },
    extra: null,
    failure: null,
    model: null,
    usage: sum.usage,
    costUsd: sum.costUsd,
  };
}

/** A start that goes on with a run. */
export interface NextStart {
  readonly summary: RunSummary;
  readonly plan: Plan;
  readonly core: Omit<CoreOptions, "sink">;
  readonly facts: SplitFacts;
  readonly around: Surroundings;
  /** What the recorded outcomes left behind: put back before anything starts. */
  readonly left: readonly LeftFiles[];
  /** Only this unit runs. */
  readonly alone?: Alone;
  /** What else `run.started` says. */
  readonly started?: { readonly [name: string]: Json };
}

/** Takes the run for this process; nothing starts before `go`. The error is the runner that holds it. */
export function takeRun(next: NextStart): Result<{ readonly go: () => LocalRun }, LeaseOwner> {
  const { summary, plan, core, facts, around, alone } = next;
  const { store, unitFiles } = around;
  const lease = store.acquireLease(summary.runId, around.owner, around.mayTake);
  if (!lease.ok) return err(lease.owner);
  const { takenFrom } = lease;
  const started = {
    ...startedData(lease.lease.epoch, plan, core, around, {
      taken_from: takenFrom === null ? null : { host: takenFrom.host, pid: takenFrom.pid },
    }),
    ...next.started,
  };
  const options = {
    ...aroundOptions(around, summary.frozen as unknown as Frozen),
    core: { ...core, letters: store.listDeadLetters(summary.runId) },
    lease: lease.lease,
    started,
    forget: facts.forgotten.map(({ key }) => key),
    carry: facts.carried === null || facts.forgotten.length === 0 ? [] : [facts.carried],
    activeMs: summary.activeMs,
    ...(alone === undefined ? {} : { alone }),
    ...(next.left.length === 0 || unitFiles === null
      ? {}
      : { before: () => unitFiles.restore(summary.runId, next.left) }),
  };
  // The facts of this start are its own: what is prepared may be looked at before.
  return ok({ go: () => new LocalRun({ ...options, core: { ...options.core, facts: core.facts.fork() } }) });
}

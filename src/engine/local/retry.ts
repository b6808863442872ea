import type { Plan } from "../../plan/types.ts";
import { isOfUnit, labelOf } from "../../run/attempt-key.ts";
import type { DeadLetter } from "../../run/dead-letter.ts";
import type { Fact } from "../../run/fact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { RunInfo } from "../../run/state.ts";
import type { LeaseOwner, RunSummary } from "../../store/store.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { planOfRun, readRun } from "./read-run.ts";
import { recall } from "./recall.ts";
import type { LocalRun } from "./run.ts";
import { coreOptions, type Frozen, type Surroundings } from "./surroundings.ts";
import { splitFacts, takeRun } from "./take-run.ts";
import { triedAnew } from "./tried-anew.ts";

export interface Retry {
  /** The plan is not the one that the run had when the unit failed. */
  readonly hasChanged: boolean;
  /** Takes the run for this process; nothing starts before `go`. The error is the runner that holds it. */
  take(): Result<{ readonly go: () => LocalRun }, LeaseOwner>;
}

/**
 * Prepares to run a unit that failed for good once more, alone: facts answer for what it reads, and what comes out of
 * it is a fact under its fingerprint, which a resume finds. A run that had succeeded can be resumed afterwards. Reads
 * only, until `take`. An attempt that may have taken effect stays in doubt unless `isRerun`: then a person has said that
 * it may be repeated. The error says why the unit cannot run alone.
 */
export function prepareRetry(
  summary: RunSummary,
  plan: Plan,
  letter: DeadLetter,
  isRerun: boolean,
  around: Surroundings,
): Result<Retry, Failure> {
  const { store, clock } = around;
  const { runId } = summary;
  const frozen = summary.frozen as unknown as Frozen;
  const info: RunInfo = { runId, plan, startedAt: summary.startedAt, inputs: frozen.inputs };
  const recorded = () => store.readFacts(runId);
  const isTriedAnew = triedAnew(plan, [letter], recorded);
  const isForgotten = (fact: Fact): boolean =>
    isOfUnit(fact.key, letter.key) && (isTriedAnew(fact) || (isRerun && isInDoubt(fact)));
  const facts = splitFacts(recorded(), isForgotten, clock.now());
  const core = coreOptions(plan, info, frozen, facts.kept, around);
  if (!core.ok) return core;
  // It was asked for: no outcome of another run answers.
  const only = { ...core.value, cache: null, only: letter.key, slots: Number.POSITIVE_INFINITY };
  const { pending, files: left } = recall({ ...only, facts: facts.kept.fork() });
  if (pending.length === 0)
    return err(letter.failure.code === "outcome_unknown" ? inDoubt(letter) : unreachable(letter));

  const failed = whatFailed(summary, plan, around);
  const alone = {
    unit: letter.key,
    path: letter.path,
    item: letter.item,
    failure: failed,
    statusAfter: () => statusAfter(summary, letter, around),
  };
  return ok({
    hasChanged: planOfRun(store, runId)?.digest !== plan.digest,
    take: () => takeRun({ summary, plan, core: only, facts, around, left, alone, started: { retry: labelOf(letter) } }),
  });
}

function isInDoubt({ state, failure: why }: Fact): boolean {
  return state === "started" || why?.code === "outcome_unknown";
}

/** Where an attempt is known to be in doubt already, trying the unit again changes nothing. */
function inDoubt({ path }: DeadLetter): Failure {
  return failure(
    "internal",
    "outcome_unknown",
    `'${path}' was running when its runner stopped: nobody knows whether it took effect, so it is not repeated`,
    { help: "see what it did; to run it again say --rerun" },
  );
}

function unreachable({ path, kind }: DeadLetter): Failure {
  const isComputed = kind === "value";
  return failure(
    "invalid",
    "not_alone",
    isComputed
      ? `'${path}' is computed and not run: equal values give the same failure again`
      : `'${path}' does not get its turn: it fails before it starts, or what it waits for is not on the record as the manifest has it now`,
    { help: "mend the manifest, then 'muster resume': it runs what changed, and all that follows" },
  );
}

/** After success a run that had failed is still a failed one while something else failed uncaught; else it can go on. */
function statusAfter(
  summary: RunSummary,
  letter: DeadLetter,
  { store }: Surroundings,
): "succeeded" | "failed" | "interrupted" {
  const left = store.listDeadLetters(summary.runId);
  const isWell = !left.some(({ key }) => isOfUnit(key, letter.key));
  if (!isWell && (summary.status === "succeeded" || summary.status === "failed")) return summary.status;
  return summary.status === "failed" && left.some(({ caught }) => !caught) ? "failed" : "interrupted";
}

/** Why the run failed as it stands; null when it did not. */
function whatFailed(summary: RunSummary, plan: Plan, around: Surroundings): Failure | null {
  if (summary.status !== "failed") return null;
  const before = readRun(summary, planOfRun(around.store, summary.runId) ?? plan, around);
  return before.ok ? (before.value.ending?.failure ?? null) : null;
}

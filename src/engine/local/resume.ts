import type { Plan } from "../../plan/types.ts";
import { idsOfPath, labelOf, pathOfKey } from "../../run/attempt-key.ts";
import type { Fact } from "../../run/fact.ts";
import type { Failure } from "../../run/failure.ts";
import type { RunInfo } from "../../run/state.ts";
import type { LeaseOwner, RunSummary } from "../../store/store.ts";
import { ok, type Result } from "../../util/result.ts";
import { askedAgain } from "./asked-again.ts";
import { planOfRun, readRun } from "./read-run.ts";
import { recall, uncaughtFailures, type Recall } from "./recall.ts";
import type { LocalRun } from "./run.ts";
import type { Start, StartReason } from "./sink.ts";
import { coreOptions, type Frozen, type Surroundings } from "./surroundings.ts";
import { splitFacts, takeRun } from "./take-run.ts";
import { triedAnew } from "./tried-anew.ts";

export interface Resume {
  /** What the facts answer, and what is left to run: shown before anything starts. Goes through all of the run. */
  preview(): Recall;
  /** Takes the run for this process; nothing starts before `go`. The error is the runner that holds it. */
  take(): Result<{ readonly go: () => LocalRun }, LeaseOwner>;
}

/**
 * Prepares to go on with a run: `interrupted`, `failed`, or `running` under an owner that died. `rerun` names the steps
 * and items whose facts no longer answer (asked-again.ts). Reads only, until `take`.
 */
export function prepareResume(
  summary: RunSummary,
  plan: Plan,
  rerun: ReadonlySet<string>,
  around: Surroundings,
): Result<Resume, Failure> {
  const { store, clock } = around;
  const frozen = summary.frozen as unknown as Frozen;
  const info: RunInfo = { runId: summary.runId, plan, startedAt: summary.startedAt, inputs: frozen.inputs };
  // After a failed run what nothing caught is tried anew; after a crash every fact answers.
  const anew = uncaughtSteps(summary, plan, around);
  const again = askedAgain(rerun, summary, plan, around);
  if (!again.ok) return again;
  const { isKey, isLabel } = again.value;
  const letters = store.listDeadLetters(summary.runId).filter(({ key }) => anew.has(pathOfKey(key)));
  const isTriedAnew = triedAnew(plan, letters, () => store.readFacts(summary.runId));
  const isForgotten = (fact: Fact): boolean => {
    if (rerun.size === 0 && anew.size === 0) return false;
    const path = pathOfKey(fact.key);
    return isKey(fact.key) || (anew.has(path) && isTriedAnew(fact));
  };
  const facts = splitFacts(store.readFacts(summary.runId), isForgotten, clock.now());
  const core = coreOptions(plan, info, frozen, facts.kept, around);
  if (!core.ok) return core;
  const reasonOf = ({ path, item, reason }: Start): StartReason =>
    reason !== "new"
      ? reason
      : isLabel(labelOf({ path, item }))
        ? "rerun"
        : anew.has(idsOfPath(path))
          ? "failed"
          : "new";

  const asked = { ...core.value, isAskedFor: isLabel };
  return ok({
    preview() {
      const { pending, ...known } = recall({ ...asked, facts: facts.kept.fork() });
      return { ...known, pending: pending.map((start) => ({ ...start, reason: reasonOf(start) })) };
    },
    take: () => {
      const left = hasFiles(plan) ? recall({ ...asked, facts: facts.kept.fork() }).files : [];
      return takeRun({ summary, plan, core: asked, facts, around, left });
    },
  });
}

/** Whether a step of the plan leaves files behind: only then there may be some to put back. */
function hasFiles(plan: Plan): boolean {
  return plan.scopes.some(({ steps }) => steps.some(({ files }) => files !== undefined && files.writes.length > 0));
}

/** After a failed run: its steps whose failure nothing caught, by the plan that it ran with. No edit undoes that they failed. */
export function uncaughtSteps(summary: RunSummary, plan: Plan, around: Surroundings): ReadonlySet<string> {
  if (summary.status !== "failed") return new Set();
  const failed = readRun(summary, planOfRun(around.store, summary.runId) ?? plan, around);
  return failed.ok ? uncaughtFailures(failed.value.record) : new Set();
}

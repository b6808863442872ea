import type { PlannedStep } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { UnitCommand } from "../../run/scheduler/command.ts";
import { MAX_LOST } from "../../run/scheduler/graph.ts";
import type { ScopeRecord, StepRecord } from "../../run/state.ts";

/** The failure of a unit as a whole. */
export function unitFailure(command: UnitCommand, path: string, last: Failure | null): Failure {
  if (command.code === "lost_too_often") {
    return failure("internal", "lost_too_often", `'${path}' was in flight ${MAX_LOST + 1} times when its runner died`, {
      help: "see whether the step itself brings the runner down (memory?), then run it again with 'muster resume --rerun'",
    });
  }
  if (command.code === "handoff_exhausted") {
    const why = last === null ? "no output was accepted" : `the last one: ${last.message}`;
    return failure("output", "handoff_exhausted", `the 'handoff' of '${path}' came to its end: ${why}`, {
      help: "see what each of them gave with 'muster logs'; loosen 'accept', or add one to the end",
    });
  }
  if (command.code === "repeat_exhausted") {
    return failure(
      "output",
      "repeat_exhausted",
      `'${path}' was repeated as often as 'repeat.max' allows, and its 'until' never held`,
      {
        help: "see its rounds with 'muster show'; raise 'repeat.max', or loosen 'until'",
      },
    );
  }
  return last ?? failure("cancelled", "killed", `'${path}' was stopped on request`);
}

/** The failure of a `for_each` step whose join does not hold; the same whatever order its items ended in. */
export function joinFailure(record: StepRecord, step: PlannedStep): Failure {
  const items = record.items ?? [];
  const failed = items.flatMap((item, index) => (item.failure === null ? [] : [{ index, failure: item.failure }]));
  const succeeded = items.filter((item) => item.status === "succeeded").length;
  const join = step.fan?.join;
  const wanted = join?.kind === "at_least" ? `at least ${join.count}` : join?.kind === "any" ? "one" : "all";
  const overBudget = failed.find((item) => item.failure.class === "budget");
  if (overBudget !== undefined) {
    const { index, failure: why } = overBudget;
    const message = `${succeeded} of ${items.length} items are done; item ${index}: ${why.message}`;
    return failure("budget", why.code, message, { help: why.help });
  }
  const first = failed[0];
  const because = first === undefined ? "" : `; item ${first.index}: ${first.failure.message}`;
  return failure(
    first?.failure.class ?? "output",
    first === undefined ? "join_empty" : "items_failed",
    `${succeeded} of ${items.length} items succeeded, ${wanted} must${because}`,
    { help: first?.failure.help ?? null },
  );
}

/** Why the run failed: its first uncaught step in the order of the file. */
export function runFailure(record: ScopeRecord): Failure | null {
  const step = record.steps.find(({ status, caught }) => status === "failed" && !caught);
  if (step === undefined || step.failure === null) return null;
  const { class: failureClass, code, message, help } = step.failure;
  return failure(failureClass, code, `step '${step.path}' failed: ${message}`, { help });
}

import { isOver, type StepProgress } from "../../run/progress.ts";

/** The steps that get a line of their own, and those that share one. */
export interface Rows {
  /** In the order of the file. */
  readonly steps: readonly StepProgress[];
  /** Steps that are over and have no line. */
  readonly over: readonly StepProgress[];
  /** How many that are at work have no line. */
  readonly running: number;
  /** How many that wait for their turn have no line. */
  readonly pending: number;
}

/**
 * Shares `lines` out among the steps: all of them where they fit. Otherwise first what is at work, then what failed,
 * then what comes next, then what ended last; three lines are kept for what is left out.
 */
export function chooseRows(steps: readonly StepProgress[], lines: number): Rows {
  if (steps.length <= lines) return { steps, over: [], running: 0, pending: 0 };
  const indices = steps.map((_, index) => index);
  const byInterest = indices.sort((a, b) => interest(steps[a]) - interest(steps[b]) || recency(steps, a, b));
  const chosen = new Set(byInterest.slice(0, Math.max(0, lines - 3)));
  const hidden = byInterest.flatMap((index) => (chosen.has(index) ? [] : (steps[index] ?? [])));
  const over = hidden.filter(isOver);
  const pending = hidden.filter(({ phase }) => phase === "pending").length;
  return {
    steps: steps.filter((_, index) => chosen.has(index)),
    over: lines >= 3 ? over : [],
    running: lines >= 2 ? hidden.length - over.length - pending : 0,
    pending: lines >= 1 ? pending : 0,
  };
}

function interest(step: StepProgress | undefined): number {
  switch (step?.phase) {
    case "running":
    case "retrying":
    case "waiting":
      return 0;
    case "failed":
      return step.isCaught ? 3 : 1;
    case "pending":
      return 2;
    default:
      return 4;
  }
}

/** Of those that are over the last comes first, of all others the first of the file. */
function recency(steps: readonly StepProgress[], a: number, b: number): number {
  return (steps[b]?.endedAt ?? 0) - (steps[a]?.endedAt ?? 0) || a - b;
}

/**
 * Ids of events and facts are `run.id * RUN_SPAN + n`, n = 1, 2, 3, ...: one run lies together and in order.
 * Exact in a double for the first 2^21 runs of a file.
 */
export const RUN_SPAN = 2 ** 32;

/** The rows of one run in `event` or `fact`; its parameters are `spanOf(run)`. */
export const OF_RUN = "id > ? AND id < ?";

/** The ids around a run's rows, both exclusive. */
export function spanOf(run: number): [before: number, end: number] {
  return [run * RUN_SPAN, (run + 1) * RUN_SPAN];
}

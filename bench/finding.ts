/** One work of the bench: a small thing to do, and what is measured about it. */
export interface Work {
  /** For `npm run bench -- NAME`. */
  readonly name: string;
  /** Times a full bench does it; the figure is the median. */
  readonly runs: number;
  /** Done only where it is named: it takes long, or much of the disk. Default false. */
  readonly isOnlyNamed?: boolean;
  /** Does it once. */
  measure(size: Size): Promise<readonly Finding[]>;
}

/** How much is done: everything, or a tenth of it (`--quick`) to see that the works still work. */
export interface Size {
  /** The number of steps, items or calls for this size. */
  of(full: number): number;
}

/** A figure of one run of a work. */
export interface Finding {
  /** What was measured, the same text in every run. */
  readonly what: string;
  readonly value: number;
  /** Shown behind the figure, e.g. `ms`, `steps/s`, `x`. */
  readonly unit: string;
  /** null = told for comparison only. */
  readonly target: Target | null;
}

export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** A figure, its target, and how the two stand: over all runs of its work. */
export interface Result extends Omit<Finding, "value"> {
  readonly median: number;
  /** The run nearest to the target, or past it: what noise of the machine hides least. */
  readonly best: number;
}

/** The median and the best of each figure, in the order in which they were first told. */
export function summarise(runs: readonly (readonly Finding[])[]): readonly Result[] {
  const findings = runs.flat();
  const firsts = findings.filter(({ what }, index) => findings.findIndex((other) => other.what === what) === index);
  return firsts.map(({ value: _, ...first }) => {
    const values = findings.filter(({ what }) => what === first.what).map(({ value }) => value);
    const isLeast = first.target !== null && "atLeast" in first.target;
    return { ...first, median: median(values), best: isLeast ? Math.max(...values) : Math.min(...values) };
  });
}

/** The middle one of some numbers, or between the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle - 1)] ?? Number.NaN)) / 2;
}

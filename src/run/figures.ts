/** How the answers of a run were made. Figures of one mode are never added to those of another. */
export type RunMode = "live" | "replayed" | "simulated";

/**
 * What `muster stats` tells of a run, written with its end so that nobody has to read its facts again. Small: few
 * steps of many. Times in milliseconds, money in USD.
 */
export interface RunFigures {
  readonly mode: RunMode;
  /** The one that was chosen of `variants`; null without. */
  readonly variant: string | null;
  /** What `score` gave; null without, and when the run did not succeed. */
  readonly score: number | null;
  /** From the first start to the end, whether anybody worked on it or not. */
  readonly wallMs: number;
  /** At least one step was being worked on. */
  readonly activeMs: number;
  /** No step was worked on, and at least one waited for a person, an event or a time. */
  readonly waitingMs: number;
  readonly calls: number;
  readonly tokens: number;
  /** null = a price is not known. */
  readonly costUsd: number | null;
  /** What was spent, by who and for what: the sum of it is the cost of the run. */
  readonly spend: readonly SpendFigures[];
  /** By the ids of their paths, those of items together; in the order of the file. */
  readonly steps: readonly StepFigures[];
  /** Steps that are not among `steps`, the shortest and cheapest. */
  readonly moreSteps: number;
  /** What the work would take by hand; null = it is not said. */
  readonly roi: { readonly manualHours: number; readonly hourlyRate: number } | null;
}

export interface SpendFigures {
  /** Ids of the path; null = of attempts that are no longer on the record. */
  readonly step: string | null;
  readonly agent: string | null;
  /** The model that answered. */
  readonly model: string | null;
  readonly calls: number;
  readonly tokens: number;
  /** null = its price is not known. */
  readonly costUsd: number | null;
}

export interface StepFigures {
  /** Ids of the path: `group/inner`. */
  readonly step: string;
  readonly kind: string;
  /** How many instances of it ended so; units of a `for_each` are not counted here. */
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly attempts: number;
  /** The longest of its instances. */
  readonly durationMs: number;
  /** The part of the run's time that hung on it; null when it was not on the critical path. */
  readonly criticalMs: number | null;
}

import type { Failure } from "./failure.ts";
import type { Spend } from "./spend.ts";
import type { ValueRef } from "./value-ref.ts";

/** An agent that another one has started, by the facts that there are of it. */
export interface ChildRecord {
  /** `lead/worker@2.1`. */
  readonly path: string;
  /** By its name in the plan. */
  readonly agent: string;
  readonly label: string | null;
  /** Redacted; a long one is cut. */
  readonly task: string;
  readonly status: "running" | "waiting" | "succeeded" | "failed" | "cancelled";
  readonly askedModel: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly output: ValueRef | null;
  readonly failure: Failure | null;
  /** What it spent, with all whom it has started. */
  readonly spend: Spend;
  readonly children: readonly ChildRecord[];
}

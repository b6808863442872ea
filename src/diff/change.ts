import type { Range } from "../plan/range.ts";
import type { Json } from "../util/json.ts";

/** Whether a change gives more than before (more rights, more time, more money), or less; null = neither is more. */
export type Direction = "widened" | "narrowed" | null;

/** Something that is said differently: `undefined` = not at all. */
export interface FieldChange {
  /** A key as in the manifest, with those above it: `budget.usd`, `env.TOKEN`. */
  readonly field: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  readonly direction: Direction;
}

/** Something that a new step says. */
export interface Fact {
  /** As in the manifest: `command.script`, `url`; of who does it `agent writer.tools`. */
  readonly field: string;
  readonly value: Json;
}

export interface NamedChange {
  /** A path of steps, or the name of an agent. */
  readonly name: string;
  readonly change: "added" | "removed" | "changed" | "renamed";
  /** Of a renamed step, the path it had. */
  readonly from: string | null;
  /** What is said differently; empty for what was added or removed as a whole. */
  readonly fields: readonly FieldChange[];
}

export interface StepChange extends NamedChange {
  /** As it is now; of a removed step, as it was. */
  readonly kind: string;
  /** Of one that is added, what it does and by whom, without what is usual; empty for all others. */
  readonly does: readonly Fact[];
  /** Steps it waits for now and did not before, and the other way round. */
  readonly needsAdded: readonly string[];
  readonly needsRemoved: readonly string[];
}

/** A right, a limit or a guard that gives more (or less) than before. */
export interface Shift {
  /** What it belongs to: `limits`, `agent researcher`, `step draft`. */
  readonly owner: string;
  readonly field: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** A secret and who can read it: `step publish`, `agent researcher`. */
export interface SecretReach {
  readonly secret: string;
  readonly owner: string;
}

export interface CostChange {
  /** USD from the least to the most; null = not known. */
  readonly before: Range | null;
  readonly after: Range | null;
  /** Calls of models. */
  readonly callsBefore: Range | null;
  readonly callsAfter: Range | null;
}

/** What a run of the new version would do with what is on record of the old one. */
export interface Reuse {
  /** Steps whose recorded outcomes answer, if the values that they read come out the same. */
  readonly kept: readonly string[];
  /** Steps that run again in any case: they ask for something else. */
  readonly again: readonly string[];
}

/** How the meaning of a workflow changed. Empty lists everywhere = it did not. */
export interface WorkflowDiff {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  /** Where it was before, of one that was moved; left out = it was here, or it was not. */
  readonly movedFrom?: string;
  readonly status: "added" | "removed" | "changed" | "equal";
  readonly workflow: readonly FieldChange[];
  readonly agents: readonly NamedChange[];
  readonly steps: readonly StepChange[];
  readonly widened: readonly Shift[];
  readonly narrowed: readonly Shift[];
  /** Models that may be asked now and could not before, or elsewhere (`ID at ORIGIN`), and those that may be no more. */
  readonly modelsAdded: readonly string[];
  readonly modelsRemoved: readonly string[];
  readonly secretsAdded: readonly SecretReach[];
  readonly secretsRemoved: readonly SecretReach[];
  /** New ways of untrusted content to a shell, a write or the network, a sentence each. */
  readonly flowsAdded: readonly string[];
  readonly flowsRemoved: readonly string[];
  readonly cost: CostChange;
  readonly reuse: Reuse;
}

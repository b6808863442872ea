import type { PlannedStep } from "../../plan/types.ts";
import type { Fact } from "../../run/fact.ts";
import type { Failure } from "../../run/failure.ts";
import type { ItemRecord, StepRecord } from "../../run/state.ts";
import type { Json } from "../../util/json.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { Work } from "../step/handler.ts";
import type { LoopVariables, ScopeView } from "./scope-view.ts";
import type { EventDraft } from "./sink.ts";

/** What the core remembers of a unit that is in flight. */
export interface UnitWork {
  readonly view: ScopeView;
  readonly index: number;
  readonly record: StepRecord;
  readonly item: { readonly index: number; readonly record: ItemRecord } | null;
  /** Its lasting name. */
  readonly name: string;
  /** What there is to do in this iteration and stage; made anew for each. */
  task: Task | null;
  /** The latest attempt's lasting name; empty before the first, and for work that is done at once. */
  key: string;
  /** The latest attempt's failure. */
  failure: Failure | null;
  /** The latest output; null after a failure. */
  output: ValueRef | null;
  /** What `previous` gives: the output of the round or stage before; null in the first, and after a failure. */
  previous: ValueRef | null;
  /** When the latest attempt ended; null while it runs. */
  endedAt: number | null;
  /** The latest outcome was on the record before this start of the run. */
  isRecalled: boolean;
  /** The latest attempt failed, and that is not told yet: whether it is tried again is not known. */
  untold: EventDraft | null;
  /** Its latest attempt failed because of a step inside of it. */
  isFailedInside: boolean;
  /** The scope that is open inside it; null for a leaf. */
  inside: ScopeView | null;
  /** The recorded end of the latest attempt by its timeout: when all that facts know of it was told, it ends so. */
  expiry: Fact | null;
}

/** One iteration and stage of a unit, its values resolved. */
export interface Task {
  readonly iteration: number;
  readonly stage: number;
  /** The step as this stage does it: a `fallback` has its own agent and models. */
  readonly step: PlannedStep;
  readonly variables: LoopVariables;
  /** null = its values could not be made: `refused` says why. A group and a sub-workflow have none either. */
  readonly work: Work | null;
  readonly refused: Failure | null;
  /** What it is to do, for people: tasks and commands with their values filled in, not redacted. */
  readonly asked: () => Json;
  readonly fingerprint: string;
  /** The name of the outcome over runs; null = it is not cached. */
  readonly cacheKey: string | null;
}

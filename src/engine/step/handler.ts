import type { CallGate } from "../../agent/call-gate.ts";
import type { ToolJournal } from "../../agent/tool-journal.ts";
import type { Evaluator, Resources } from "../../expression/evaluate.ts";
import type { StepPlace } from "../../plan/lets-through.ts";
import type { Grant } from "../../plan/permissions.ts";
import type { Plan, PlannedStep } from "../../plan/types.ts";
import type { Answer } from "../../run/answer.ts";
import type { Artifact } from "../../run/artifact.ts";
import type { EventType } from "../../run/event.ts";
import type { Fact } from "../../run/fact.ts";
import type { Failure } from "../../run/failure.ts";
import type { Redactor } from "../../run/redact.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import type { StateChange, StateOutcome } from "../../store/state-change.ts";
import type { Usage } from "../../util/usage.ts";
import type { Clock } from "../../util/clock.ts";
import type { Json } from "../../util/json.ts";
import type { Result } from "../../util/result.ts";
import type { SessionAccess } from "../session/access.ts";
import type { ResolvedFiles } from "../workspace/resolved-files.ts";

/** One file for each kind of step: how its templates become a request, and how that is carried out. */
export interface StepHandler {
  /**
   * Resolves the step's templates against the values that it reads. Pure. A failure here is the unit's failure
   * (class `invalid` as a rule), without an attempt.
   */
  prepare(step: PlannedStep, context: PrepareContext): Result<Work, Failure>;
}

/** What there is to do for a unit: known at once (a pure value), or to be carried out after the commit. */
export type Work =
  | {
      readonly kind: "now";
      readonly output: Json;
      readonly artifacts?: readonly Artifact[];
      /** What else the kind tells; left out = nothing. */
      readonly extra?: Fact["extra"];
    }
  | {
      readonly kind: "later";
      /** The first model that will be asked, `provider/model`; null for other kinds. */
      readonly model: string | null;
      /** The agent that does it, by its name in the plan, where it was chosen in the run. */
      readonly chosen?: string;
      /** It waits for something outside (a time, a person): it holds no slot while it runs. */
      readonly isWaiting: boolean;
      /** What it is to do, for people: the task, the command, each value filled in; secrets may be in it. Default: the values that the step reads. */
      readonly asked?: () => Json;
      /** What its outcome hangs on beside the step and the values that it reads: part of its fingerprint. Default: nothing. */
      readonly bound?: Json;
      /**
       * An attempt that its runner left in the middle is started again whatever its effect is: its own facts tell what
       * was done, and what must not be done twice. Its folder is as it was. Default false.
       */
      readonly goesOnInside?: boolean;
      /** Carries out one attempt. Never rejects; an abort ends it soon with whatever there is. */
      run(context: AttemptContext): Promise<AttemptResult>;
    };

export interface PrepareContext {
  readonly plan: Plan;
  readonly evaluator: Evaluator;
  /** The values behind the names that the step reads; `secrets` among them for `env`. */
  /** Files that texts read by `file`. */
  readonly resources: Resources;
  readonly values: { readonly [root: string]: Json | undefined };
  /** `env` of the workflow, evaluated; secrets inside. For the environment of processes only. */
  readonly workflowEnv: { readonly [name: string]: string };
  /** What the step may touch: all caps around it taken together. */
  readonly grant: Grant;
  /** Where the step is in the plan. */
  readonly place: StepPlace;
  /** Index of the unit; null for a step without `for_each`. */
  readonly unit: number | null;
  /** Files that it reads and writes; left out for a step that names none. */
  readonly files?: ResolvedFiles;
  /** Of an agent that another one starts; left out for a step. */
  readonly child?: {
    /** `uses` and `spawn` around it together. */
    readonly depth: number;
    /** Over what the agent says; null = that. */
    readonly sandbox: "require" | null;
    /** The message in whose turn it is started; left out = in none. */
    readonly within?: string | null;
    /** The session of its leader's that it answers in; left out or null = in none. */
    readonly session?: string | null;
  };
}

/** What an attempt may use while it runs. */
export interface AttemptContext {
  readonly runId: string;
  /** For people: `research`, `research[2]`. */
  readonly label: string;
  readonly attempt: number;
  /** `traceparent` of the W3C trace context, for whoever is asked in its course; left out = nobody traces. */
  readonly trace?: string;
  /** An earlier start of this very attempt was lost in the middle. */
  readonly goesOn: boolean;
  /** When the first attempt under this name began, before a crash maybe: what a wait counts from. Milliseconds since 1970. */
  readonly since: number;
  /** Constant over all attempts of the unit. */
  readonly idempotencyKey: string;
  /** Absolute path of the folder where the unit works; left out = the repository. */
  readonly folder?: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /**
   * Waits, with the clock of `timeout` stopped and the slot given back to others; goes on when it has a slot again.
   * False when the attempt was told to stop meanwhile.
   */
  wait(ms: number): Promise<boolean>;
  /**
   * Waits for somebody outside (a person, a raised limit), as `wait` does; that it waits is on the record. When nothing
   * else of the run can move the run ends as `waiting`, and a resume starts the attempt again, which is neither a retry
   * nor a loss. Gives the answer to an `approval`; null when the attempt was told to stop, which is all that ends a
   * wait for a `budget`.
   */
  park(what: WaitsFor): Promise<Answer | null>;
  /** As `wait`, until something has settled. */
  pause(until: Promise<unknown>): Promise<boolean>;
  /**
   * Says what it waits for inside of a `pause`, when nothing of it is in flight here: that is on the record, the run's
   * time stands while nothing else moves, and a start after a crash is neither a retry nor a loss.
   */
  away(what: Pick<WaitsFor, "request" | "message">): void;
  readonly redactor: Redactor;
  /** What bounds its model calls. */
  readonly gate: CallGate;
  readonly calls: CallJournal;
  readonly toolCalls: ToolJournal;
  /** What people say to it before its n-th model call, from 1: the same whenever it is asked. */
  steering(n: number): readonly string[];
  readonly state: StateAccess;
  readonly sessions: SessionAccess;
  /** As `pause`, where nothing of it is in flight: an interrupt does not wait for it. */
  idle(until: Promise<unknown>): Promise<boolean>;
  /** The lasting name of the attempt (attempt-key.ts). */
  readonly key: string;
  readonly children: ChildPort;
  /** Puts an event on the record, for this step, item and attempt. */
  event(type: EventType, data: { readonly [name: string]: Json }): void;
}

/** Attempts that an attempt starts itself: they hang under it, end before it, and are facts as it is. */
export interface ChildPort {
  /** Agents that agents have started in the run so far. */
  count(): number;
  /** Whether one was started under this name before. */
  isKnown(order: Pick<ChildOrder, "at" | "agent">): boolean;
  /** Starts it, once that is committed and it has a slot; or finds what came of it. */
  start(order: ChildOrder): Child;
  /**
   * Waits until all of these have ended, or for so long, without a slot and with the clock stopped. False when the
   * attempt was told to stop meanwhile.
   */
  wait(children: readonly Child[], ms: number | null): Promise<boolean>;
}

/** What another agent is to do for an attempt. */
export interface ChildOrder {
  /** The call of a tool that asked for it, `TURN.CALL`. */
  readonly at: string;
  /** Its name in the plan. */
  readonly agent: string;
  /** As a step: its id names it for people. */
  readonly step: PlannedStep;
  readonly work: Extract<Work, { readonly kind: "later" }>;
  /** What it was asked: a fact answers for the same one only. */
  readonly fingerprint: string;
  readonly label: string | null;
  /** For people. Not redacted. */
  readonly task: string;
}

/** An agent that was started. */
export interface Child {
  readonly status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  /** How it ended; null before that, and where it was stopped without an outcome. */
  readonly end: { readonly ok: true; readonly output: Json } | { readonly ok: false; readonly failure: Failure } | null;
  /** Settles when it is over, one way or the other. */
  readonly ended: Promise<void>;
  /** Stops it for good: it has failed, whoever goes on. Nothing happens when it is over. */
  kill(message: string): void;
  /** Says something to it before its next turn. Nothing happens when it is over. */
  steer(message: string): void;
  /** Stops it with whoever started it. */
  stop(reason: "cancelled" | "interrupted"): void;
}

/** Values that outlive a step. Each answer is null when the run is over, because its state cannot be used any more. */
export interface StateAccess {
  get(scope: "run" | "project", key: string): { readonly value: Json } | null;
  /** In order of the keys, at most `limit`. */
  list(
    scope: "run" | "project",
    prefix: string,
    limit: number,
  ): readonly { readonly key: string; readonly value: Json }[] | null;
  /** Done together with the fact that this attempt has succeeded with that value: exactly once. */
  change(scope: "run" | "project", change: StateChange): StateOutcome | null;
  /** Done at once, while the attempt goes on; done again when its runner dies right afterwards. */
  changeNow(scope: "run" | "project", change: StateChange): StateOutcome | null;
}

/** Model replies inside an attempt are facts too: a paid reply is never paid twice. `n` is 1-based. */
export interface CallJournal {
  /** The recorded reply to the n-th call, if it was the same request (`fingerprint`); null = none. */
  recall(n: number, fingerprint: string): Json | null;
  record(n: number, fingerprint: string, reply: Json, spend: Pick<Fact, "model" | "usage" | "costUsd">): void;
  /** Where the answer to the n-th call is to be found, when it was handed in and not answered yet; null = nowhere. */
  ticket(n: number, fingerprint: string): Json | null;
  /** Goes with the next commit. `isLasting`: not forgotten when the step is tried anew after a failed run. */
  keepTicket(n: number, fingerprint: string, ticket: Json | null, isLasting: boolean): void;
  /** Makes durable what is kept; false when that cannot be. */
  commit(): boolean;
}

/** What came of an attempt. Everything in it is redacted. */
export type AttemptResult = {
  readonly extra: Fact["extra"];
  /** Files that it left behind; left out = none. */
  readonly artifacts?: readonly Artifact[];
  /** An earlier run knew the outcome: nothing was done. Default false. */
  readonly isFromCache?: boolean;
  readonly model: string | null;
  /** Only what was spent in this attempt and is not in a recorded call of it. */
  readonly usage: Usage | null;
  readonly costUsd: number | null;
} & ({ readonly ok: true; readonly output: Json } | { readonly ok: false; readonly failure: Failure });

/** A result of a kind that asks no model. */
export function plainResult(
  end: { readonly ok: true; readonly output: Json } | { readonly ok: false; readonly failure: Failure },
  extra: Fact["extra"] = null,
): AttemptResult {
  return { ...end, extra, model: null, usage: null, costUsd: null };
}

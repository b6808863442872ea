import type { RateStore } from "../run/rate-use.ts";
import type { Json } from "../util/json.ts";
import type { StoredEvent } from "../run/event.ts";
import type { DeadLetter, KeptLetter } from "../run/dead-letter.ts";
import type { Fact } from "../run/fact.ts";
import type { StateChange, StateOutcome, StateScope } from "./state-change.ts";
import type { Lease, LeaseOwner } from "./lease.ts";
import type { SessionStore } from "./session.ts";
import type { ValueRef } from "../run/value-ref.ts";
import type { RunFigures } from "../run/figures.ts";

export type { Lease, LeaseOwner } from "./lease.ts";

/** How a run stands. `interrupted` and a stale `running` can be resumed. */
export type RunStatus = "running" | "waiting" | "succeeded" | "failed" | "cancelled" | "interrupted";

/** The part of a run that is written once, at its first start, and frozen. */
export interface RunRecord {
  readonly runId: string;
  readonly workflow: string;
  readonly workflowVersion: string | null;
  /** The manifest's path relative to the project, with `/`. */
  readonly manifestPath: string;
  readonly startedAt: number;
  /** What must not change over resumes: inputs, env, run.*, models chosen. Redacted. */
  readonly frozen: Json;
}

export interface RunSummary extends RunRecord {
  readonly status: RunStatus;
  /** When the run was created or last committed to; the store's clock, milliseconds since 1970. */
  readonly updatedAt: number;
  /** Counts the starts of this run: 1 at first, one more for each resume. */
  readonly epoch: number;
  /** Milliseconds of active time so far. */
  readonly activeMs: number;
  readonly lease: LeaseOwner | null;
}

export type LeaseResult =
  | { readonly ok: true; readonly lease: Lease; readonly takenFrom: LeaseOwner | null }
  | { readonly ok: false; readonly owner: LeaseOwner };

/** What is written together or not at all. All of it may be empty: the lease is still checked. */
export interface Batch {
  /** They go on where the run's last event ended: `lastSeq + 1`, `lastSeq + 2`, ... Anything else is a bug. */
  readonly events: readonly StoredEvent[];
  /**
   * A fact is identified by run, key and fingerprint. Written again it replaces what was recorded (the last one
   * in the batch wins) and keeps its place in the order. Several fingerprints live side by side under one key,
   * so an edit that is taken back finds its fact again.
   */
  readonly facts: readonly Fact[];
  /** Outcomes for other runs. One under a key that is there replaces it. */
  readonly cache?: readonly CacheEntry[];
  /**
   * Keys whose facts no longer answer, under whatever fingerprint (a resume that runs them anew). Applied before
   * `facts`: one batch may drop what a key had and record its new start. A key without facts is no error.
   */
  readonly forget?: readonly string[];
  /** Inbox messages that are dealt with: gone with this batch, so that none is lost by a crash. An unknown id is no error. */
  readonly taken?: readonly number[];
  /** Left as it is when absent. */
  readonly status?: RunStatus;
  /** Left as it is when absent. */
  readonly activeMs?: number;
  /** Keys of dead letters that are none any more; one that there is not is no error. Applied before `deadLetters`. */
  readonly revived?: readonly string[];
  /** Each replaces what is kept under its key, and is shown again if that was dropped. */
  readonly deadLetters?: readonly DeadLetter[];
  /** Replace those of before; left as they are when absent. */
  readonly figures?: RunFigures;
  /** Events up to this `seq` are in the audit copy; left as it is when absent. */
  readonly copied?: number;
}

/** How a run stands and what it took, without what it was given. */
export interface RunAccount {
  readonly runId: string;
  readonly workflow: string;
  readonly workflowVersion: string | null;
  readonly status: RunStatus;
  readonly startedAt: number;
  /** Who runs it; null unless it is `running`. */
  readonly lease: LeaseOwner | null;
  /** null = it has not ended since these are kept. */
  readonly figures: RunFigures | null;
}

/** A message to whoever holds the lease, from any process. */
export interface InboxMessage {
  readonly id: number;
  readonly at: number;
  /** `kill` with `{ step: string | null }`; `answer` (run/answer.ts); `steer` with `{ step: string | null, message }`. */
  readonly kind: string;
  readonly body: Json;
}

/** A value of the project's own, and which one it is. */
export interface StateEntry {
  readonly key: string;
  readonly value: Json;
  /** 1 when the key is set for the first time (again after it was deleted), one more at each change. */
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

/** Values of a project that outlive its runs. Each call is atomic over all processes; `set` and the like are durable. */
export interface StateStore {
  /** The value of a key, or null. */
  get(key: string): StateEntry | null;
  /** Sets a value, whatever was there. */
  set(key: string, value: Json): StateEntry;
  /** Takes a value away; false when there was none. */
  delete(key: string): boolean;
  /** The values whose keys start with `prefix` (`""`: all), in order of the key's UTF-8 bytes. */
  list(prefix: string, limit?: number): StateEntry[];
  /** Sets a value if the present one equals `from` (null: also when there is none). null when it does not. */
  compareAndSet(key: string, from: Json, to: Json): StateEntry | null;
}

/** What a step gave in some run, for others that ask the same. Redacted. */
export interface CacheEntry {
  /** What was asked. */
  readonly key: string;
  readonly output: ValueRef;
  readonly extra: Fact["extra"];
  /** A list of artifacts, their contents in the folder of the cache; null = none. */
  readonly artifacts: ValueRef | null;
  readonly model: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Outcomes that are reused over runs. They are written by `commit`, with what they come from. */
export interface CacheStore {
  /** The entry under a key; null when there is none, `damaged` when it cannot be read. */
  find(key: string): CacheEntry | "damaged" | null;
  /** Every entry that can be read. For one pass. */
  entries(): Iterable<CacheEntry>;
  /** Deletes entries made before `olderThan` (milliseconds since 1970), and those that cannot be read; tells how many. With `dryRun` nothing is deleted. */
  prune(options: { readonly olderThan: number; readonly dryRun: boolean }): number;
}

/** Thrown when a later epoch holds the lease, or it was given back: nothing was written, the runner must stop. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

/** Thrown by any call when the store cannot be read or written; the message names the file and what to do. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  /**
   * `full` no space left; `corrupt` damaged, or no state file at all; `busy` another process writes for too long;
   * `version` written by a later muster; `taken` the run id is in use; `io` all else that the system refused.
   */
  readonly code: "full" | "corrupt" | "busy" | "version" | "taken" | "io";
  constructor(code: StoreError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The checkpoint. Synchronous: a call that returned has happened, durably (`commit` survives power loss).
 * Every call may throw StoreError; after one nothing of that call was written, and the last committed state is
 * still readable. Writing about a run that does not exist is a bug (InternalError); reading gives nothing.
 */
export interface Store {
  /** Creates a run, `running`, with its first lease (epoch 1), in one transaction. StoreError `taken` if the id is in use. */
  createRun(run: RunRecord, owner: LeaseOwner): Lease;
  /** One run, or null. */
  findRun(runId: string): RunSummary | null;
  /** Runs, newest start first; of equal starts the one created last. `status` keeps those in one of the states. */
  listRuns(filter?: { readonly status?: readonly RunStatus[]; readonly limit?: number }): RunSummary[];
  /** At most `limit` runs whose id starts with `prefix`, in order of the id: for a person who types a part of it. */
  findRunsByPrefix(prefix: string, limit: number): RunSummary[];
  /**
   * Takes the lease when it is free, or when `mayTake(owner)` says that its owner is dead or silent for too long.
   * A new lease has the next epoch and fences every earlier one. `mayTake` is asked inside the transaction:
   * it must be quick and must not call the store.
   */
  acquireLease(runId: string, owner: LeaseOwner, mayTake: (owner: LeaseOwner) => boolean): LeaseResult;
  /** Says that the owner lives. Throws LeaseLostError. */
  renewLease(lease: Lease, at: number): void;
  /** Gives the lease back; harmless when it was lost. */
  releaseLease(lease: Lease): void;
  /** Writes a batch durably under the lease. Throws LeaseLostError, and then nothing was written. */
  commit(lease: Lease, batch: Batch): void;
  /**
   * Every fact that still answers, in the order it was first written. For one pass; what is committed
   * during the pass may or may not be seen.
   */
  readFacts(runId: string): Iterable<Fact>;
  /** Events in order of `seq`, from the one behind `after` (default 0: all). For one pass, like `readFacts`. */
  readEvents(runId: string, filter?: { readonly after?: number; readonly limit?: number }): Iterable<StoredEvent>;
  /** The last `seq` of a run, 0 when it has no event. */
  lastSeq(runId: string): number;
  /** The letters of a run, or of all runs: the newest run first, then in order of their keys. */
  listDeadLetters(runId?: string): KeptLetter[];
  /** Hides a letter, durably; false when there is none. Needs no lease. */
  dropDeadLetter(runId: string, key: string): boolean;
  /** All runs, newest start first. Reads no facts and no inputs. */
  listAccounts(): RunAccount[];
  /** The last `seq` that is in the audit copy of a run, 0 when none is. */
  copiedSeq(runId: string): number;
  /** Stores bytes under their SHA-256 (64 hex digits), durable when it returns; storing twice is harmless. */
  putBlob(bytes: Uint8Array): string;
  /** The bytes of a blob; throws StoreError `corrupt` when it is missing or does not match its name. */
  getBlob(sha256: string): Uint8Array;
  /**
   * Leaves a message for the lease holder, now or later; needs no lease. `mayPost` is given the messages that wait, oldest
   * first, inside the transaction; when it says no, nothing is left and the answer is false. Default: always.
   */
  post(
    runId: string,
    message: Omit<InboxMessage, "id">,
    mayPost?: (waiting: readonly InboxMessage[]) => boolean,
  ): boolean;
  /** The messages that wait, oldest first, from the one behind `after` (an id; default 0: all). They stay until a batch has `taken` them. */
  readInbox(runId: string, after?: number): InboxMessage[];
  /** The project's own values. */
  readonly state: StateStore;
  /** What was used of limits in time, over all its runs. */
  readonly rates: RateStore;
  /** The values that the steps of a run see, as they stand. */
  stateOfRun(runId: string, scope: StateScope): Pick<StateStore, "get" | "list">;
  /**
   * Changes a value for a step and, in the same transaction, writes the batch that says so, under the lease: both or
   * neither. `batchOf` is told what is there now, and not called where the change does not hold. Throws LeaseLostError.
   */
  changeState(lease: Lease, scope: StateScope, change: StateChange, batchOf: (value: Json) => Batch): StateOutcome;
  readonly cache: CacheStore;
  /** Durable conversations, of runs and of the project. */
  readonly sessions: SessionStore;
  /**
   * Deletes all that is recorded of a run, if it is there and `mayDelete` says so of it; false when not. It is asked
   * inside the transaction, like `mayTake`. Whoever held its lease can write nothing more. Its blobs stay until
   * `sweepBlobs`.
   */
  deleteRun(runId: string, mayDelete: (run: RunSummary) => boolean): boolean;
  /**
   * Deletes blobs, and drafts of blobs, that no run names and that were last stored before `olderThan` (milliseconds
   * since 1970): one that is younger may be about to be named. `without`: as if these runs were deleted already.
   * Tells how many, and their bytes; with `dryRun` nothing is deleted.
   */
  sweepBlobs(options: {
    readonly olderThan: number;
    readonly dryRun?: boolean;
    readonly without?: ReadonlySet<string>;
  }): { readonly count: number; readonly bytes: number };
  /** Gives the room of what was deleted back to the disk. May take a while; StoreError `busy` when another process is at work. */
  compact(): void;
  /** Gives files and memory back. Nothing but `close` itself may be called after it. */
  close(): void;
}

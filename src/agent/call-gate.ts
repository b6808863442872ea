import type { PlannedModel } from "../plan/types.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { Failure } from "../run/failure.ts";
import type { Usage } from "../util/usage.ts";
import { ok, type Result } from "../util/result.ts";

/** How a call ended. */
export interface CallEnd {
  /** null = it was answered. */
  readonly failure: Failure | null;
  /** What is known of its use; null = nothing. */
  readonly usage: Usage | null;
  /** What the one who answered says that it cost, USD; left out = nothing. */
  readonly costUsd?: number;
  /** The model that answered, `provider/model`. */
  readonly answered: string;
}

/** How a call is made. */
export interface CallWay {
  /** Through a batch endpoint, at its price. */
  readonly isBatch: boolean;
  /** It was handed in by an earlier start of the run, which was let in: what that may cost holds for this one. */
  readonly isHandedIn: boolean;
}

/** A call that was let in: it may start now, and what became of it must be told. */
export interface CallPass {
  /** A request of it has left this process. Not every provider can tell. */
  sent(): void;
  /** The first of its answer is here. */
  begun(): void;
  /** It takes another request: waits until that may be sent, as `enter` does. False when the attempt was stopped meanwhile. */
  again(): Promise<boolean>;
  /** `null` = it was not started after all. */
  settle(end: CallEnd | null): void;
}

/** What stands between an attempt and its calls: budgets, rates, circuit breakers. The engine's. */
export interface CallGate {
  /** What the calls cost is kept by the gate, each for itself: the attempt's own result has nothing of it. */
  readonly keepsSpend: boolean;
  /**
   * Waits until the call may start, with the clock of the attempt stopped and its slot given back; the failure is
   * `budget` when it may never, `cancelled` when the attempt was stopped meanwhile. Never rejects.
   */
  enter(model: PlannedModel, request: ModelRequest, how: CallWay): Promise<Result<CallPass, Failure>>;
  /**
   * Before anything of an attempt: waits as `enter` does. The failure is `circuit_open` when the next stage is to be
   * tried at once. Who was let in says how the attempt ended with `end`.
   */
  begin(): Promise<Failure | null>;
  end(why: Failure | null): void;
  /** Which of these models to ask now, by its position; waits and fails as `begin` does. What came of it: `asked`. */
  choose(models: readonly PlannedModel[]): Promise<Result<number, Failure>>;
  asked(model: PlannedModel, why: Failure | null): void;
}

/** Nobody counts it. */
export const freePass: CallPass = { sent() {}, begun() {}, again: async () => true, settle() {} };

/** Nothing bounds the calls. */
export const openGate: CallGate = {
  keepsSpend: false,
  enter: async () => ok(freePass),
  begin: async () => null,
  end() {},
  choose: async () => ok(0),
  asked() {},
};

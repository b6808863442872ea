import type { CallGate } from "../../agent/call-gate.ts";
import type { Answer } from "../../run/answer.ts";
import { stageOfKey } from "../../run/attempt-key.ts";
import { failure } from "../../run/failure.ts";
import type { Redactor } from "../../run/redact.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import type { Clock } from "../../util/clock.ts";
import { formatDuration } from "../../util/duration.ts";
import { sleep } from "../../util/sleep.ts";
import { plainResult, type AttemptContext, type AttemptResult } from "../step/handler.ts";
import { AttemptTimer } from "./attempt-timer.ts";
import type { Start } from "./sink.ts";

/** Why an attempt was told to stop. */
export type StopReason = "timeout" | "cancelled" | "interrupted";

/** How an attempt stands that is being carried out. */
interface Standing {
  waitsFor: WaitsFor | null;
  isIdle: boolean;
  isLeaning: boolean;
}

/** An attempt that is being carried out. */
export interface LiveAttempt {
  readonly start: Start;
  /** What it waits for that only somebody outside can give; null while it moves. */
  readonly waitsFor: WaitsFor | null;
  /** It only waits for its turn (a rate, a budget, a breaker, a pause before it asks again), and nothing of it is in flight. */
  readonly isIdle: boolean;
  /** It only waits for agents that it has started: they move, or nothing of it does. */
  readonly isLeaning: boolean;
  /** Gives it the answer that it waits for. */
  answer(answer: Answer): void;
  /** Tells it to stop; it settles soon after. */
  stop(reason: StopReason): void;
}

/** What the gate of an attempt needs of it. */
export interface GatedAttempt {
  readonly start: Start;
  readonly label: string;
  readonly signal: AbortSignal;
  /** When this stage of the step is given up there is another one. */
  readonly hasNextStage: boolean;
  /**
   * Waits for something, with the clock of `timeout` stopped and the slot given back; goes on when it has a slot
   * again. False when the attempt was told to stop meanwhile.
   */
  pause(until: Promise<unknown>): Promise<boolean>;
  /** Waits for somebody outside; null when it was told to stop meanwhile, as when the run ends with it waiting. */
  park: AttemptContext["park"];
}

export interface AttemptSurroundings {
  readonly runId: string;
  /** `traceparent` of the attempt; null = nobody traces. */
  readonly trace: string | null;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly calls: AttemptContext["calls"];
  readonly toolCalls: AttemptContext["toolCalls"];
  readonly steering: AttemptContext["steering"];
  readonly state: AttemptContext["state"];
  readonly sessions: AttemptContext["sessions"];
  /** The agents that it may start. `lean` is `pause`, for what they do. */
  readonly children: (lean: AttemptContext["pause"], signal: AbortSignal) => AttemptContext["children"];
  /** What bounds its model calls. */
  readonly gate: (attempt: GatedAttempt) => CallGate;
  readonly event: AttemptContext["event"];
  /** Gives the slot of the attempt back. */
  readonly freeSlot: () => void;
  /** Asks for a slot again; settles when there is one. */
  readonly takeSlot: () => Promise<void>;
  /** It waits for somebody outside from now on. */
  readonly parked: (what: WaitsFor) => void;
}

/**
 * Carries out one attempt under its timeout. `onEnd` is called exactly once, never in the same turn; its result is
 * null when the attempt was interrupted and has no outcome: then it stands as started, as after a crash.
 */
export function carryOut(
  start: Start,
  around: AttemptSurroundings,
  onEnd: (result: AttemptResult | null) => void,
): LiveAttempt {
  const controller = new AbortController();
  let reason: StopReason | null = null;
  // Changed in place: an object with getters of its own has a hidden class of its own, which keeps what they see alive.
  const standing: Standing = { waitsFor: null, isIdle: false, isLeaning: false };
  let answerWith: (answer: Answer) => void = () => {};
  const stop = (why: StopReason): void => {
    if (reason !== null) return;
    reason = why;
    standing.waitsFor = null;
    controller.abort(why);
  };
  const timer = new AttemptTimer(around.clock, start.step.timeoutMs, () => stop("timeout"));
  // A reply is waited for so long by the clock on the wall.
  const waitMs = start.step.body.kind === "agent" ? (start.step.body.send?.waitMs ?? null) : null;
  let isOverdue = false;
  const patience = new AttemptTimer(around.clock, waitMs, () => {
    isOverdue = true;
    stop("timeout");
  });
  // Most attempts never wait, and nobody has to be told then.
  let stopping: Promise<void> | null = null;
  const stopped = (): Promise<void> =>
    (stopping ??= new Promise((resolve) => {
      if (controller.signal.aborted) resolve();
      else controller.signal.addEventListener("abort", () => resolve(), { once: true });
    }));
  const pause = async (until: Promise<unknown>): Promise<boolean> => {
    timer.stop();
    around.freeSlot();
    await Promise.race([until, stopped()]);
    standing.waitsFor = null;
    if (!controller.signal.aborted) await Promise.race([around.takeSlot(), stopped()]);
    timer.go();
    return !controller.signal.aborted;
  };
  const idle = async (until: Promise<unknown>): Promise<boolean> => {
    standing.isIdle = true;
    const goesOn = await pause(until);
    standing.isIdle = false;
    return goesOn;
  };
  const lean = async (until: Promise<unknown>): Promise<boolean> => {
    standing.isLeaning = true;
    // With its slot still to come it moves again.
    const stand = (): void => void (standing.isLeaning = false);
    const goesOn = await pause(until.then(stand));
    stand();
    return goesOn;
  };
  const park = async (what: WaitsFor): Promise<Answer | null> => {
    if (controller.signal.aborted) return null;
    timer.stop();
    if (!start.work.isWaiting) around.freeSlot();
    const answered = new Promise<Answer>((resolve) => (answerWith = resolve));
    standing.waitsFor = what;
    around.parked(what);
    return await Promise.race([answered, stopped().then(() => null)]);
  };
  const label = start.item === null ? start.path : `${start.path}[${start.item}]`;
  const work = start.work.run({
    runId: around.runId,
    label,
    ...(around.trace === null ? {} : { trace: around.trace }),
    attempt: start.attempt,
    goesOn: start.reason === "lost",
    since: start.since,
    idempotencyKey: start.idempotencyKey,
    signal: controller.signal,
    clock: around.clock,
    wait: (ms) => idle(sleep(around.clock, ms, controller.signal)),
    pause,
    away: (what) => {
      if (controller.signal.aborted) return;
      standing.waitsFor = { kind: "batch", help: null, deadline: null, details: {}, ...what };
      around.parked(standing.waitsFor);
    },
    park,
    redactor: around.redactor,
    gate: around.gate({
      start,
      label,
      signal: controller.signal,
      hasNextStage: hasNextStage(start),
      pause: idle,
      park,
    }),
    calls: around.calls,
    toolCalls: around.toolCalls,
    steering: around.steering,
    state: around.state,
    sessions: around.sessions,
    idle,
    key: start.key,
    children: around.children(lean, controller.signal),
    event: around.event,
  });
  const end = (result: AttemptResult): void => {
    timer.stop();
    patience.stop();
    if (result.ok || reason === null) onEnd(result);
    else if (reason === "interrupted") onEnd(null);
    else if (isOverdue) onEnd({ ...result, failure: noReply(label, waitMs ?? 0) });
    else onEnd({ ...result, failure: stoppedFailure(reason, label, start.step.timeoutMs, result.failure.partial) });
  };
  work.then(end, (bug: unknown) =>
    end(
      plainResult({
        ok: false,
        failure: failure("internal", "bug", `muster itself failed in '${label}': ${String(bug)}`, {
          help: "please report this with the manifest",
        }),
      }),
    ),
  );
  return Object.assign(standing, {
    start,
    answer(answer: Answer) {
      standing.waitsFor = null;
      answerWith(answer);
    },
    stop,
  });
}

function hasNextStage({ key, step }: Start): boolean {
  return stageOfKey(key) < step.fallback.length;
}

function noReply(label: string, waitMs: number) {
  return failure("timeout", "no_reply", `'${label}' had no reply within ${formatDuration(waitMs)}`, {
    help: "raise `wait` of the step: the message was taken back, and nobody will answer it",
  });
}

function stoppedFailure(
  reason: "timeout" | "cancelled",
  label: string,
  timeoutMs: number | null,
  partial: string | null,
) {
  if (reason === "cancelled") return failure("cancelled", "cancelled", `'${label}' was stopped`, { partial });
  return failure("timeout", "timeout", `'${label}' did not end within ${formatDuration(timeoutMs ?? 0)}`, {
    help: "raise 'timeout' of the step, or make its work smaller",
    partial,
  });
}

import { failure } from "../../run/failure.ts";
import type { Redactor } from "../../run/redact.ts";
import type { Clock } from "../../util/clock.ts";
import { formatDuration } from "../../util/duration.ts";
import { sleep } from "../../util/sleep.ts";
import { plainResult, type AttemptContext, type AttemptResult } from "../step/handler.ts";
import { AttemptTimer } from "./attempt-timer.ts";
import type { Start } from "./sink.ts";

/** Why an attempt was told to stop. */
export type StopReason = "timeout" | "cancelled" | "interrupted";

/** An attempt that is being carried out. */
export interface LiveAttempt {
  readonly start: Start;
  /** Tells it to stop; it settles soon after. */
  stop(reason: StopReason): void;
}

export interface AttemptSurroundings {
  readonly runId: string;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly calls: AttemptContext["calls"];
  readonly event: AttemptContext["event"];
  /** Gives the slot of the attempt back. */
  readonly freeSlot: () => void;
  /** Asks for a slot again; settles when there is one. */
  readonly takeSlot: () => Promise<void>;
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
  const stop = (why: StopReason): void => {
    if (reason !== null) return;
    reason = why;
    controller.abort(why);
  };
  const timer = new AttemptTimer(around.clock, start.step.timeoutMs, () => stop("timeout"));
  const stopped = new Promise<void>((resolve) =>
    controller.signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  const wait = async (ms: number): Promise<boolean> => {
    timer.stop();
    around.freeSlot();
    const isOver = await sleep(around.clock, ms, controller.signal);
    if (isOver) await Promise.race([around.takeSlot(), stopped]);
    timer.go();
    return !controller.signal.aborted;
  };
  const label = start.item === null ? start.path : `${start.path}[${start.item}]`;
  const work = start.work.run({
    runId: around.runId,
    label,
    attempt: start.attempt,
    since: start.since,
    idempotencyKey: start.idempotencyKey,
    signal: controller.signal,
    clock: around.clock,
    wait,
    redactor: around.redactor,
    calls: around.calls,
    event: around.event,
  });
  const end = (result: AttemptResult): void => {
    timer.stop();
    if (result.ok || reason === null) onEnd(result);
    else if (reason === "interrupted") onEnd(null);
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
  return { start, stop };
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

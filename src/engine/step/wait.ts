import { failure } from "../../run/failure.ts";
import { formatDuration } from "../../util/duration.ts";
import { sleep, sleepUntil } from "../../util/sleep.ts";
import { err, ok } from "../../util/result.ts";
import type { Json } from "../../util/json.ts";
import { expressionFailure } from "./expression-failure.ts";
import { plainResult, type StepHandler } from "./handler.ts";

/** `wait` steps: nothing happens for a span, or until a time. The end is counted from the first start, over all resumes. */
export function createWaitStep(): StepHandler {
  return {
    prepare(step, { evaluator, values }) {
      const { body } = step;
      if (body.kind !== "wait") return err(failure("internal", "bug", "not a wait step"));
      const { forMs } = body;
      let until: number | null = null;
      if (body.until !== null) {
        const given = evaluator.evaluate(body.until, values);
        if (!given.ok) return err(expressionFailure("wait.until", step.id, given.error));
        until = timeOf(given.value);
        if (until === null) {
          const message = `'wait.until' of '${step.id}' is no time: ${JSON.stringify(given.value).slice(0, 100)}`;
          return err(failure("invalid", "not_a_time", message, { help: "write it as 2026-01-31T09:00:00Z" }));
        }
      }
      return ok({
        kind: "later",
        model: null,
        isWaiting: true,
        run: async ({ clock, signal, since, label }) => {
          // A clock that was set back since makes no span longer.
          const due = until ?? Math.min(since, clock.now()) + (forMs ?? 0);
          const isOver = await (until === null
            ? sleep(clock, due - clock.now(), signal)
            : sleepUntil(clock, due, signal));
          if (isOver) return plainResult({ ok: true, output: null });
          const left = formatDuration(Math.max(0, Math.round(due - clock.now())));
          return plainResult({
            ok: false,
            failure: failure("cancelled", "cancelled", `'${label}' was stopped ${left} before its end`),
          });
        },
      });
    },
  };
}

/** Milliseconds since 1970 of an ISO 8601 time with its zone, or of such a number; null when it is neither. */
function timeOf(value: Json): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)$/.test(value)) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}

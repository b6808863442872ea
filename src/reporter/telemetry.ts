import type { Telemetry } from "./reporter.ts";
import { createOtlpSender } from "./telemetry/otlp-sender.ts";
import { SpanTree, type SpanTreeOptions } from "./telemetry/span-tree.ts";
import { traceIdOf, traceparent } from "./telemetry/trace-id.ts";

export interface TelemetryOptions extends SpanTreeOptions {
  /** The whole address of the collector's endpoint for traces. */
  readonly url: string;
  readonly serviceName: string;
  /** Told once that telemetry does not work; the run goes on without it. */
  readonly warn: (message: string) => void;
}

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const traceId = traceIdOf(options.runId);
  const tree = new SpanTree(options);
  let hasFailed = false;
  const guarded = <T>(work: () => T, otherwise: T): T => {
    if (hasFailed) return otherwise;
    try {
      return work();
    } catch (error) {
      hasFailed = true;
      options.warn(`telemetry does not work: ${(error as Error).message}; the run goes on without it`);
      return otherwise;
    }
  };
  const sender = guarded(() => createOtlpSender({ ...options, traceId }), null);
  return {
    onEvents: (events) => guarded(() => sender?.send(events.flatMap((event) => tree.take(event))), undefined),
    traceOf: (step, item) =>
      guarded(() => {
        const span = tree.attemptSpan(step, item);
        return span === null ? null : traceparent(traceId, span);
      }, null),
    close: () =>
      guarded(() => {
        sender?.send(tree.end());
        sender?.close();
      }, undefined),
  };
}

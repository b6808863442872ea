import { version } from "../../util/version.ts";
import { otlpLibrary } from "./otlp-library.ts";
import type { Span } from "./span.ts";

export interface OtlpSenderOptions {
  /** Where spans go, the whole address: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly serviceName: string;
  readonly traceId: string;
}

/** Takes finished spans and sends them in batches. */
export interface SpanSender {
  send(spans: readonly Span[]): void;
  /** Sends what is left; the process ends when that is done, after `TIMEOUT_MS` at the latest. */
  close(): void;
}

/** A collector that does not answer costs a run that ends no more than this. */
const TIMEOUT_MS = 3_000;

/** What cannot be sent is dropped by the library, which says nothing: telemetry changes no run. */
export function createOtlpSender({ url, serviceName, traceId }: OtlpSenderOptions): SpanSender {
  const library = otlpLibrary();
  let nextId = "";
  const exporter = new library.OTLPTraceExporter({ url, timeoutMillis: TIMEOUT_MS });
  const provider = new library.BasicTracerProvider({
    resource: library.resourceFromAttributes({ "service.name": serviceName, "service.version": version }),
    spanProcessors: [new library.BatchSpanProcessor(exporter, { exportTimeoutMillis: TIMEOUT_MS })],
    idGenerator: { generateTraceId: () => traceId, generateSpanId: () => nextId },
    sampler: new library.AlwaysOnSampler(),
  });
  const tracer = provider.getTracer("muster", version);
  return {
    send(spans) {
      for (const { name, id, parentId, isClient, startMs, endMs, attributes, status } of spans) {
        nextId = id;
        const around =
          parentId === null
            ? library.ROOT_CONTEXT
            : library.trace.setSpanContext(library.ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags: 1 });
        const kind = isClient ? library.SpanKind.CLIENT : library.SpanKind.INTERNAL;
        const span = tracer.startSpan(name, { kind, startTime: startMs, attributes }, around);
        if (status !== "unset")
          span.setStatus({ code: status === "ok" ? library.SpanStatusCode.OK : library.SpanStatusCode.ERROR });
        span.end(endMs);
      }
    },
    close: () => void provider.shutdown().catch(() => {}),
  };
}

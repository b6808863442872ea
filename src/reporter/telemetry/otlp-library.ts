import { createRequire } from "node:module";

// CommonJS, so it can be loaded when a run has telemetry, and only then, without a promise.
const require = createRequire(import.meta.url);

// Named, as a declaration file cannot spell out the private parts of their classes.
type OtlpLibrary = Omit<typeof import("@opentelemetry/api"), "SamplingDecision"> &
  typeof import("@opentelemetry/sdk-trace-base") &
  typeof import("@opentelemetry/resources") &
  typeof import("@opentelemetry/exporter-trace-otlp-http");

/** The parts of OpenTelemetry that send spans to a collector. */
export const otlpLibrary = (): OtlpLibrary => ({
  ...(require("@opentelemetry/api") as typeof import("@opentelemetry/api")),
  ...(require("@opentelemetry/sdk-trace-base") as typeof import("@opentelemetry/sdk-trace-base")),
  ...(require("@opentelemetry/resources") as typeof import("@opentelemetry/resources")),
  ...(require("@opentelemetry/exporter-trace-otlp-http") as typeof import("@opentelemetry/exporter-trace-otlp-http")),
});

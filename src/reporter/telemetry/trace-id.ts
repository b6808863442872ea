import { createHash } from "node:crypto";

/** The trace of a run, over all its resumes: 32 hex digits made of its id. */
export function traceIdOf(runId: string): string {
  return hex(`muster trace ${runId}`, 32);
}

/** A span of a run, 16 hex digits: `name` is what no other span of the run is called. */
export function spanIdOf(runId: string, name: string): string {
  return hex(`muster span ${runId} ${name}`, 16);
}

/** A `traceparent` of the W3C trace context, version 00, sampled. */
export function traceparent(traceId: string, spanId: string): string {
  return `00-${traceId}-${spanId}-01`;
}

function hex(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

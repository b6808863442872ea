import type { OpenTelemetry } from "../engine/local/surroundings.ts";
import type { Plan } from "../plan/types.ts";
import { createTelemetry } from "../reporter/telemetry.ts";
import { err, ok, type Result } from "../util/result.ts";
import type { Environment } from "./environment.ts";

/**
 * Where the spans of a plan's runs go: to the collector of the environment (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`,
 * `OTEL_EXPORTER_OTLP_ENDPOINT`), else to that of the manifest; null = nowhere. The error is a sentence.
 */
export function telemetryOf(plan: Plan, env: Environment): Result<OpenTelemetry | null, string> {
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || env["OTEL_TRACES_EXPORTER"] === "none") return ok(null);
  const set = (name: string): string | null => (env[name] === undefined || env[name] === "" ? null : env[name]);
  const traces = set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const general = set("OTEL_EXPORTER_OTLP_ENDPOINT");
  const own = plan.telemetry ?? null;
  const base = general ?? own;
  const url = traces ?? (base === null ? null : `${base.replace(/\/+$/, "")}/v1/traces`);
  if (url === null) return ok(null);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return err(`the OpenTelemetry endpoint ${url} is no address: write one such as http://127.0.0.1:4318`);
  // Headers hold the keys of the collector that the environment means.
  const headers = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"].find(
    (name) => set(name) !== null,
  );
  if (traces === null && general === null && headers !== undefined)
    return err(
      `${headers} is for a collector of yours, and the manifest names one: set OTEL_EXPORTER_OTLP_ENDPOINT, or unset ${headers}`,
    );
  const agentOf = (path: string): string | null => agentAt(plan, path.split("/"));
  const serviceName = set("OTEL_SERVICE_NAME") ?? "muster";
  return ok((runId, warn) => createTelemetry({ url, serviceName, runId, workflow: plan.workflow, agentOf, warn }));
}

function agentAt(plan: Plan, path: readonly string[], scope = 0): string | null {
  const [id, ...inner] = path;
  const body = plan.scopes[scope]?.steps.find((step) => step.id === id)?.body;
  if (body === undefined) return null;
  if (inner.length === 0) return body.kind === "agent" ? body.agent : null;
  return body.kind === "steps" || body.kind === "uses" ? agentAt(plan, inner, body.scope) : null;
}

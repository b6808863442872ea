import type { ExpressionScope } from "../expression/scope.ts";
import { stepPaths } from "../plan/step-paths.ts";
import type { Plan } from "../plan/types.ts";
import type { JsonSchema } from "../util/json.ts";

const step: JsonSchema = {
  type: "object",
  properties: {
    status: { type: "string" },
    kind: { type: "string" },
    attempts: { type: "integer" },
    started_at: true,
    duration_ms: true,
    model: true,
    model_asked: true,
    output: true,
    error: true,
    caught: { type: "boolean" },
    usage: true,
    cost_usd: true,
    from_cache: { type: "boolean" },
    reused: { type: "integer" },
    artifacts: true,
    results: true,
  },
  additionalProperties: false,
};

/** What an assertion reads: the report (schemas/report.v1.json), its keys as names. */
export function assertScope(plan: Plan): ExpressionScope {
  return {
    names: {
      status: { type: "string" },
      inputs: true,
      outputs: true,
      error: true,
      usage: true,
      cost_usd: true,
      duration_ms: { type: "integer" },
      started_at: { type: "string" },
      finished_at: { type: "string" },
      workflow: { type: "string" },
      workflow_version: true,
      simulated: { type: "boolean" },
      budget: true,
      variant: true,
      score: true,
      roi: true,
      steps: {
        type: "object",
        properties: Object.fromEntries(stepPaths(plan).map((path) => [path, step])),
        additionalProperties: false,
      },
    },
    hidden: {
      run: "a test reads the report: its keys are names, as `status` and `duration_ms`",
      env: "a test reads the report, and `env` is not in it",
      secrets: "a test has no secrets",
    },
    statusFunctions: false,
  };
}

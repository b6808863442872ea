import { ulid } from "ulid";
import { run } from "../../library/run.ts";
import { RequestError } from "../../library/request-error.ts";
import type { StoredEvent } from "../../run/event.ts";
import type { JsonObject } from "../../util/json.ts";
import type { McpHost, McpTool, ToolCall } from "./host.ts";
import { inputsProperty } from "./plan-tool.ts";
import { shortReport } from "./short-report.ts";
import { fileProperty, validFor, type WorkflowArguments } from "./workflow-of.ts";

/** Clients give up on an answer after a minute, as a rule. */
const DEFAULT_WAIT_S = 45;

export const waitProperty = {
  wait_seconds: {
    type: "number",
    minimum: 0,
    maximum: 3600,
    description: `How long to wait for the end of the run; then it is told as running, and goes on. Default ${DEFAULT_WAIT_S}`,
  },
} as const;

/** `wait_seconds` in milliseconds. */
export function waitOf({ wait_seconds: seconds }: { readonly wait_seconds?: number }, defaultSeconds: number): number {
  return (seconds ?? defaultSeconds) * 1000;
}

/** `muster run`: what runs is a file, with the agents, limits and budget that stand in it. */
export function runTool(host: McpHost): McpTool {
  return {
    name: "run_workflow",
    title: "Run a workflow",
    description:
      "Runs the workflow with its own agents, permissions, limits and budget, and gives its outputs. A run that takes longer is told as running: ask show_run for it. One that waits for a person says what for; no tool answers that.",
    properties: {
      ...fileProperty(host),
      ...inputsProperty,
      simulate: { type: "boolean", description: "Goes through all steps without a model and without effects" },
      ...waitProperty,
    },
    isReadOnly: false,
    async call(given, call) {
      const { inputs = {}, simulate = false } = given as { readonly inputs?: JsonObject; readonly simulate?: boolean };
      const { workflow: path } = given as WorkflowArguments;
      const workflow = await validFor(host, path === undefined ? {} : { workflow: path });
      const runId = ulid();
      const { cwd, env, state, runs } = host;
      const onEvent = progressOf(call);
      const place = { cwd, env, ...(state === null ? {} : { state }) };
      runs.start(runId, (signal) => run(workflow, { ...place, runId, inputs, simulate, onEvent, signal }));
      const end = await runs.wait(runId, waitOf(given, DEFAULT_WAIT_S), call.signal);
      if (end !== null && !end.ok) throw new RequestError(end.problems);
      return shortReport(host, runId, end?.report ?? null);
    },
  };
}

/** A word for each step and item that has ended. */
function progressOf({ progress }: ToolCall): (event: StoredEvent) => void {
  let done = 0;
  return ({ type, step }) => {
    if (!/^(?:step|item)\.(?:succeeded|failed|skipped)$/.test(type)) return;
    done += 1;
    progress(done, `${step ?? ""} ${type.slice(type.indexOf(".") + 1)}`);
  };
}

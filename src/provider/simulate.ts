import { failure } from "../run/failure.ts";
import type { ModelEvent, Provider, ToolCall, ToolSpec } from "./provider.ts";
import { isJsonObject, type Json } from "../util/json.ts";
import { simulatedText, simulatedValue } from "./simulate/value.ts";

export interface SimulateOptions {
  /** Name of the workflow: the same step of another one gets other values. */
  readonly workflow: string;
}

/**
 * A provider that asks nobody: it makes up a value that fits the schema, the same one for the same workflow, step and
 * item, and `[simulated:STEP]` where a text is asked for. A leader starts one of each whom it may start, so that the
 * whole tree is seen. Costs nothing and says so: its usage is zero tokens.
 */
export function createSimulateProvider({ workflow }: SimulateOptions): Provider {
  return {
    name: "simulate",
    origin: "simulated",
    // An async generator because that is the port; there is nothing to wait for.
    async *call({ outputSchema, model, tools, messages }, { step, signal }): AsyncGenerator<ModelEvent> {
      if (signal.aborted) {
        yield { type: "failed", failure: failure("cancelled", "cancelled", "the call was cancelled"), usage: null };
        return;
      }
      const seed = `${workflow}/${step}`;
      const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 };
      const toolCalls = messages.length > 1 ? [] : simulatedSpawns(tools ?? [], step);
      if (toolCalls.length > 0) {
        yield { type: "done", reply: { text: "", stopReason: "tools", model, usage, toolCalls } };
        return;
      }
      const text = outputSchema === null ? simulatedText(step) : JSON.stringify(simulatedValue(outputSchema, seed));
      yield { type: "text", text };
      yield { type: "done", reply: { text, stopReason: "end", model, usage } };
    },
  };
}

/** So many are started by one leader at most: enough to see the tree. */
const MOST_SPAWNS = 4;

/** Calls that start one agent of each kind that may be started. */
function simulatedSpawns(tools: readonly ToolSpec[], step: string): readonly ToolCall[] {
  const spawn = tools.find(({ name }) => name === "sessions_spawn");
  const properties = spawn?.inputSchema["properties"];
  const agent = isJsonObject(properties) ? properties["agent"] : undefined;
  const agents = isJsonObject(agent) && Array.isArray(agent["enum"]) ? (agent["enum"] as readonly Json[]) : [];
  return agents.slice(0, MOST_SPAWNS).map((name, index) => ({
    id: `call_${index + 1}`,
    name: "sessions_spawn",
    input: { agent: name, task: `[simulated task of ${step}]` },
  }));
}

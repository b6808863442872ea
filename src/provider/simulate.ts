import { failure } from "../run/failure.ts";
import type { ModelEvent, Provider } from "./provider.ts";
import { simulatedText, simulatedValue } from "./simulate/value.ts";

export interface SimulateOptions {
  /** Name of the workflow: the same step of another one gets other values. */
  readonly workflow: string;
}

/**
 * A provider that asks nobody: it makes up a value that fits the schema, the same one for the same workflow, step and
 * item, and `[simulated:STEP]` where a text is asked for. Costs nothing and says so: its usage is zero tokens.
 */
export function createSimulateProvider({ workflow }: SimulateOptions): Provider {
  return {
    name: "simulate",
    origin: "simulated",
    // An async generator because that is the port; there is nothing to wait for.
    async *call({ outputSchema, model }, { step, signal }): AsyncGenerator<ModelEvent> {
      if (signal.aborted) {
        yield { type: "failed", failure: failure("cancelled", "cancelled", "the call was cancelled"), usage: null };
        return;
      }
      const seed = `${workflow}/${step}`;
      const text = outputSchema === null ? simulatedText(step) : JSON.stringify(simulatedValue(outputSchema, seed));
      yield { type: "text", text };
      const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 };
      yield { type: "done", reply: { text, stopReason: "end", model, usage } };
    },
  };
}

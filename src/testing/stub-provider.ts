import type { ModelEvent, ModelRequest, Provider } from "../provider/provider.ts";
import { failure } from "../run/failure.ts";
import { asText } from "../util/json.ts";
import type { Usage } from "../util/usage.ts";
import type { StubOutcome } from "./test-file.ts";

/** What the model is to say, by the key of the unit; null = no stub says anything. */
export interface ModelAnswers {
  answerTo(unit: string): StubOutcome | null;
}

/**
 * A model that says what stubs say, and `otherwise` what the other one does. Where neither says what a call took it is
 * counted at a token for four bytes: enough to see a prompt grow, and no figure of a real model.
 */
export function createStubProvider(answers: ModelAnswers, otherwise: Provider): Provider {
  return {
    name: otherwise.name,
    origin: otherwise.origin,
    // An async generator because that is the port.
    async *call(request, context): AsyncGenerator<ModelEvent> {
      const outcome = answers.answerTo(context.unit);
      if (outcome === null || outcome.kind === "default") {
        for await (const event of otherwise.call(request, context)) yield counted(event, request);
        return;
      }
      if (context.signal.aborted) {
        yield { type: "failed", failure: failure("cancelled", "cancelled", "the call was cancelled"), usage: null };
        return;
      }
      if (outcome.kind === "fail") {
        const why = failure(outcome.class, outcome.code, outcome.message);
        yield { type: "failed", failure: why, usage: null };
        return;
      }
      const isRefusal = outcome.kind === "refuse";
      const text = isRefusal ? outcome.text : outcome.kind === "output" ? textOf(outcome.output, request) : "";
      const usage = outcome.kind === "output" ? outcome.usage : null;
      yield { type: "text", text };
      yield {
        type: "done",
        reply: {
          text,
          stopReason: isRefusal ? "refusal" : "end",
          model: request.model,
          usage: usage === null ? estimated(request, text) : usageOf(usage.inputTokens, usage.outputTokens),
        },
      };
    },
  };
}

/** A typed answer goes out as JSON, as from a model; a text as it is. */
function textOf(output: Parameters<typeof asText>[0], { outputSchema }: ModelRequest): string {
  return outputSchema === null ? asText(output) : JSON.stringify(output);
}

/** The simulated model says that it took nothing. */
function counted(event: ModelEvent, request: ModelRequest): ModelEvent {
  if (event.type !== "done") return event;
  const { usage, text } = event.reply;
  if (usage !== null && usage.inputTokens + usage.outputTokens > 0) return event;
  return { ...event, reply: { ...event.reply, usage: estimated(request, text) } };
}

function estimated({ system, messages }: ModelRequest, reply: string): Usage {
  const asked = [system ?? "", ...messages.map(({ text }) => text)].join("");
  return usageOf(tokens(asked), tokens(reply));
}

function tokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

function usageOf(inputTokens: number, outputTokens: number): Usage {
  return { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 };
}

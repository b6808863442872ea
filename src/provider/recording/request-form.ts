import { digestOf } from "../../util/digest.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import type { ModelRequest } from "../provider.ts";

/** A request as recordings spell it: what is null is left out. */
export function requestForm(request: ModelRequest): JsonObject {
  return {
    model: request.model,
    max_tokens: request.maxTokens,
    ...(request.temperature !== null && { temperature: request.temperature }),
    ...(request.effort !== null && { effort: request.effort }),
    ...(request.system !== null && { system: request.system }),
    messages: request.messages.map(({ role, text }): Json => ({ role, text })),
    ...(request.outputSchema !== null && { output_schema: request.outputSchema }),
  };
}

/** What a recording is keyed by: SHA-256 of the canonical JSON of `requestForm`, 64 hex digits. */
export function requestHash(request: ModelRequest): string {
  return digestOf(requestForm(request));
}

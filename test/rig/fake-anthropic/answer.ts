import { defaultText, type Answer } from "../fake-model/answer.ts";
import { textOf, type WireRequest } from "./wire.ts";

/** The reply of the fake when a test says nothing: valid under the schema that was asked for, else one line of text. */
export function defaultAnswer(request: WireRequest): Answer {
  const text = defaultText(textOf(request.messages.at(-1)?.content), request.output_config?.format?.schema);
  return { kind: "reply", text };
}

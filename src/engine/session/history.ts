import type { Message } from "../../provider/provider.ts";
import { asText } from "../../util/json.ts";
import type { PastTurn } from "./access.ts";

/**
 * The turns of a conversation as a model is sent them. Without tools only what was asked and answered: a model that has
 * none is not shown calls of any.
 */
export function historyOf(turns: readonly PastTurn[], hasTools: boolean): readonly (readonly Message[])[] {
  return turns.map(({ text, said, reply }) =>
    hasTools
      ? said
      : [
          { role: "user", text: asText(text) },
          { role: "assistant", text: asText(reply) || "(empty)" },
        ],
  );
}

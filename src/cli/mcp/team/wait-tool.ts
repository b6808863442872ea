import { UsageError } from "../../exit-code.ts";
import { openForReading } from "../../find-run.ts";
import type { McpHost, McpTool } from "../host.ts";
import { endingOf } from "./ending.ts";

/** Clients give up on an answer after a minute, as a rule. */
export const DEFAULT_WAIT_S = 45;

/** Waits for agents that were started, and for turns of sessions. */
export function waitTool(host: McpHost): McpTool {
  return {
    name: "sessions_wait",
    title: "Wait for agents",
    description:
      "Waits for what sessions_spawn and sessions_send have started, and gives the results. What takes longer is told as running, and goes on: ask again.",
    properties: {
      ids: {
        type: "array",
        items: { type: "string" },
        minItems: 1,
        maxItems: 100,
        description: "The ids that they gave",
      },
      timeout: { type: "number", minimum: 0, maximum: 3600, description: `Seconds in all. Default ${DEFAULT_WAIT_S}` },
    },
    required: ["ids"],
    isReadOnly: true,
    async call(given, { signal }) {
      const { ids, timeout = DEFAULT_WAIT_S } = given as { readonly ids: readonly string[]; readonly timeout?: number };
      const store = openForReading(host.project);
      try {
        const unknown = ids.find((id) => store.findRun(id) === null);
        if (unknown !== undefined) throw new UsageError(`nothing was started under ${unknown}`);
      } finally {
        store.close();
      }
      const results = await Promise.all(ids.map((id) => endingOf(host, id, timeout * 1000, signal)));
      return { results };
    },
  };
}

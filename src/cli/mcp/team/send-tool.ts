import { relative, resolve } from "node:path";
import { RequestError } from "../../../library/request-error.ts";
import { inputsOf } from "../../commands/sessions.ts";
import { openForReading } from "../../find-run.ts";
import { findSession } from "../../find-session.ts";
import type { McpHost, McpTool } from "../host.ts";
import { startDelivery } from "./deliver.ts";
import { endingOf } from "./ending.ts";
import { DEFAULT_WAIT_S } from "./wait-tool.ts";

/** `muster sessions send` */
export function sendTool(host: McpHost): McpTool {
  return {
    name: "sessions_send",
    title: "Write to a session",
    description:
      "Sends a message to a conversation that lasts, and gives the reply. One that takes longer is told as running: sessions_wait gives it later.",
    properties: {
      to: { type: "string", description: "Its name or id, as sessions_list tells them" },
      message: { type: "string", minLength: 1, description: "What to say" },
      timeout: {
        type: "number",
        minimum: 0,
        maximum: 3600,
        description: `How long to wait for the reply, in seconds. Default ${DEFAULT_WAIT_S}`,
      },
    },
    required: ["to", "message"],
    isReadOnly: false,
    async call(given, { signal }) {
      const {
        to,
        message,
        timeout = DEFAULT_WAIT_S,
      } = given as {
        readonly to: string;
        readonly message: string;
        readonly timeout?: number;
      };
      const store = openForReading(host.project);
      let found: ReturnType<typeof findSession>;
      let inputs: ReturnType<typeof inputsOf>;
      try {
        found = findSession(store, to);
        inputs = inputsOf(store, found);
      } finally {
        store.close();
      }
      const { id, runId, agent, workflow, scope, pool, idleMs, name, manifestPath } = found;
      const file = relative(host.cwd, resolve(host.project.root, manifestPath));
      if (host.file !== null && resolve(host.cwd, host.file) !== resolve(host.cwd, file))
        throw new RequestError([`session ${id} is of ${manifestPath}, and this server serves ${host.file}`]);
      const existing = { agent, workflow, scope, pool, idleMs, existing: { id, runId } };
      const delivery = { session: name, text: message, existing, waitMs: null };
      const sent = await startDelivery(host, host.file === null ? file : undefined, delivery, inputs ?? {});
      return { session: id, ...(await endingOf(host, sent, timeout * 1000, signal)) };
    },
  };
}

// A coding agent for tests, over the Agent Client Protocol on stdin and stdout. The words of a prompt say what it does.
import { existsSync, writeFileSync } from "node:fs";
import { Readable, Writable } from "node:stream";
import { agent, methods, ndJsonStream, PROTOCOL_VERSION, RequestError } from "@agentclientprotocol/sdk/unstable";
import type { AgentContext, PromptResponse, ToolCallUpdate } from "@agentclientprotocol/sdk/unstable";

const sessionId = "s1";
let mode = "auto";
let prompts = 0;
let cost = 0;
let cancel = (): void => {};

/** Says something in the session. */
const say = (client: AgentContext, text: string): Promise<void> =>
  client.notify(methods.client.session.update, {
    sessionId,
    update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text } },
  });

/** Calls a tool after having asked for it; true = it was allowed. */
async function ask(client: AgentContext, call: ToolCallUpdate & { readonly title: string }): Promise<boolean> {
  await client.notify(methods.client.session.update, {
    sessionId,
    update: {
      sessionUpdate: "tool_call",
      ...call,
      kind: call.kind ?? "other",
      content: [],
      locations: call.locations ?? [],
    },
  });
  const { outcome } = await client.request(methods.client.session.requestPermission, {
    sessionId,
    toolCall: call,
    options: [
      { optionId: "always", name: "Always", kind: "allow_always" },
      { optionId: "once", name: "Once", kind: "allow_once" },
      { optionId: "no", name: "No", kind: "reject_once" },
    ],
  });
  const isAllowed = outcome.outcome === "selected" && outcome.optionId === "once";
  await client.notify(methods.client.session.update, {
    sessionId,
    update: {
      sessionUpdate: "tool_call_update",
      toolCallId: call.toolCallId,
      status: isAllowed ? "completed" : "failed",
    },
  });
  return isAllowed;
}

async function answer(text: string, client: AgentContext): Promise<PromptResponse> {
  const [, verb = "", word = ""] = /(?:^|\n)(Edit|Run|Fetch|Guess|Hang|Die|Login|Count|Limit) ?(\S*)/.exec(text) ?? [];
  const call = (kind: ToolCallUpdate["kind"], more: object) =>
    ask(client, { toolCallId: `call-${prompts}`, title: `${verb} ${word}`, kind: kind ?? null, ...more });
  const isTyped = verb === "Count" || text.includes("does not fit");
  if (!isTyped) await say(client, "Let me see. ");
  switch (verb) {
    case "Edit": {
      const isAllowed = await call("edit", { locations: [{ path: word }] });
      if (isAllowed) writeFileSync(word, "edited\n");
      await say(client, isAllowed ? `edited ${word}` : `not allowed to edit ${word}`);
      break;
    }
    case "Run":
      await say(
        client,
        (await call("execute", { rawInput: { command: word } })) ? `ran ${word}` : "not allowed to run",
      );
      break;
    case "Fetch":
      await say(client, (await call("fetch", { rawInput: { url: word } })) ? `read ${word}` : "not allowed to read");
      break;
    case "Guess":
      await say(client, (await call("other", {})) ? "guessed" : "not allowed to guess");
      break;
    case "Hang": {
      const cancelled = new Promise<void>((resolve) => (cancel = resolve));
      if (!existsSync("begun")) {
        writeFileSync("begun", String(process.pid));
        await cancelled;
        writeFileSync("cancelled", "");
        return { stopReason: "cancelled" };
      }
      await say(client, "again");
      break;
    }
    case "Die":
      process.stderr.write("out of coffee\n");
      process.exit(3);
      break;
    case "Login":
      throw RequestError.authRequired({}, "log in first");
    case "Limit":
      return { stopReason: "max_turn_requests" };
    case "Count":
      await say(client, `{"n": "many"}`);
      break;
    default:
      if (isTyped) await say(client, `{"n": ${prompts}}`);
      else
        await say(client, `mode ${mode}, key ${process.env["ANTHROPIC_API_KEY"] ?? "none"}, own ${process.env["OWN"]}`);
  }
  cost += 0.25;
  await client.notify(methods.client.session.update, {
    sessionId,
    update: { sessionUpdate: "usage_update", used: 10, size: 100, cost: { amount: cost, currency: "USD" } },
  });
  const usage = { totalTokens: 12, inputTokens: 10, outputTokens: 2 };
  return { stopReason: "end_turn", usage };
}

agent({ name: "fake" })
  .onRequest(methods.agent.initialize, () => ({ protocolVersion: PROTOCOL_VERSION, agentCapabilities: {} }))
  .onRequest(methods.agent.session.new, () => ({
    sessionId,
    modes: { currentModeId: mode, availableModes: ["auto", "default"].map((id) => ({ id, name: id })) },
  }))
  .onRequest(methods.agent.session.setMode, ({ params }) => {
    mode = params.modeId;
    return {};
  })
  .onNotification(methods.agent.session.cancel, () => cancel())
  .onRequest(methods.agent.session.prompt, ({ params, client }) => {
    prompts += 1;
    const text = params.prompt.map((block) => (block.type === "text" ? block.text : "")).join("");
    return answer(text, client);
  })
  .connect(ndJsonStream(Writable.toWeb(process.stdout) as WritableStream<Uint8Array>, Readable.toWeb(process.stdin)));

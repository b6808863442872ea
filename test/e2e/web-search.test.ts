import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect } from "vitest";
import { event } from "../rig/fake-anthropic/message-stream.ts";
import { toolReply, type Answer } from "../rig/fake-model/answer.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

function write(project: Project, more = "", model = "anthropic/claude-haiku-5-5"): void {
  project.write(
    "flow.yaml",
    `muster: 1
name: research
models: { fast: ${model} }
${more}
agents:
  scout: { model: fast, tools: [web_search, read_file], permissions: { files: read } }
steps: { x: { agent: scout, task: Find tea } }
outputs: { x: "\${{ steps.x.output }}" }
`,
  );
}

/** A reply in which the model has searched twice, and then calls a tool of ours. */
function searched(): Answer {
  const blocks: readonly object[] = [
    { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
    {
      type: "web_search_tool_result",
      tool_use_id: "srvtoolu_1",
      content: [{ type: "web_search_result", title: "Tea", url: "https://tea.example", encrypted_content: "abc" }],
    },
    { type: "tool_use", id: "toolu_1", name: "read_file", input: {} },
  ];
  const usage = { input_tokens: 1000, output_tokens: 100, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const message = { id: "m", type: "message", role: "assistant", model: "claude-haiku-5-5", content: [], usage };
  const json = [`{"query": "tea"}`, "", `{"path": "note.txt"}`];
  const body = [
    event("message_start", { type: "message_start", message }),
    ...blocks.flatMap((block, index) => [
      event("content_block_start", { type: "content_block_start", index, content_block: block }),
      event("content_block_delta", {
        type: "content_block_delta",
        index,
        delta: { type: "input_json_delta", partial_json: json[index] },
      }),
      event("content_block_stop", { type: "content_block_stop", index }),
    ]),
    event("message_delta", {
      type: "message_delta",
      delta: { stop_reason: "tool_use", stop_sequence: null },
      usage: { ...usage, server_tool_use: { web_search_requests: 2 } },
    }),
    event("message_stop", { type: "message_stop" }),
  ].join("");
  return { kind: "raw", status: 200, contentType: "text/event-stream", body };
}

describe("web_search", () => {
  story(
    "is done by Anthropic where nothing else is configured; its fee is reserved and spent",
    async ({ fake, project }) => {
      project.write("note.txt", "noted");
      write(project);
      fake.on((request) => request.number === 1, searched());
      fake.on((request) => request.number === 2, "done");
      expect(await project.muster("run", "flow.yaml", "--report", "report.json")).toMatchObject({
        code: 0,
        stdout: "done\n",
      });
      const [first, second] = fake.requests.map(({ body }) => body);
      expect(first?.tools?.find(({ name }) => name === "web_search")).toEqual({
        type: "web_search_20250305",
        name: "web_search",
        max_uses: 3,
      });
      // What it found goes back as it was, before its call.
      expect(second?.messages[1]?.content).toMatchObject([
        { type: "server_tool_use", id: "srvtoolu_1", input: { query: "tea" } },
        { type: "web_search_tool_result", content: [{ encrypted_content: "abc" }] },
        { type: "tool_use", id: "toolu_1" },
      ]);
      // 1000 tokens in and 100 out at $0.10 and $0.50, two searches at a cent; the second call costs next to nothing.
      expect(project.report().cost_usd).toBeCloseTo(0.02 + 0.00015, 3);

      // Three searches of a cent, and windows of what they bring, do not fit into three cents.
      write(project, "limits: { budget: { usd: 0.03 } }");
      const before = fake.count();
      expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
      expect([project.report().error?.class, fake.count()]).toEqual(["budget", before]);
    },
  );

  story(
    "goes to the configured endpoint for any model, and is an error where there is nobody",
    async ({ fake, project }) => {
      const model = "openai/gpt-6-luna";
      write(project, "", model);
      project.env["OPENAI_API_KEY"] = "sk-test-0123456789";
      const alone = await project.muster("validate", "flow.yaml");
      expect([alone.code, alone.stdout]).toEqual([3, expect.stringContaining("WF7012") as string]);

      write(project);
      const asked: string[] = [];
      const server = createServer((request, response) => {
        asked.push(`${request.url ?? ""} ${request.headers.authorization ?? ""}`);
        response.end(
          JSON.stringify({ results: [{ title: "Tea", url: "https://tea.example", content: "All  of it" }] }),
        );
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      project.env["MUSTER_SEARCH_URL"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/search`;
      project.env["MUSTER_SEARCH_KEY"] = "search-key-0123456789";
      fake.on((request) => request.number === 1, toolReply(["web_search", { query: "green tea" }]));
      fake.on((request) => request.number === 2, "found");
      expect((await project.muster("run", "flow.yaml")).code).toBe(0);
      expect(asked).toEqual(["/search?q=green+tea&format=json Bearer search-key-0123456789"]);
      expect(fake.requests[1]?.body.messages.at(-1)?.content).toMatchObject([
        { content: "Tea\nhttps://tea.example\nAll of it" },
      ]);
      write(project, "", model);
      expect((await project.muster("validate", "flow.yaml")).code).toBe(0);
      server.close();
    },
  );
});

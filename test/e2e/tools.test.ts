import { describe, expect } from "vitest";
import { toolReply } from "../rig/fake-model/answer.ts";
import { story } from "../rig/muster/e2e.ts";

const head = `
muster: 1
name: desk
models: { fast: anthropic/claude-haiku-5-5 }
`;

describe("an agent with tools", () => {
  story("reads, writes and answers; what it reads may be cached", async ({ fake, project }) => {
    project.write("notes.md", "The sky is green.\n");
    project.write(
      "flow.yaml",
      `${head}
agents:
  writer: { model: fast, tools: [read_file, write_file, list_files], permissions: { files: write } }
steps:
  work: { agent: writer, task: Mend the notes, output: { type: object, properties: { done: { type: boolean } }, required: [done] } }
outputs: { done: "\${{ steps.work.output.done }}" }`,
    );
    const turns = [
      toolReply(["list_files", {}], ["read_file", { path: "notes.md" }]),
      toolReply(["write_file", { path: "notes.md", content: "The sky is blue.\n" }]),
      `{"done": true}`,
    ];
    fake.on("Mend the notes", () => turns[fake.count() - 1] ?? "too many");
    const run = await project.muster("run", "flow.yaml", "--json");
    expect(run).toMatchObject({ code: 0 });
    expect(project.read("notes.md")).toBe("The sky is blue.\n");
    const told = fake.requests[2]?.body.messages ?? [];
    expect(told.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "user"]);
    expect(told[2]?.content).toMatchObject([
      { type: "tool_result", content: "flow.yaml\nnotes.md" },
      { type: "tool_result", content: "The sky is green.\n" },
    ]);
    expect(told.at(-1)?.content).toMatchObject([{ content: "wrote 17 bytes", cache_control: { type: "ephemeral" } }]);
    const types = run.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types.filter((type) => type.startsWith("tool.") || type === "agent.turn")).toEqual([
      "agent.turn",
      "tool.called",
      "tool.called",
      "tool.finished",
      "tool.finished",
      "agent.turn",
      "tool.called",
      "tool.finished",
      "agent.turn",
    ]);
  });
});

import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Answer } from "../rig/fake-anthropic/fake-anthropic.ts";

const flow = (more = ""): string => `
muster: 1
name: hostile
models: { fast: anthropic/claude-haiku-5-5 }
agents: { clerk: { model: fast } }
steps:
  ask: { agent: clerk, task: Tell me${more} }
  size: { value: "\${{ size(string(steps.ask.output)) }}" }
outputs: { answer: "\${{ steps.ask.output }}" }
`;
const TYPED = ", output: { type: object, properties: { n: { type: integer } }, required: [n] }";

/** A reply on the wire whose text is given as raw bytes. */
function rawReply(text: Uint8Array): Answer {
  const event = (name: string, data: string | Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(`event: ${name}\ndata: `), Buffer.from(data), Buffer.from("\n\n")]);
  const body = Buffer.concat([
    event(
      "message_start",
      JSON.stringify({
        type: "message_start",
        message: {
          id: "m",
          type: "message",
          role: "assistant",
          model: "claude-haiku-5-5",
          content: [],
          stop_reason: null,
          usage: { input_tokens: 1, output_tokens: 1 },
        },
      }),
    ),
    event(
      "content_block_start",
      JSON.stringify({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    ),
    event(
      "content_block_delta",
      Buffer.concat([
        Buffer.from(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"`),
        text,
        Buffer.from(`"}}`),
      ]),
    ),
    event("content_block_stop", JSON.stringify({ type: "content_block_stop", index: 0 })),
    event(
      "message_delta",
      JSON.stringify({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } }),
    ),
    event("message_stop", JSON.stringify({ type: "message_stop" })),
  ]);
  return { kind: "raw", status: 200, contentType: "text/event-stream", body };
}

describe("replies that no model should give", () => {
  story("10 MB of text is an output like any other, and a resume reads it back", async ({ fake, project }) => {
    const text = "Zeile für Zeile\n".repeat(640_000).trimEnd();
    project.write("flow.yaml", flow().replace("  size: {", '  boom: { run: ["false"] }\n  size: {'));
    fake.on("Tell me", text);
    expect((await project.muster("run", "flow.yaml")).code).toBe(1);
    project.edit("flow.yaml", `run: ["false"]`, `run: ["true"]`);
    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed.code).toBe(0);
    expect(resumed.stdout === `${text}\n`).toBe(true);
    expect(project.report().steps["size"]?.output).toBe(text.length);
    expect(fake.count()).toBe(1);
  });

  story("invalid UTF-8 becomes the replacement character", async ({ fake, project }) => {
    project.write("flow.yaml", flow());
    fake.on("Tell me", rawReply(Buffer.from([0x61, 0xff, 0xfe, 0x62])));
    expect(await project.muster("run", "flow.yaml")).toMatchObject({ code: 0, stdout: "a\ufffd\ufffdb\n" });
  });

  story(
    "control characters and a NUL pass through the state unharmed, and never reach the screen of 'show'",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow());
      fake.on("Tell me", "a\u0000b\u001b[31mred\u0007");
      expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(0);
      expect(project.report().outputs).toEqual({ answer: "a\u0000b\u001b[31mred\u0007" });
      const page = await project.muster("show");
      expect(page.code).toBe(0);
      // eslint-disable-next-line no-control-regex -- that is what is looked for
      expect(page.stdout).not.toMatch(/[\u0000\u0007\u001b]/);
    },
  );

  story("JSON nested a million deep, where an object is wanted, is failure 'output'", async ({ fake, project }) => {
    project.write("flow.yaml", flow(TYPED).replace("string(", "to_json("));
    fake.on("Tell me", `{"n":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`);
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
    expect(project.report().error).toMatchObject({ class: "output", code: "schema_mismatch" });
    expect(fake.count()).toBe(2);
  });

  story.for([
    { depth: 200, code: 0, calls: 1 },
    { depth: 201, code: 1, calls: 2 },
  ])(
    "lists in lists, $depth deep, under a schema without a bound: exit $code",
    async ({ depth, code, calls }, { fake, project }) => {
      project.write(
        "flow.yaml",
        flow(", output: { type: array }").replace("string(steps.ask.output)", "to_json(steps.ask.output)"),
      );
      fake.on("Tell me", "[".repeat(depth) + "]".repeat(depth));
      const run = await project.muster("run", "flow.yaml", "--report", "report.json");
      expect(run.code, run.stderr).toBe(code);
      expect(fake.count()).toBe(calls);
      expect(project.report().steps["ask"]?.error?.message ?? "").toContain(
        code === 0 ? "" : "it nests deeper than 200 levels",
      );
      expect((await project.muster("show")).code).toBe(0);
    },
  );

  story("keys that mean something to JavaScript are plain keys", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      flow(", output: { type: object }")
        .replace("  size: {", '  keys: { value: "${{ size(steps.ask.output) }}" }\n  size: {')
        .replace("string(steps.ask.output)", "to_json(steps.ask.output)"),
    );
    const reply = `{"__proto__":{"polluted":true},"constructor":1,"toString":2}`;
    fake.on("Tell me", reply);
    const run = await project.muster("run", "flow.yaml");
    expect(run.code).toBe(0);
    expect(JSON.stringify((JSON.parse(run.stdout) as { answer: unknown }).answer)).toBe(reply);
  });
});

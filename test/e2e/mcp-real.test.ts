import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { cpSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect } from "vitest";
import { toolReply } from "../rig/fake-model/answer.ts";
import { story } from "../rig/muster/e2e.ts";
import { realProgram, type RealProgram } from "../rig/real-program.ts";
import type { Project } from "../rig/muster/project.ts";

const filesystem = realProgram("@modelcontextprotocol/server-filesystem", "mcp-server-filesystem");
const everything = realProgram("@modelcontextprotocol/server-everything", "mcp-server-everything");

function write(project: Project, tools: string, servers: string): void {
  project.write(
    "flow.yaml",
    `muster: 1
name: real
models: { fast: anthropic/claude-haiku-5-5 }
agents:
  clerk: { model: fast, tools: [${tools}], permissions: { files: write, shell: [node, ${JSON.stringify(process.execPath)}] }, mcp: { ${servers} } }
steps: { x: { agent: clerk, task: Go } }
`,
  );
}

/** The real server over streamable HTTP, when it listens. */
async function startOverHttp(): Promise<{ readonly url: string; close(): void }> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const child = spawn(process.execPath, [everything?.path ?? "", "streamableHttp"], {
    env: { PATH: process.env["PATH"] ?? "", PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const chunk of child.stderr) if (String(chunk).includes("listening on port")) break;
  return { url: `http://127.0.0.1:${port}/mcp`, close: () => void child.kill() };
}

describe.skipIf(filesystem === null || everything === null)("real MCP servers", () => {
  story("server-filesystem works on the workspace, in the sandbox", async ({ fake, project }) => {
    const { folder, path } = filesystem as RealProgram;
    const needed = (file: string): boolean => !/opencode|claude-agent/.test(file);
    cpSync(join(folder, "node_modules"), join(project.folder, "node_modules"), { recursive: true, filter: needed });
    write(
      project,
      "mcp:files/read_text_file, mcp:files/write_file",
      `files: { command: node, args: [${relative(folder, path)}, .] }`,
    );
    project.write("note.txt", "tea at four");
    const pinned = await project.muster("validate", "--pin-tools", "flow.yaml");
    expect(pinned).toMatchObject({ code: 0 });
    expect(project.read("muster.lock")).toMatch(/"read_text_file": \{\s+"effect": "none"/);
    fake.on(
      (request) => request.number === 1,
      toolReply(
        ["mcp__files__read_text_file", { path: "note.txt" }],
        ["mcp__files__write_file", { path: "new.txt", content: "made" }],
        ["mcp__files__read_text_file", { path: "/etc/passwd" }],
      ),
    );
    fake.on((request) => request.number === 2, "done");
    expect(await project.muster("run", "flow.yaml")).toMatchObject({ code: 0 });
    expect(fake.requests[1]?.body.messages.at(-1)?.content).toMatchObject([
      { content: "tea at four" },
      { content: "Successfully wrote to new.txt" },
      { content: expect.stringContaining("Access denied") as string, is_error: true },
    ]);
    expect(project.read("new.txt")).toBe("made");
  });

  story("server-everything, over stdio and over HTTP", async ({ fake, project }) => {
    const command = JSON.stringify(everything?.path);
    const node = JSON.stringify(process.execPath);
    write(
      project,
      "mcp:all/echo, mcp:all/get-sum, mcp:all/get-tiny-image",
      `all: { command: ${node}, args: [${command}, stdio], sandbox: "off" }`,
    );
    expect((await project.muster("validate", "--pin-tools", "flow.yaml")).code).toBe(0);
    fake.on(
      (request) => request.number === 1,
      toolReply(
        ["mcp__all__echo", { message: "tea" }],
        ["mcp__all__get-sum", { a: 2, b: 3 }],
        ["mcp__all__get-tiny-image", {}],
        ["mcp__all__get-sum", { a: "two" }],
      ),
    );
    fake.on((request) => request.number === 2, "done");
    expect(await project.muster("run", "flow.yaml")).toMatchObject({ code: 0 });
    expect(fake.requests[1]?.body.messages.at(-1)?.content).toMatchObject([
      { content: "Echo: tea" },
      { content: "The sum of 2 and 3 is 5." },
      { content: expect.stringMatching(/\[image: image\/png, \d+ bytes, not shown\]/) as string },
      { is_error: true },
    ]);
    const server = await startOverHttp();
    project.edit("flow.yaml", "name: real", "name: real\npermissions: { files: write, network: [127.0.0.1] }");
    project.edit("flow.yaml", "permissions: { files: write, shell", "permissions: { network: [127.0.0.1], shell");
    project.edit("flow.yaml", `command: ${node}, args: [${command}, stdio], sandbox: "off"`, `url: "${server.url}"`);
    project.edit("flow.yaml", ", mcp:all/get-sum, mcp:all/get-tiny-image", "");
    expect((await project.muster("validate", "--pin-tools", "flow.yaml")).code).toBe(0);
    fake.on((request) => request.number === 3, toolReply(["mcp__all__echo", { message: "by air" }]));
    fake.on((request) => request.number === 4, "done");
    expect(await project.muster("run", "flow.yaml")).toMatchObject({ code: 0 });
    expect(fake.requests[3]?.body.messages.at(-1)?.content).toMatchObject([{ content: "Echo: by air" }]);
    server.close();
  });
});

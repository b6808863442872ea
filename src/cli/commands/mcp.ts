import { statSync } from "node:fs";
import { resolve } from "node:path";
import { findProject } from "../../util/project.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { LiveRuns } from "../mcp/live-runs.ts";
import { processConnection } from "../mcp/process-connection.ts";
import type { Terminal } from "../terminal.ts";

export interface McpOptions {
  readonly state?: string;
}

/** `muster mcp [FILE]`: serves until the client closes the connection, or a signal comes; then runs are saved. */
export async function run(terminal: Terminal, [file]: readonly string[], { state }: McpOptions): Promise<ExitCode> {
  const { cwd, env } = terminal;
  if (file !== undefined && !statSync(resolve(cwd, file), { throwIfNoEntry: false })?.isFile())
    throw new UsageError(`there is no file ${file}`);
  const runs = new LiveRuns();
  const project = findProject(cwd, state ?? null);
  const { createServer } = await import("../mcp/server.ts");
  const host = { cwd, env, project, state: state ?? null, file: file ?? null, runs };
  const signal = await processConnection(() => createServer(host));
  await runs.stopAll();
  if (signal === null) return exitCode.succeeded;
  return signal === "SIGINT" ? exitCode.interrupted : exitCode.terminated;
}

import { relative, resolve } from "node:path";
import { workspaceOf } from "../compose.ts";
import { readLock, writeLock } from "../compose/lock-file.ts";
import { agreedTools, askServer, serversOf, type ServerUse } from "../compose/pin-servers.ts";
import { createSourceReader, readSource } from "../compose/source-reader.ts";
import { compile } from "../plan/compile.ts";
import { noChoice } from "../plan/model-choice.ts";
import { findProject } from "../util/project.ts";
import { UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";
import { lockMode, unreadable } from "./workflow.ts";

/**
 * `--pin-tools`: starts the MCP servers that agents of these files name, and writes what their tools are into
 * `muster.lock`. UsageError when one of them does not answer: then nothing is written for it.
 */
export async function pinTools(terminal: Terminal, files: readonly string[], isLocked: boolean): Promise<void> {
  if (lockMode(terminal, { locked: isLocked }) === "frozen")
    throw new UsageError(
      "--pin-tools changes muster.lock, which somebody looks at and commits: not in CI, nor with --locked",
    );
  const failed: string[] = [];
  for (const file of files) {
    const { lockPath, uses } = serversIn(file, terminal);
    for (const use of uses) {
      const why = await pinServer(use, file, lockPath, terminal);
      if (why !== null) failed.push(why);
    }
  }
  if (failed.length > 0) throw new UsageError(failed.join("\n"));
}

function serversIn(file: string, { cwd, env }: Terminal): { lockPath: string; uses: readonly ServerUse[] } {
  const path = resolve(cwd, file);
  const reader = createSourceReader(path, file, { env, isFrozen: false });
  let uses: readonly ServerUse[] = [];
  let source: ReturnType<typeof readSource>;
  try {
    source = readSource(path, file);
  } catch (error) {
    throw unreadable(file, error);
  }
  // What is wrong with the file is told when it is checked.
  if (source.ok) compile(source.value, noChoice, reader, (_top, all) => (uses = serversOf(all, env)));
  return { lockPath: reader.lockPath, uses };
}

/** Null = its tools are in the lock; else why not. */
async function pinServer(use: ServerUse, file: string, lockPath: string, terminal: Terminal): Promise<string | null> {
  const { cwd, env } = terminal;
  const lock = readLock(lockPath);
  if (!lock.ok) throw new UsageError(`${relative(cwd, lockPath)} ${lock.error}`);
  terminal.err(`asking ${use.lockName} for its tools\n`);
  const workspace = workspaceOf(resolve(cwd, file), findProject(cwd, null));
  const found = await askServer(use, workspace, env, new AbortController().signal);
  if (!found.ok) {
    const { message, help, partial } = found.error;
    return [message, partial, help === null ? null : `help: ${help}`].filter((text) => text !== null).join("\n");
  }
  const { tools, changes } = agreedTools(use.lockName, found.value, lock.value.servers);
  if (changes.length === 0 && lock.value.servers.has(use.lockName)) return null;
  try {
    writeLock(lockPath, { ...lock.value, servers: new Map([...lock.value.servers, [use.lockName, tools]]) });
  } catch (error) {
    throw new UsageError(`cannot write ${lockPath}: ${(error as Error).message}`);
  }
  const shown = changes.join("  ") || "it has none";
  terminal.err(
    `${relative(cwd, lockPath)}: ${use.lockName}: ${shown}\nlook at what they say of themselves, and commit it\n`,
  );
  return null;
}

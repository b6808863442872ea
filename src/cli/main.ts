#!/usr/bin/env node
import * as nodeModule from "node:module";
import { join } from "node:path";
import { version } from "../util/version.ts";
import { exitCode } from "./exit-code.ts";
import { loadKept } from "./kept-code.ts";

// The first thing that runs. It must parse and work on a Node that is too old for the rest, to be able to say so,
// and `--version` must load nothing: so everything else is imported only after these checks.

/**
 * Where the build has put `program.ts` as one file with `validate` as its only command, relative to this one; not there
 * where nothing was built.
 */
declare const VALIDATE: string | undefined;

/** The oldest Node with an unflagged node:sqlite: https://nodejs.org/api/sqlite.html (added 2.5, unflagged 22.13). */
const OLDEST_NODE = [22, 13] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `muster needs Node.js ${OLDEST_NODE.join(".")} or newer, this is ${process.versions.node} (${process.execPath}); ` +
      "get one from https://nodejs.org\n",
  );
  process.exitCode = 2;
} else if (process.argv[2] === "--version" || process.argv[2] === "-V") {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.stderr.write(`muster: what it printed could not be written to stdout: ${error.message}\n`);
    process.exitCode = 1;
  });
  process.stdout.write(`${version}\n`);
} else {
  const folders = cacheFolders();
  keepCompiledCode(folders);
  if (typeof VALIDATE === "string" && process.argv[2] === "validate") {
    const kept = loadKept(join(import.meta.dirname, VALIDATE), folders);
    const code = await start(kept.exports as typeof import("./program.ts"));
    // What was typed wrong is no start whose code is worth keeping.
    if (code !== exitCode.usage && code !== exitCode.bug) kept.keep();
  } else await start(await import("./program.ts"));
}

async function start({ main }: typeof import("./program.ts")): Promise<number> {
  const code = await main(process.argv.slice(2));
  process.exitCode = code;
  return code;
}

/**
 * Where compiled code is kept for the next start, which then takes half the time: beside the code, where only those
 * write who may change the code itself, else in the user's cache. Where neither can be written nothing is kept.
 */
function cacheFolders(): readonly string[] {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const shared = XDG_CACHE_HOME ?? (HOME === undefined ? null : `${HOME}/.cache`);
  return [join(import.meta.dirname, "../../.cache"), ...(shared === null ? [] : [`${shared}/agentmuster`])];
}

/** For libraries that are no part of this program's own file. */
function keepCompiledCode(folders: readonly string[]): void {
  const { enableCompileCache, constants } = nodeModule;
  for (const folder of folders) {
    if (enableCompileCache(folder).status !== constants.compileCacheStatus.FAILED) return;
  }
}

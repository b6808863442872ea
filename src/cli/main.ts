#!/usr/bin/env node
import { version } from "../util/version.ts";

// The first thing that runs. It must parse and work on a Node that is too old for the rest, to be able to say so,
// and `--version` must load nothing: so everything else is imported only after these checks.

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
  process.stdout.write(`${version}\n`);
} else {
  const { main } = await import("./program.ts");
  process.exitCode = await main(process.argv.slice(2));
}

// Makes a clone ready: installs when node_modules does not match the lock file, builds when dist is older than
// the source. Runs on any Node >= 18, before anything is installed; says nothing when there is nothing to do.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

if (!installed()) run("npm ci", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
if (!built()) run("the build", `${root}node_modules/.bin/node`, [`${root}scripts/build.mjs`]);

/** True when npm's own record of what it installed agrees with the lock file. */
function installed() {
  const wanted = readJson("package-lock.json")?.packages ?? {};
  const present = readJson("node_modules/.package-lock.json")?.packages;
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = present[path];
    // Packages for other platforms are in the lock file but are never installed here.
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/** True when the command was built after the last change to anything that goes into it. */
function built() {
  const builtAtMs = modifiedAtMs("dist/cli/main.js");
  const sources = ["src", "schemas", "package-lock.json", "scripts/build.mjs"];
  return builtAtMs > 0 && sources.every((path) => newestAtMs(path) <= builtAtMs);
}

/** The time of the newest change to a file or anything under a folder; a folder's own time tells of deletions. */
function newestAtMs(path) {
  let newest = modifiedAtMs(path);
  if (statSync(root + path, { throwIfNoEntry: false })?.isDirectory()) {
    for (const name of readdirSync(root + path)) newest = Math.max(newest, newestAtMs(`${path}/${name}`));
  }
  return newest;
}

function modifiedAtMs(path) {
  return statSync(root + path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(root + path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Runs a command with its output on stderr, so that stdout stays that of the command which follows. */
function run(what, command, args) {
  process.stderr.write(`setup: ${what} ...\n`);
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  if (result.status === 0) return;
  const reason =
    result.error?.message ?? (result.signal ? `stopped by ${result.signal}` : `exit code ${result.status}`);
  process.stderr.write(`setup: ${what} failed (${reason}); its messages are above. ${wayOn(what)}\n`);
  process.exit(1);
}

function wayOn(what) {
  return what === "npm ci"
    ? "Check the network and the npm registry (`npm ping`), delete node_modules, then try again."
    : "If the source is as you want it, run `npm ci` for a fresh set of tools, then try again.";
}

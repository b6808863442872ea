// Proves the package as a user gets it: packs it, installs the tarball into an empty folder, runs the command there,
// and compiles and runs the program of docs/library.md.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "muster-package-"));

try {
  run("npm", ["pack", "--silent", "--pack-destination", folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack wrote no tarball");
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  run("npm", ["install", "--silent", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`]);

  equal(run("npx", ["--no", "--", "muster", "--version"]).trim(), version);
  const examples = join(folder, "node_modules/agentmuster/workflows");
  const names = readdirSync(examples).filter((name) => name.endsWith(".yaml") && !name.endsWith(".test.yaml"));
  run("npx", ["--no", "--", "muster", "validate", ...names.map((name) => join(examples, name))]);

  // The program of docs/library.md, compiled against the declarations as strictly as can be, and run.
  const page = readFileSync(join(folder, "node_modules/agentmuster/docs/library.md"), "utf8");
  writeFileSync(join(folder, "consumer.ts"), block(page, "ts"));
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  const target = ["--module", "nodenext", "--target", "es2024", "--types", ""];
  run(join(root, "node_modules/.bin/tsc"), [...strict, ...target, "consumer.ts"]);
  equal(run("node", ["consumer.js"]), block(page, "text"));
  process.stdout.write(`agentmuster ${version}: the package installs, runs and compiles\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(command, args, cwd = folder) {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

/** The first block of a language in a Markdown page. */
function block(page, language) {
  const found = new RegExp("^```" + language + "\\n(.*?)^```$", "ms").exec(page);
  if (found === null) throw new Error(`the page has no block of ${language}`);
  return found[1];
}

function equal(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

// Builds dist/: `build.mjs` bundles the command and the library with esbuild (under a second),
// `build.mjs --types` writes the declarations too (used for packing).
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// What a module of Node offers is written into the bundle: an old Node would leave out what a new one has.
if (Number.parseInt(process.versions.node, 10) < 22)
  throw new Error("build with the project's own Node: npm run build");

const root = fileURLToPath(new URL("..", import.meta.url));
const entries = ["src/cli/main.ts", "src/index.ts"].filter((path) => existsSync(root + path));

/**
 * Importing a module of Node loads it with all that hangs on its getters, a third of the start, though of most of them
 * a command uses nothing. Written into ours like this, a module is loaded when something of it is used.
 */
const lazyBuiltins = {
  name: "lazy-builtins",
  setup({ onResolve, onLoad }) {
    const namespace = "builtin";
    onResolve({ filter: /./ }, ({ path, kind }) =>
      kind !== "dynamic-import" && isBuiltin(path) ? { path: path.replace(/^(?:node:)?/, "node:"), namespace } : null,
    );
    onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: path === "node:process" ? "module.exports = process;" : lazyModule(path),
    }));
  },
};

/**
 * Sources named `*-library.ts` ask for a library by `createRequire`, when it is needed. From where npm puts them some
 * load slowly, file by file: they are written into ours, where they run when they are asked for.
 */
const bundledLibraries = {
  name: "bundled-libraries",
  setup({ onLoad }) {
    onLoad({ filter: /src\/.*-library\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace("const require = createRequire(import.meta.url);", ""),
      loader: "ts",
    }));
  },
};

function lazyModule(path) {
  const names = Object.keys(process.getBuiltinModule(path)).filter((name) => name !== "default");
  return `let loaded;
    const load = () => (loaded ??= process.getBuiltinModule(${JSON.stringify(path)}));
    for (const name of ${JSON.stringify(names)})
      Object.defineProperty(exports, name, { enumerable: true, get: () => load()[name] });`;
}

const common = {
  absWorkingDir: root,
  outdir: "dist",
  outbase: "src",
  bundle: true,
  // Few files load fast: small libraries that every command needs are written into ours, which halves the start. Those
  // that are loaded on demand stay where npm puts them.
  external: [
    "@agentclientprotocol/sdk",
    "@anthropic-ai/sdk",
    "@modelcontextprotocol/server",
    "@opentelemetry/*",
    "ajv",
    "ajv-formats",
    "openai",
    "pg",
    "pino",
    "vscode-languageserver",
  ],
  platform: "node",
  target: "node22.13",
  logLevel: "warning",
  metafile: true,
  write: false,
};

/** Of the commands only `validate` is in it: main.ts takes it for that one alone. */
const validateAlone = {
  name: "validate-alone",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/commands\// }, ({ path }) =>
      path.endsWith("/validate.ts") ? null : { path, namespace: "elsewhere" },
    );
    onLoad({ filter: /./, namespace: "elsewhere" }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is no part of this file`)});`,
    }));
  },
};

// What is started most often, as one file of which all that was compiled is kept: src/cli/kept-code.ts loads it.
const validate = await build({
  ...common,
  entryPoints: ["src/cli/program.ts"],
  entryNames: "chunk/validate-[hash]",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  define: { "import.meta.url": "importMetaUrl" },
  // Where code is loaded like this, `import()` works by an experiment of Node alone; `require` does the same.
  supported: { "dynamic-import": false },
  // It asks servers for their tools when it pins them: most files name none.
  external: [...common.external, "@modelcontextprotocol/client"],
  plugins: [validateAlone, lazyBuiltins, bundledLibraries],
});
const [validateFile] = validate.outputFiles;

const { metafile, outputFiles: otherFiles } = await build({
  ...common,
  entryPoints: entries,
  chunkNames: "chunk/[name]-[hash]",
  splitting: true,
  // For libraries that ask for modules by `require`. A Node that is too old has no such function, and is told so in main.
  banner: { js: 'const require = process.getBuiltinModule?.("node:module").createRequire(import.meta.url);' },
  format: "esm",
  define: { VALIDATE: JSON.stringify(`../chunk/${basename(validateFile.path)}`) },
  plugins: [lazyBuiltins, bundledLibraries],
});
const outputFiles = [{ path: validateFile.path, contents: inAscii(validateFile.text) }, ...otherFiles];
rmSync(`${root}.cache`, { recursive: true, force: true });
const files = [...outputFiles, { path: `${root}dist/THIRD-PARTY-NOTICES.txt`, contents: notices(metafile) }];
// What is loaded first comes last: whoever starts in between finds a whole build, the old or the new one.
for (const { path, contents } of files.toSorted((one, other) => isEntry(one.path) - isEntry(other.path))) {
  replaceFile(path, contents);
}
for (const name of readdirSync(`${root}dist/chunk`)) {
  const path = `${root}dist/chunk/${name}`;
  if (!files.some((file) => file.path === path)) rmSync(path);
}

if (process.argv.includes("--types")) {
  rmSync(`${root}dist/types`, { recursive: true, force: true });
  const { status } = spawnSync(`${root}node_modules/.bin/tsc`, ["-p", "tsconfig.types.json"], {
    cwd: root,
    stdio: "inherit",
  });
  process.exit(status ?? 1);
}

/** A text of these signs alone is read without decoding, and takes a byte a sign in memory. */
function inAscii(text) {
  return text.replaceAll(/[^\0-\x7f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function isEntry(path) {
  return Number(!path.startsWith(`${root}dist/chunk/`));
}

/** Puts a whole file in place, and touches none that has these contents: a second build of the same sources changes nothing. */
function replaceFile(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(Buffer.from(contents))) {
    utimesSync(path, new Date(), new Date());
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, contents, { mode: path.endsWith("cli/main.js") ? 0o755 : 0o644 });
  renameSync(`${path}.new`, path);
}

/** The licences of all libraries that were written into dist/, word by word. Throws for one that has none. */
function notices({ inputs }) {
  const folders = Object.keys(inputs).map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  const used = [...new Set(folders)].filter((folder) => folder !== undefined).sort();
  const parts = used.map((folder) => {
    const { name, version } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
    const file = readdirSync(root + folder).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${folder} has no file with its licence`);
    return `${name} ${version}\n\n${readFileSync(`${root}${folder}/${file}`, "utf8").trim()}\n`;
  });
  return `This package contains parts of the following libraries.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

// Builds dist/: `build.mjs` bundles the command and the library with esbuild (under a second),
// `build.mjs --types` writes the declarations too (used for packing).
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const entries = ["src/cli/main.ts", "src/index.ts"].filter((path) => existsSync(root + path));

rmSync(`${root}dist`, { recursive: true, force: true });

await build({
  absWorkingDir: root,
  entryPoints: entries,
  outdir: "dist",
  outbase: "src",
  chunkNames: "chunk/[name]-[hash]",
  bundle: true,
  splitting: true,
  // Our own files become few files that load fast; libraries stay where npm puts them, with their own licences.
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node22.13",
  charset: "utf8",
  logLevel: "warning",
});
chmodSync(`${root}dist/cli/main.js`, 0o755);

if (process.argv.includes("--types")) {
  const { status } = spawnSync(`${root}node_modules/.bin/tsc`, ["-p", "tsconfig.types.json"], {
    cwd: root,
    stdio: "inherit",
  });
  process.exit(status ?? 1);
}

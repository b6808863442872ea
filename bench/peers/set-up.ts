import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where the peers are: outside of what is packed, linted and committed. */
export const home = process.env["BENCH_PEERS"] ?? join(import.meta.dirname, "../.peers");

/** Their packages, exact versions; each has a folder of its own, so that one that cannot be installed is that one alone. */
const packages: { readonly [peer: string]: { readonly [name: string]: string } } = {
  langgraph: {
    "@langchain/langgraph": "1.7.3",
    "@langchain/langgraph-checkpoint-sqlite": "1.0.4",
    "@langchain/core": "1.4.0",
  },
  mastra: { "@mastra/core": "1.71.0", "@mastra/libsql": "1.23.1", zod: "4.1.12" },
  restate: {
    "@restatedev/restate-server": "1.7.12",
    "@restatedev/restate-sdk": "1.17.2",
    "@restatedev/restate-sdk-clients": "1.17.2",
  },
  bullmq: { bullmq: "6.7.0", ioredis: "6.0.0" },
  dbos: { "@dbos-inc/dbos-sdk": "5.3.0" },
  listr2: { listr2: "11.4.0" },
  wireit: { wireit: "0.14.13" },
  lobster: { "@clawdbot/lobster": "2026.9.13" },
  "p-limit": { "p-limit": "7.3.3" },
};

/** Programs of the system that peers need, and how Debian calls them. */
const programs: { readonly [peer: string]: { readonly of: string; readonly find: () => boolean } } = {
  bullmq: { of: "redis-server", find: () => runs("redis-server") },
  dbos: { of: "postgresql", find: () => postgresFolder() !== null },
  make: { of: "make", find: () => runs("make") },
  ninja: { of: "ninja-build", find: () => runs("ninja") },
};

/** The folder of PostgreSQL's programs; null = it is not installed. */
export function postgresFolder(): string | null {
  const { stdout } = spawnSync("sh", ["-c", "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1"], {
    encoding: "utf8",
  });
  return stdout.trim() === "" ? null : stdout.trim();
}

/** Installs a peer where it is not yet; gives why it cannot take part, null = it can. */
export function setUp(peer: string): string | null {
  const needed = programs[peer];
  if (needed !== undefined && !needed.find()) {
    const apt = spawnSync("apt-get", ["install", "-y", "--no-install-recommends", needed.of], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (apt.status !== 0 || !needed.find()) return `needs ${needed.of}, which is not installed`;
  }
  const wanted = packages[peer];
  if (wanted === undefined) return null;
  const folder = join(home, peer);
  const manifest = JSON.stringify({ private: true, type: "module", dependencies: wanted });
  const file = join(folder, "package.json");
  const done = join(folder, "installed");
  if (existsSync(done) && readFileSync(file, "utf8") === manifest) return null;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, manifest);
  const npm = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", "--legacy-peer-deps"], {
    cwd: folder,
    encoding: "utf8",
    // What is compiled is for this Node.
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` },
  });
  if (npm.status !== 0) return `cannot be installed: ${firstLine(npm.stderr)}`;
  writeFileSync(done, "");
  return null;
}

const runs = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;
const firstLine = (text: string): string => text.split("\n").find((line) => line.trim() !== "") ?? "no reason given";

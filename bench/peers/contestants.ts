import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inChild, inFolder, muster, timed } from "../rig/child.ts";
import type { CallsChild } from "../rig/calls-child.ts";
import type { EngineChild, EngineShape } from "../rig/engine-child.ts";
import { home } from "./set-up.ts";

/** What is the same for all: no-ops, so that orchestration alone is measured, and calls of a model that takes 100 ms. */
export type PeerWork = "chain" | "fan" | "layers" | "calls" | "processes";

export interface Servers {
  /** The fake model server. */
  readonly url: string;
  readonly postgres: string | null;
  readonly redis: number | null;
}

/** Somebody who can do some of the works. */
export interface Contestant {
  readonly name: string;
  /** What it keeps, and how durable that is. */
  readonly keeps: string;
  /** The name that its set-up knows; null = nothing is to be set up. */
  readonly peer: string | null;
  /** The works that it can do, with a size that takes it seconds; a rate is told, so sizes may differ. */
  readonly sizes: { readonly [work in PeerWork]?: number };
  /** Milliseconds. */
  run(work: PeerWork, size: number, servers: Servers): Promise<number>;
}

/** A program in `program/` in a process of its own. */
function program(name: string, keeps: string, sizes: Contestant["sizes"], peer = name, file = peer): Contestant {
  return {
    name,
    keeps,
    peer,
    sizes,
    run(work, size, servers) {
      const told = JSON.stringify({ home, work, size, ...servers });
      const script = join(import.meta.dirname, "program", `${file}.mjs`);
      const { status, stdout, stderr } = spawnSync(nodeOf(peer), ["--no-warnings", script, told], {
        encoding: "utf8",
        timeout: 600_000,
      });
      if (status !== 0) throw new Error(`${name} ${work} ended with ${String(status)}: ${stderr.slice(0, 500)}`);
      const last = stdout.trimEnd().split("\n").at(-1) ?? "";
      return Promise.resolve((JSON.parse(last) as { readonly ms: number }).ms);
    },
  };
}

/**
 * The Node that a peer's compiled parts are for: this one, or that of the system, whose headers they are compiled with where
 * no others can be had.
 */
function nodeOf(peer: string): string {
  if (peer !== "langgraph") return process.execPath;
  const opens = `new (require("better-sqlite3"))(":memory:")`;
  const { status } = spawnSync(process.execPath, ["-e", opens], { cwd: join(home, peer) });
  return status === 0 ? process.execPath : "/usr/bin/node";
}

/** A command that runs so many programs `true` by a file that it reads. */
function runner(
  name: string,
  size: number,
  peer: string | null,
  file: (size: number) => { readonly name: string; readonly text: string },
  command: readonly [string, ...string[]],
): Contestant {
  return {
    name,
    keeps: "nothing",
    peer,
    sizes: { processes: size },
    run: (_, count) =>
      inFolder((folder) => {
        mkdirSync(folder, { recursive: true });
        const written = file(count);
        writeFileSync(join(folder, written.name), written.text);
        // Commands of npm are looked for there.
        if (peer !== null) symlinkSync(join(home, peer, "node_modules"), join(folder, "node_modules"));
        const from = performance.now();
        const [first, ...rest] = command;
        const { status, stderr } = spawnSync(first, rest, { cwd: folder, encoding: "utf8", timeout: 600_000 });
        if (status !== 0) throw new Error(`${name} ended with ${String(status)}: ${stderr.slice(0, 500)}`);
        return Promise.resolve(performance.now() - from);
      }),
  };
}

const itself: Contestant = {
  name: "Muster",
  keeps: "SQLite, a commit before each effect",
  peer: null,
  sizes: { chain: 2000, fan: 10_000, layers: 10_000, calls: 200, processes: 1000 },
  async run(work, size) {
    if (work === "calls")
      return (await inChild<CallsChild>("rig/calls-child.ts", { calls: size, concurrency: 20, delayMs: 100 })).ms;
    if (work === "processes")
      return inFolder(async (folder) => {
        const list = JSON.stringify(Array.from({ length: size }, (_, index) => index));
        const text = `muster: 1\nname: processes\nsteps:\n  each: { for_each: ${list}, run: ["true"] }\n`;
        writeFileSync(join(folder, "processes.yaml"), text);
        return (await timed([muster, "run", "processes.yaml"], { cwd: folder })).ms;
      });
    return (await inChild<EngineChild>("rig/engine-child.ts", shapeOf(work, size))).ms;
  },
};

function shapeOf(work: "chain" | "fan" | "layers", size: number): EngineShape {
  if (work === "chain") return { kind: "chain", steps: size };
  if (work === "fan") return { kind: "fan", items: size, concurrency: 64 };
  return { kind: "layers", count: size / 100, width: 100, concurrency: 100 };
}

const bin = (peer: string, name: string): string => join(home, peer, "node_modules/.bin", name);
const lines = (size: number, line: (index: number) => string): string =>
  Array.from({ length: size }, (_, index) => line(index)).join("\n");

export const contestants: readonly Contestant[] = [
  itself,
  program(
    "floor",
    "chain: a line and an fdatasync a step; fan: SQLite in groups of 64",
    { chain: 2000, fan: 10_000, calls: 200 },
    "p-limit",
    "floor",
  ),
  program("Restate", "its own log", { chain: 500, fan: 1000, layers: 1000, calls: 200 }, "restate"),
  program("DBOS", "PostgreSQL", { chain: 500, fan: 1000, layers: 1000, calls: 200 }, "dbos"),
  program("BullMQ", "Redis, AOF always", { chain: 1000, fan: 2000, calls: 200 }, "bullmq"),
  program("LangGraph", "SQLite", { chain: 200, fan: 500, layers: 200, calls: 200 }, "langgraph"),
  program("Mastra", "libSQL", { chain: 50, fan: 500, calls: 200 }, "mastra"),
  program("listr2", "nothing", { processes: 1000 }),
  runner(
    "make",
    1000,
    "make",
    (size) => ({
      name: "Makefile",
      text: `all: ${lines(size, (i) => `t${i}`).replaceAll("\n", " ")}\n${lines(size, (i) => `t${i}:\n\t@true`)}\n`,
    }),
    ["make", "-s", "-j8"],
  ),
  runner(
    "ninja",
    1000,
    "ninja",
    (size) => ({ name: "build.ninja", text: `rule t\n  command = true\n${lines(size, (i) => `build t${i}: t`)}\n` }),
    ["ninja", "--quiet", "-j8"],
  ),
  runner("wireit", 100, "wireit", (size) => ({ name: "package.json", text: wireitFile(size) }), [
    "npm",
    "run",
    "--silent",
    "all",
  ]),
  runner(
    "lobster",
    50,
    "lobster",
    (size) => ({
      name: "w.lobster",
      text: `name: w\nsteps:\n${lines(size, (i) => `  - id: t${i}\n    command: "true"`)}\n`,
    }),
    [bin("lobster", "lobster"), "run", "--file", "w.lobster"],
  ),
];

/** Scripts that one script waits for; started as npm does it. */
function wireitFile(size: number): string {
  const scripts = Object.fromEntries(Array.from({ length: size }, (_, i) => [`t${i}`, "wireit"]));
  const wireit = Object.fromEntries(Array.from({ length: size }, (_, i) => [`t${i}`, { command: "true" }]));
  return JSON.stringify({
    name: "w",
    scripts: { ...scripts, all: "wireit" },
    wireit: { ...wireit, all: { dependencies: Object.keys(scripts) } },
  });
}

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The command as it was built. */
export const muster = resolve(import.meta.dirname, "../../dist/cli/main.js");

export interface Timed {
  /** From spawn to the end. */
  readonly ms: number;
  /** From spawn until stdout had `until`; null when it never had. */
  readonly untilMs: number | null;
}

/** Runs Node to its end. Throws, with what stderr says, when it does not exit with 0. */
export async function timed(
  args: readonly string[],
  options: { readonly cwd?: string; readonly until?: string } = {},
): Promise<Timed> {
  const from = performance.now();
  const child = spawn(process.execPath, args, { cwd: options.cwd ?? tmpdir(), stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr, untilMs] = ["", "", null as number | null];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (options.until === undefined || untilMs !== null) return;
    stdout += text;
    if (stdout.includes(options.until)) untilMs = performance.now() - from;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number | null>((done, reject) => child.once("error", reject).once("close", done));
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}:\n${stderr}`);
  return { ms: performance.now() - from, untilMs };
}

/** Calls a module of the bench in a process of its own, with a clean heap: it prints its result as JSON. */
export async function inChild<T>(module: string, argument: unknown): Promise<T> {
  const child = spawn(
    process.execPath,
    ["--expose-gc", resolve(import.meta.dirname, "..", module), JSON.stringify(argument)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const code = await new Promise<number | null>((done, reject) => child.once("error", reject).once("close", done));
  if (code !== 0) throw new Error(`${module} ended with ${code}`);
  return JSON.parse(stdout) as T;
}

/** A folder for the length of a work. BENCH_DIR says on which disk; default: that of temporary files. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "muster-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

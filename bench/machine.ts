import { execFileSync } from "node:child_process";
import { cpus, release, totalmem, type } from "node:os";

/** The machine and the versions that the figures belong to: nothing that tells whose machine it is. */
export function machine(): string {
  const cores = cpus();
  const memoryGiB = Math.round(totalmem() / 1024 ** 3);
  return [
    `${cores.length} cores (${cores[0]?.model.trim() ?? "unknown"}), ${memoryGiB} GiB`,
    `${type()} ${release()}`,
    `Node.js ${process.version}`,
    `Muster ${revision()}`,
  ].join("; ");
}

function revision(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  } catch {
    return "without git";
  }
}

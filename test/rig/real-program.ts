import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A program from the npm registry that is too large to be a dependency of ours. */
export interface RealProgram {
  /** The folder in which it was installed. */
  readonly folder: string;
  /** Absolute path of its script or binary. */
  readonly path: string;
}

/**
 * A program of a package, where MUSTER_TEST_PROGRAMS names the folder in which it was installed by npm; null = no folder is
 * named, which is said aloud. Where one is (as CI has it), a missing program is a failure and not a reason to skip.
 */
export function realProgram(packageName: string, bin: string): RealProgram | null {
  const folder = process.env["MUSTER_TEST_PROGRAMS"] ?? "";
  if (folder === "") {
    process.stderr.write(`skipped: tests with the real ${packageName} (MUSTER_TEST_PROGRAMS names no folder)\n`);
    return null;
  }
  const root = join(folder, "node_modules", packageName);
  if (!existsSync(root)) throw new Error(`MUSTER_TEST_PROGRAMS has no ${packageName}: npm install it in ${folder}`);
  const { bin: bins = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly bin?: { readonly [name: string]: string };
  };
  return { folder, path: join(root, bins[bin] ?? "") };
}

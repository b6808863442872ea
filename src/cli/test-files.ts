import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { isTestFile } from "../testing/read.ts";
import { UsageError } from "./exit-code.ts";
import { unreadable } from "./workflow.ts";

/**
 * The test files under the paths (default: `workflows/`, if it is there), sorted: a test file that is named, that of a
 * manifest that is named, or each below a folder. UsageError for a path that is not there.
 */
export async function testFiles(cwd: string, paths: readonly string[]): Promise<readonly string[]> {
  const given = paths.length > 0 ? paths : existsSync(resolve(cwd, "workflows")) ? ["workflows"] : [];
  const found = new Set<string>();
  for (const path of given) for (const file of await filesOf(cwd, path)) found.add(file);
  return [...found].sort();
}

async function filesOf(cwd: string, path: string): Promise<readonly string[]> {
  const absolute = resolve(cwd, path);
  try {
    if (statSync(absolute).isDirectory()) {
      const entries = await readdir(absolute, { recursive: true });
      return entries
        .filter((entry) => isTestFile(entry) && !entry.split(sep).includes("node_modules"))
        .map((entry) => relative(cwd, join(absolute, entry)));
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  if (isTestFile(path)) return [path];
  const beside = path.replace(/\.(ya?ml)$/, ".test.$1");
  if (beside !== path && existsSync(resolve(cwd, beside))) return [beside];
  throw new UsageError(`${path} has no tests: they stand beside it in ${beside === path ? "NAME.test.yaml" : beside}`);
}

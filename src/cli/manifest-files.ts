import { statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import pLimit from "p-limit";
import { UsageError } from "./exit-code.ts";
import { unreadable } from "./workflow.ts";

/**
 * Every manifest under the paths (default: `workflows/`): a file that is named, or each `.yaml`/`.yml` below a folder
 * that says `muster:`. UsageError when there is none.
 */
export async function manifestFiles(cwd: string, given: readonly string[]): Promise<readonly string[]> {
  const paths = given.length === 0 ? ["workflows"] : given;
  const files = new Set<string>();
  for (const path of paths) {
    const absolute = resolve(cwd, path);
    try {
      if (!statSync(absolute).isDirectory()) {
        files.add(path);
        continue;
      }
      for (const file of await manifestsBelow(absolute)) files.add(relative(cwd, file));
    } catch (error) {
      throw unreadable(path, error);
    }
  }
  if (files.size === 0) throw new UsageError(`there is no workflow under ${paths.join(", ")}`);
  return [...files].sort();
}

/** Files read at once while looking for manifests. */
const READS_AT_ONCE = 16;

/** Absolute paths of the manifests that a path leads to: itself, those below it, or none where there is nothing. */
export async function manifestsUnder(path: string): Promise<readonly string[]> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  return stat.isDirectory() ? manifestsBelow(path) : [path];
}

async function manifestsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(
      (entry) =>
        entry.isFile() &&
        /\.ya?ml$/.test(entry.name) &&
        // A folder of packages is looked into only when it is named itself.
        !relative(folder, entry.parentPath).split(sep).includes("node_modules"),
    )
    .map((entry) => join(entry.parentPath, entry.name));
  const limit = pLimit(READS_AT_ONCE);
  const areManifests = await Promise.all(
    files.map((file) => limit(async () => isManifest(await readFile(file, "utf8")))),
  );
  return files.filter((_, index) => areManifests[index]);
}

/** The key `muster` at the top marks a manifest among other YAML files. */
export function isManifest(text: string): boolean {
  return /^["']?muster["']?\s*:/m.test(text);
}

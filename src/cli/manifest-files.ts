import { readdirSync, realpathSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import pLimit from "p-limit";
import { isManifest, isYamlName } from "../manifest/is-manifest.ts";
import { nearest } from "../util/project.ts";
import { UsageError } from "./exit-code.ts";
import { filesBelow, type LinkedTree } from "./linked-files.ts";
import { unreadable } from "./workflow.ts";

/**
 * Every manifest under the paths (default: `workflows/`): a file that is named, or each `.yaml`/`.yml` below a folder
 * that has the key `muster`. UsageError when there is none, and for a link that leads out of the repository.
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
      const { manifests, lost } = await manifestsUnder(absolute);
      const link = lost.find(isLostManifest);
      if (link !== undefined) throw lostLink(relative(cwd, link));
      for (const file of manifests) files.add(relative(cwd, file));
    } catch (error) {
      throw error instanceof UsageError ? error : unreadable(path, error);
    }
  }
  if (files.size === 0) throw new UsageError(`there is no workflow under ${paths.join(", ")}`);
  return [...files].sort();
}

/** Whether a link that cannot be followed may have been meant for a manifest: not so the locks that Emacs makes. */
export function isLostManifest(path: string): boolean {
  return isYamlName(path) && !/(?:^|[\\/])\.#[^\\/]*$/.test(path);
}

/** `lostManifest`: the one that was there, where it is not the link itself. */
export function lostLink(link: string, lostManifest = link): UsageError {
  const what = lostManifest === link ? "it" : lostManifest;
  return new UsageError(
    `${link} is a link that leads out of the repository or nowhere, so ${what} cannot be looked at: put a file in its place, or take it away`,
  );
}

/** Files read at once while looking for manifests. */
const READS_AT_ONCE = 16;

/** The manifests that a path leads to, as absolute paths. */
export interface FoundManifests {
  /** The path itself, those below it, or none where there is nothing. */
  readonly manifests: readonly string[];
  /** Links below it that lead out of the repository, or nowhere. */
  readonly lost: readonly string[];
}

export async function manifestsUnder(path: string): Promise<FoundManifests> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { manifests: [], lost: [] };
  if (!stat.isDirectory()) return { manifests: [path], lost: [] };
  const real = realpathSync(path);
  const root = realpathSync(nearest(real, [".git", ".muster"]) ?? real);
  const inside = slashed(relative(root, real));
  const { files, lost } = filesBelow(workingTree(root), [inside]);
  // The folder is called as it was given, whatever links led to it.
  const called = (file: string): string => join(path, relative(inside, file));
  const yaml = [...files.keys()].filter(isYamlName);
  const limit = pLimit(READS_AT_ONCE);
  const areManifests = await Promise.all(
    yaml.map((file) => limit(async () => isManifest(await readFile(join(root, file), "utf8")))),
  );
  return { manifests: yaml.filter((_, index) => areManifests[index]).map(called), lost: lost.map(called) };
}

function workingTree(root: string): LinkedTree {
  return {
    list(folder) {
      const top = join(root, folder);
      // A folder of packages is looked into only when it is named itself.
      const entries = readdirSync(top, { recursive: true, withFileTypes: true }).filter(
        ({ parentPath, name }) => ![...relative(top, parentPath).split(sep), name].includes("node_modules"),
      );
      const paths = (kept: typeof entries): string[] =>
        kept.map(({ parentPath, name }) => slashed(relative(root, join(parentPath, name))));
      return {
        files: paths(entries.filter((entry) => entry.isFile())),
        links: paths(entries.filter((entry) => entry.isSymbolicLink())),
      };
    },
    follow(path) {
      const real = realPath(join(root, path));
      if (real === null || !isInside(real, root)) return null;
      const stat = statSync(real);
      const kind = stat.isDirectory() ? "folder" : stat.isFile() ? "file" : null;
      return kind === null ? null : { kind, path: slashed(relative(root, real)) };
    },
  };
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    // It leads nowhere, in circles, or where we may not look.
    return null;
  }
}

function isInside(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function slashed(path: string): string {
  return path.split(sep).join("/");
}

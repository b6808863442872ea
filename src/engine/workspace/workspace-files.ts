import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { globSync } from "tinyglobby";
import { plainPath } from "../../plan/file-pattern.ts";
import { err, ok, type Result } from "../../util/result.ts";

/** A step may read, and leave behind, so many files: more are a mistake in a pattern. */
export const MOST_FILES = 10_000;

const LEFT_OUT = ["**/.git/**", "**/.muster/**", "**/node_modules/**", "**/.muster-draft-*"];
const CHUNK_BYTES = 1024 * 1024;

/**
 * Files of a folder that a path stands for, relative to it, with `/`, sorted: the file itself, all files in a folder, or
 * what a glob matches (no names that begin with a dot). Nothing of `.git`, `.muster` and `node_modules`, no links. A file
 * or folder that is not there gives none. The error is a sentence.
 */
export function findFiles(root: string, path: string, isGlob: boolean): Result<readonly string[], string> {
  const plain = plainPath(path);
  try {
    if (isGlob) return listed(root, plain, false, path);
    const problem = linkOnTheWay(root, plain);
    if (problem !== null) return err(problem);
    const found = lstatSync(join(root, plain), { throwIfNoEntry: false });
    if (found === undefined) return ok([]);
    if (found.isDirectory()) return listed(join(root, plain), "**", true, path, `${plain}/`);
    if (!found.isFile()) return err(`'${path}' is neither a file nor a folder`);
    if (path.endsWith("/")) return err(`'${path}' is a file, and not a folder`);
    return ok([plain]);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOTDIR" ? ok([]) : err(`'${path}' cannot be looked at: ${message}`);
  }
}

function listed(
  cwd: string,
  pattern: string,
  dot: boolean,
  path: string,
  prefix = "",
): Result<readonly string[], string> {
  const options = { cwd, ignore: LEFT_OUT, dot, followSymbolicLinks: false, expandDirectories: false };
  const names = globSync(pattern, options).sort();
  if (names.length > MOST_FILES)
    return err(`'${path}' stands for ${names.length} files, and ${MOST_FILES} is the most that one step may name`);
  const link = names.find((name) => lstatSync(join(cwd, name)).isSymbolicLink());
  if (link !== undefined) return err(`'${prefix}${link}' is a link, and links are not followed`);
  const outside = names.find((name) => !isInside(cwd, join(cwd, name)));
  if (outside !== undefined) return err(`'${prefix}${outside}' lies behind a link`);
  return ok(names.map((name) => `${prefix}${name}`));
}

function isInside(root: string, path: string): boolean {
  return realpathSync(path).startsWith(realpathSync(root) + sep);
}

/** Why a path must not be used because one of its parts is a link; null where none is. A part may be missing. */
export function linkOnTheWay(root: string, path: string): string | null {
  let at = root;
  for (const part of path.split("/")) {
    at = join(at, part);
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined) return null;
    if (found.isSymbolicLink()) return `'${path}' leads through the link '${part}', and links are not followed`;
  }
  return null;
}

/** SHA-256 of a file of a folder; the error is a sentence. Reads it piece by piece. */
export function digestOf(root: string, path: string): Result<string, string> {
  const problem = linkOnTheWay(root, path);
  if (problem !== null) return err(problem);
  try {
    const file = openSync(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      if (!fstatSync(file).isFile()) return err(`'${path}' is no file`);
      const hash = createHash("sha256");
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk))
        hash.update(chunk.subarray(0, bytes));
      return ok(hash.digest("hex"));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return err(`'${path}' cannot be read: ${(error as Error).message}`);
  }
}

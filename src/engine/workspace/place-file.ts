import { randomUUID } from "node:crypto";
import { constants, mkdirSync } from "node:fs";
import { chmod, copyFile, lstat, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Artifact } from "../../run/artifact.ts";
import { digestOfFile } from "./content-folder.ts";
import { linkOnTheWay } from "./workspace-files.ts";

/** A file that cannot be put where it belongs; the message is a sentence. */
export class CannotPlace extends Error {
  override readonly name = "CannotPlace";
}

/** What is put into a folder: a content that was verified, under a path that was checked. */
export type PlacedFile = Pick<Artifact, "path" | "executable"> & Partial<Pick<Artifact, "bytes" | "sha256">>;

/**
 * Puts a file into a folder: written aside, then given its name, so that nobody sees half of it. What was there under
 * its name goes, unless it is the same. Throws CannotPlace, or the system's error.
 */
export async function placeFile(root: string, file: PlacedFile, source: string): Promise<void> {
  const { path, bytes, sha256, executable = false } = file;
  const target = join(root, path);
  if (path.includes("/")) mkdirSafely(root, dirname(path));
  const there = await lstat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (there?.isDirectory() === true) throw new CannotPlace(`'${path}' is a folder here, and must become a file`);
  const isSame =
    there?.isFile() === true && there.size === bytes && sha256 !== undefined && (await digestOfFile(target)) === sha256;
  const mode = executable ? 0o755 : 0o644;
  if (isSame) {
    if (executable) await chmod(target, mode);
    return;
  }
  const draft = join(dirname(target), `.muster-draft-${randomUUID()}`);
  try {
    await copyFile(source, draft, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await chmod(draft, mode);
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Makes the folders of a path; none of them may be a link. */
export function mkdirSafely(root: string, path: string): void {
  const problem = linkOnTheWay(root, path);
  if (problem !== null) throw new CannotPlace(problem);
  mkdirSync(join(root, path), { recursive: true });
}

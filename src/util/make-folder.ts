import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder with those around it that are missing; gives the outermost that it made, or undefined. As `mkdirSync`
 * with `recursive`, which never comes back where the system answers "no such file" to making a folder, as in /proc.
 * Throws the system's error.
 */
export function makeFolder(path: string, mode = 0o777): string | undefined {
  try {
    mkdirSync(path, { mode });
    return path;
  } catch (error) {
    // It is there, or somebody has made it meanwhile.
    if (isFolder(path)) return undefined;
    const around = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || around === path || isFolder(around)) throw error;
    const first = makeFolder(around, mode);
    return makeInside(path, mode) ? (first ?? path) : first;
  }
}

/** False where somebody else has made it. */
function makeInside(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (isFolder(path)) return false;
    throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

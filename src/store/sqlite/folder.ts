import { closeSync, fsyncSync, openSync } from "node:fs";
import { platform } from "node:os";
import { dirname } from "node:path";
import { makeFolder } from "../../util/make-folder.ts";

/** Makes a folder that only its owner can enter, with the folders above it; durable. An existing one stays as it is. */
export function makePrivateFolder(path: string): void {
  const first = makeFolder(path, 0o700);
  if (first === undefined) return;
  // Each new name must be synced in the folder that holds it, up to where the new ones begin.
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    syncFolder(folder);
    if (folder === dirname(first)) return;
  }
}

/** Makes the names in a folder durable. Windows does it by itself and has no call for it. */
export function syncFolder(path: string): void {
  if (platform() === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../util/digest.ts";
import type { Store } from "../store.ts";
import { storeError, toStoreError } from "./error.ts";
import { makePrivateFolder, syncFolder } from "./folder.ts";

/** Blobs as files `ab/cdef...` in a folder, each named by its SHA-256. */
export function blobFolder(folder: string): Pick<Store, "putBlob" | "getBlob"> {
  const fileOf = (name: string) => ({
    parent: join(folder, name.slice(0, 2)),
    path: join(folder, name.slice(0, 2), name.slice(2)),
  });
  return {
    putBlob(bytes) {
      const name = sha256(bytes);
      const { parent, path } = fileOf(name);
      try {
        // A damaged blob is replaced: storing it again mends it.
        if (readIfThere(path, name) === "sound") {
          // Whoever wrote it may have died before its name was durable.
          syncFolder(parent);
          return name;
        }
        makePrivateFolder(parent);
        replaceFile(path, bytes);
        syncFolder(parent);
        return name;
      } catch (error) {
        throw toStoreError(error, path);
      }
    },
    getBlob(name) {
      if (!/^[0-9a-f]{64}$/.test(name)) throw storeError("corrupt", folder, `'${name}' is not the name of a blob`);
      const { path } = fileOf(name);
      try {
        const bytes = readFileSync(path);
        if (sha256(bytes) === name) return bytes;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw toStoreError(error, path);
        throw storeError("corrupt", path, `the blob ${name} is missing`, error);
      }
      throw storeError("corrupt", path, `its content does not match its SHA-256 ${name}`);
    },
  };
}

function readIfThere(path: string, name: string): "sound" | "damaged" | "missing" {
  try {
    return sha256(readFileSync(path)) === name ? "sound" : "damaged";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
}

/** Written aside, synced, then renamed: under its name a file is whole or not there, after a power loss too. */
function replaceFile(path: string, bytes: Uint8Array): void {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = openSync(draft, "wx", 0o600);
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  futimesSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../util/clock.ts";
import { sha256 } from "../../util/digest.ts";
import type { Store } from "../store.ts";
import { storeError, toStoreError } from "./error.ts";
import { makePrivateFolder, syncFolder } from "./folder.ts";

/** A file in the folder of blobs. */
export interface BlobFile {
  /** null for a draft that was never given its name. */
  readonly name: string | null;
  readonly path: string;
  readonly bytes: number;
  /** When it was last stored, milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** Blobs, and what it takes to clear them away. */
export interface BlobFolder extends Pick<Store, "putBlob" | "getBlob"> {
  /** Every blob and draft; other files are left alone. */
  list(): BlobFile[];
  /** Names that stand in a blob by this pattern's first group; none when it is not there. */
  namesIn(name: string, pattern: RegExp): string[];
  remove(file: BlobFile): void;
}

/** Blobs as files `ab/cdef...` in a folder, each named by its SHA-256. */
export function blobFolder(folder: string, clock: Clock): BlobFolder {
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
          // It is about to be named again: whoever clears up must leave it alone.
          const now = new Date(clock.now());
          utimesSync(path, now, now);
          // Whoever wrote it may have died before its name was durable.
          syncFolder(parent);
          return name;
        }
        makePrivateFolder(parent);
        replaceFile(path, bytes, new Date(clock.now()));
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
    list: () => guarded(folder, () => subfolders(folder).flatMap(filesOf)),
    namesIn: (name, pattern) =>
      guarded(folder, () => {
        try {
          return [...readFileSync(fileOf(name).path, "latin1").matchAll(pattern)].map(([, inner = ""]) => inner);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
          throw error;
        }
      }),
    remove: ({ path }) => guarded(folder, () => rmSync(path, { force: true })),
  };
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStoreError(error, path);
  }
}

function subfolders(folder: string): { readonly path: string; readonly start: string }[] {
  try {
    const names = readdirSync(folder).filter((name) => /^[0-9a-f]{2}$/.test(name));
    return names.sort().map((start) => ({ path: join(folder, start), start }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** `cdef...`, or `cdef....UUID` for a draft. */
function filesOf({ path: parent, start }: { readonly path: string; readonly start: string }): BlobFile[] {
  return readdirSync(parent)
    .sort()
    .flatMap((file) => {
      const [, rest, draft] = /^([0-9a-f]{62})(\.[0-9a-f-]{36})?$/.exec(file) ?? [];
      if (rest === undefined) return [];
      const path = join(parent, file);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined || !found.isFile()) return [];
      return [{ name: draft === undefined ? start + rest : null, path, bytes: found.size, modifiedAt: found.mtimeMs }];
    });
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
function replaceFile(path: string, bytes: Uint8Array, now: Date): void {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = openSync(draft, "wx", 0o600);
    try {
      writeFileSync(file, bytes);
      futimesSync(file, now, now);
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

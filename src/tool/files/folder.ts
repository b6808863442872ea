import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
  type Dirent,
} from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../util/digest.ts";

/** A larger file is no text for a model. Bytes. */
export const LARGEST_FILE = 16 * 1024 * 1024;

/** Names that no tool opens, wherever they stand: what is in them decides what others run. */
const closed: ReadonlySet<string> = new Set([".git", ".muster"]);

/** What is wrong with a path, or with what is there; the message is for the model. */
export class FileProblem extends Error {
  override name = "FileProblem";
}

/** A regular file as it was at one moment. */
export interface FoundFile {
  readonly content: Buffer;
  readonly sha256: string;
  readonly mode: number;
}

/**
 * The files of a folder, and nothing outside of it. No link is followed, and no part of a path is looked up twice: each
 * folder on the way is opened as it is found, and the next name is looked up in what was opened (by `/proc/self/fd`,
 * where there is one), so that a link that is put there meanwhile leads nowhere. All throw FileProblem.
 */
export class Folder {
  readonly #root: string;

  /** `root` is an absolute path; the links in it are followed, once. */
  constructor(root: string) {
    this.#root = root;
  }

  read(path: string): FoundFile {
    return this.#at(path, false, (at, name) => {
      const file = this.#openFile(at, name, path);
      if (file === null) throw new FileProblem(`there is no file '${path}'`);
      return file;
    });
  }

  /**
   * Puts a content where a path leads, whole or not at all; `expect` is the digest of what must be there, null =
   * nothing. Answers false, and changes nothing, when something else is there.
   */
  replace(path: string, content: string, expect: string | null): boolean {
    return this.#at(path, true, (at, name) => {
      const before = this.#openFile(at, name, path);
      if ((before?.sha256 ?? null) !== expect) return false;
      const draft = join(at, `.muster-draft-${randomUUID()}`);
      try {
        const file = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, before?.mode ?? 0o644);
        try {
          const bytes = Buffer.from(content);
          for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(draft, join(at, name));
      } finally {
        rmSync(draft, { force: true });
      }
      return true;
    });
  }

  /** What is in a folder, sorted by name, without what is closed. */
  list(path: string): readonly Dirent[] {
    const parts = partsOf(path);
    return this.#walk(parts, path, false, (at) =>
      readdirSync(at, { withFileTypes: true })
        .filter(({ name }) => !closed.has(name))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }

  #at<Value>(path: string, make: boolean, use: (at: string, name: string) => Value): Value {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) throw new FileProblem(`'${path}' is the folder itself, not a file in it`);
    return this.#walk(parts, path, make, (at) => use(at, name));
  }

  #walk<Value>(parts: readonly string[], path: string, make: boolean, use: (at: string) => Value): Value {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY;
    const open: number[] = [];
    try {
      let fd = openSync(this.#root, flags);
      open.push(fd);
      let plain = this.#root;
      for (const part of parts) {
        const at = handlePath(fd, plain);
        const next = join(at, part);
        if (make && lstatSync(next, { throwIfNoEntry: false }) === undefined) mkdirSync(next);
        fd = openSync(next, flags | constants.O_NOFOLLOW);
        open.push(fd);
        plain = join(plain, part);
      }
      return use(handlePath(fd, plain));
    } catch (error) {
      throw problemOf(error, path);
    } finally {
      for (const fd of open) closeSync(fd);
    }
  }

  /** null = there is nothing. */
  #openFile(at: string, name: string, path: string): FoundFile | null {
    const target = join(at, name);
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (found === undefined) return null;
    if (found.isDirectory()) throw new FileProblem(`'${path}' is a folder`);
    // Not opened at all: a pipe would be waited for, a device might do something.
    if (!found.isFile() && !found.isSymbolicLink()) throw new FileProblem(`'${path}' is no regular file`);
    const file = openSync(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size, mode } = fstatSync(file);
      if (!fstatSync(file).isFile()) throw new FileProblem(`'${path}' is no regular file`);
      if (size > LARGEST_FILE) throw new FileProblem(`'${path}' is larger than ${LARGEST_FILE / 1024 ** 2} MiB`);
      const content = readWhole(file);
      return { content, sha256: sha256(content), mode: mode & 0o777 };
    } finally {
      closeSync(file);
    }
  }
}

/** The names on the way to a path of the workspace. Throws FileProblem for one that leads elsewhere. */
export function partsOf(path: string): string[] {
  if (path.includes("\0")) throw new FileProblem("a path has no NUL in it");
  if (path.startsWith("/")) throw new FileProblem(`'${path}' is absolute: paths are relative to the workspace`);
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new FileProblem(`'${path}' leaves the workspace`);
  const refusedPart = parts.find((part) => closed.has(part.toLowerCase()));
  if (refusedPart !== undefined) throw new FileProblem(`'${refusedPart}' is not open to tools`);
  return parts;
}

/** How an open folder is named so that names are looked up in it, whatever its path leads to by now. */
function handlePath(fd: number, path: string): string {
  const handle = `/proc/self/fd/${fd}`;
  return existsSync(handle) ? handle : path;
}

function readWhole(file: number): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(256 * 1024);
    const bytes = readSync(file, chunk);
    if (bytes === 0) return Buffer.concat(chunks);
    total += bytes;
    if (total > LARGEST_FILE) throw new FileProblem("the file grew while it was read");
    chunks.push(chunk.subarray(0, bytes));
  }
}

function problemOf(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof FileProblem) return error;
  switch (code) {
    case "ENOENT":
      return new FileProblem(`there is no '${path}'`);
    case "ELOOP":
      return new FileProblem(`'${path}' leads through a link, and links are not followed`);
    case "ENOTDIR":
      return new FileProblem(`'${path}' leads through something that is no folder, or a link, which is not followed`);
    case "EACCES":
    case "EPERM":
      return new FileProblem(`'${path}' is not open to this user`);
    case undefined:
      return error;
    default:
      return new FileProblem(`'${path}' cannot be used: ${message.replace(/\/proc\/self\/fd\/\d+/g, ".")}`);
  }
}

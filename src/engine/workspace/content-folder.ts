import { createHash, randomUUID } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, link, mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";

/** Content that does not match its name, or is not there. */
export class DamagedContent extends Error {
  override readonly name = "DamagedContent";
}

/** What a stream of content came to. */
export interface Kept {
  readonly sha256: string;
  readonly bytes: number;
}

/** Looks at content on its way: throws to refuse it. */
export interface Watcher {
  see(chunk: Uint8Array): void;
}

/** A stream of bytes: a `Readable`, said without it, for declarations that need no types of Node. */
export interface ByteSource extends AsyncIterable<Uint8Array> {
  destroy(error?: Error): unknown;
}

/**
 * Contents of files, each once, as `ab/cdef...` under their SHA-256. Everything streams: a file is never in memory as
 * a whole. Under its name a content is whole or not there, after a power loss too. Throws the system's errors.
 */
export class ContentFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where a content lies, or would lie. */
  pathOf(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256.slice(2));
  }

  /** Keeps what a source gives; durable when it settles. */
  async keep(source: ByteSource, watcher?: Watcher, signal?: AbortSignal): Promise<Kept> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const draft = join(this.#folder, `draft-${randomUUID()}`);
    const file = await open(draft, "wx", 0o600);
    try {
      const hash = createHash("sha256");
      let bytes = 0;
      if (signal !== undefined) addAbortSignal(signal, source as Readable);
      for await (const chunk of source) {
        watcher?.see(chunk);
        hash.update(chunk);
        bytes += chunk.length;
        await writeAll(file, chunk);
      }
      await file.sync();
      await file.close();
      const sha256 = hash.digest("hex");
      await this.#giveName(draft, sha256);
      return { sha256, bytes };
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** Takes a content over from another folder, without a copy where the disk allows it. */
  async take(from: ContentFolder, { sha256, bytes }: Kept): Promise<void> {
    if (await this.isSound(sha256, bytes)) return;
    await from.verify(sha256, bytes);
    const draft = join(this.#folder, `draft-${randomUUID()}`);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    try {
      await link(from.pathOf(sha256), draft).catch(() =>
        copyFile(from.pathOf(sha256), draft, constants.COPYFILE_FICLONE),
      );
      await this.#giveName(draft, sha256);
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** True when the content is there and whole; it counts as used now. */
  async isSound(sha256: string, bytes: number): Promise<boolean> {
    try {
      await this.verify(sha256, bytes);
      const now = new Date();
      await utimes(this.pathOf(sha256), now, now);
      return true;
    } catch (error) {
      if (error instanceof DamagedContent) return false;
      throw error;
    }
  }

  /** DamagedContent when it is not what its name says. */
  async verify(sha256: string, bytes: number): Promise<void> {
    const path = this.pathOf(sha256);
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") throw new DamagedContent(`${path} is not there`);
      throw error;
    });
    if (found.size !== bytes) throw new DamagedContent(`${path} has ${found.size} bytes, not ${bytes}`);
    if ((await digestOfFile(path)) !== sha256) throw new DamagedContent(`${path} is damaged`);
  }

  /** Deletes contents, and drafts, that are not used and were last stored or used before `olderThan` (milliseconds since 1970). */
  async sweep(
    isUsed: (sha256: string) => boolean,
    olderThan: number,
    dryRun: boolean,
  ): Promise<{ readonly count: number; readonly bytes: number }> {
    let [count, bytes] = [0, 0];
    const names = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of names) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      if (isUsed(`${basename(entry.parentPath)}${entry.name}`)) continue;
      const found = await stat(path);
      if (found.mtimeMs >= olderThan) continue;
      if (!dryRun) await rm(path, { force: true });
      count += 1;
      bytes += found.size;
    }
    return { count, bytes };
  }

  async #giveName(draft: string, sha256: string): Promise<void> {
    const path = this.pathOf(sha256);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(draft, path);
    for (const folder of [dirname(path), this.#folder]) await syncFolder(folder);
  }
}

/** SHA-256 of a file, 64 hex digits. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
}

async function syncFolder(folder: string): Promise<void> {
  // Some systems cannot open a folder; there a name is as durable as they make it.
  const handle = await open(folder, "r").catch(() => null);
  if (handle === null) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { SystemCall } from "./system-calls.ts";

/** A disk keeps or loses so many bytes at once. */
const SECTOR_BYTES = 512;

type Change =
  | { readonly kind: "write"; readonly offset: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly size: number };

/** What lies under a name: a folder, or a file with what of it is on the disk and what is on its way there. */
interface Entry {
  readonly isFolder: boolean;
  durable: Buffer;
  pending: Change[];
}

type Names = Map<string, Entry>;

/**
 * A disk behind a cache: what was synced is on it; what was written since may be or not, each sector by itself. Names
 * are on it when their folder was synced; until then some of the newest changes of a folder are missing.
 */
export class LossyDisk {
  readonly #root: string;
  /** As programs see it. */
  readonly #names: Names;
  /** As it is after a power loss. */
  readonly #durableNames: Names;
  readonly #pendingNames = new Map<string, ((names: Names) => void)[]>();

  constructor(root: string) {
    this.#root = root;
    const entry = folder();
    this.#names = new Map([[root, entry]]);
    this.#durableNames = new Map([[root, entry]]);
  }

  apply(call: SystemCall): void {
    switch (call.kind) {
      case "mark":
        return;
      case "create":
      case "mkdir": {
        const entry: Entry =
          call.kind === "mkdir" ? folder() : { isFolder: false, durable: Buffer.alloc(0), pending: [] };
        return this.#rename(call.path, (names) => void names.set(call.path, entry));
      }
      case "unlink":
        return this.#rename(call.path, (names) => void names.delete(call.path));
      case "link":
      case "rename": {
        const entry = this.#entry(call.path);
        if (dirname(call.path) !== dirname(call.to)) throw new Error(`${call.kind} over folders is not played`);
        return this.#rename(call.to, (names) => {
          names.set(call.to, entry);
          if (call.kind === "rename") names.delete(call.path);
        });
      }
      case "write":
        return void this.#entry(call.path).pending.push(call);
      case "truncate":
        return void this.#entry(call.path).pending.push(call);
      case "sync":
        return this.#sync(call.path);
    }
  }

  /** Writes what is there after a power loss now. */
  lose(random: () => number, into: string): void {
    const names: Names = new Map(this.#durableNames);
    for (const changes of this.#pendingNames.values())
      for (const change of changes.slice(0, Math.floor(random() * (changes.length + 1)))) change(names);
    const kept = [0, 1, random()][Math.floor(random() * 3)] ?? 0;
    for (const [path, entry] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      // Shared memory is lost with the machine. A file in a folder whose own name is lost is, too.
      if (path.endsWith("-shm") || (path !== this.#root && !names.has(dirname(path)))) continue;
      const place = join(into, relative(this.#root, path));
      if (entry.isFolder) mkdirSync(place, { recursive: true });
      else
        writeFileSync(
          place,
          after(entry, () => random() < kept),
        );
    }
  }

  #entry(path: string): Entry {
    const entry = this.#names.get(path);
    if (entry === undefined) throw new Error(`${path} was never made`);
    return entry;
  }

  #rename(path: string, change: (names: Names) => void): void {
    change(this.#names);
    const parent = dirname(path);
    this.#pendingNames.set(parent, [...(this.#pendingNames.get(parent) ?? []), change]);
  }

  #sync(path: string): void {
    const entry = this.#entry(path);
    if (entry.isFolder) {
      for (const change of this.#pendingNames.get(path) ?? []) change(this.#durableNames);
      this.#pendingNames.delete(path);
      return;
    }
    entry.durable = after(entry, () => true);
    entry.pending = [];
  }
}

const folder = (): Entry => ({ isFolder: true, durable: Buffer.alloc(0), pending: [] });

/** The content with those of its pending changes that reached the disk. */
function after({ durable, pending }: Entry, reaches: () => boolean): Buffer {
  const ends = pending.map((change) => (change.kind === "write" ? change.offset + change.data.length : change.size));
  const content = Buffer.alloc(Math.max(durable.length, ...ends));
  durable.copy(content);
  let size = durable.length;
  for (const change of pending) {
    if (change.kind === "truncate") {
      if (!reaches()) continue;
      content.fill(0, change.size);
      size = change.size;
      continue;
    }
    const end = change.offset + change.data.length;
    for (let start = change.offset; start < end;) {
      const stop = Math.min(end, start - (start % SECTOR_BYTES) + SECTOR_BYTES);
      if (reaches()) {
        change.data.copy(content, start, start - change.offset, stop - change.offset);
        size = Math.max(size, stop);
      }
      start = stop;
    }
  }
  return content.subarray(0, size);
}

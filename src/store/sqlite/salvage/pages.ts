import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { latestPages } from "./log-frames.ts";

/** The pages of a database file that may be damaged, as they would be once its log is in it. */
export interface Pages {
  /** How many there are, from 1. */
  readonly count: number;
  /** How many there should be by what the file says of itself; less or equal to `count` unless it was cut. */
  readonly expected: number;
  /** Bytes of a page that hold content. */
  readonly usable: number;
  /** The bytes of a page; what the file lacks is zero. */
  read(page: number): Buffer;
  /** Pages that are not in use: what lies in them was deleted. */
  readonly free: ReadonlySet<number>;
  close(): void;
}

/** Format of the file: https://www.sqlite.org/fileformat2.html. muster never chooses another page size than SQLite's own. */
const DEFAULT_PAGE_BYTES = 4096;
const OFFSET = { pageSize: 16, reserved: 20, pageCount: 28, firstFree: 32 } as const;

export function openPages(path: string): Pages {
  const file = openSync(path, "r");
  const bytes = fstatSync(file).size;
  const log = `${path}-wal`;
  const header = Buffer.alloc(100);
  readSync(file, header, 0, 100, 0);
  const written = header.readUInt16BE(OFFSET.pageSize);
  const size = isPageSize(written) ? written : DEFAULT_PAGE_BYTES;
  const latest = existsSync(log) ? latestPages(readFileSync(log), size) : new Map<number, Buffer>();
  const read = (page: number): Buffer => {
    const fromLog = latest.get(page);
    if (fromLog !== undefined) return fromLog;
    const content = Buffer.alloc(size);
    readSync(file, content, 0, size, (page - 1) * size);
    return content;
  };
  const count = Math.max(Math.ceil(bytes / size), ...latest.keys());
  const first = read(1);
  // A count that is beyond all reason is damaged itself.
  const told = first.readUInt32BE(OFFSET.pageCount);
  const expected = told <= 1_000_000_000 / size + 2 * count ? told : count;
  const reserved = first[OFFSET.reserved] ?? 0;
  return {
    count,
    expected,
    // SQLite itself reserves nothing; encryption that would is none of ours.
    usable: size - (reserved <= 32 ? reserved : 0),
    read,
    free: freePages(first.readUInt32BE(OFFSET.firstFree), count, read),
    close: () => closeSync(file),
  };
}

function isPageSize(size: number): boolean {
  return size >= 512 && size <= 32_768 && (size & (size - 1)) === 0;
}

/** The list of free pages, as far as it can be followed. */
function freePages(first: number, count: number, read: (page: number) => Buffer): Set<number> {
  const free = new Set<number>();
  for (let trunk = first; trunk > 0 && trunk <= count && !free.has(trunk);) {
    free.add(trunk);
    const page = read(trunk);
    const leaves = Math.min(page.readUInt32BE(4), page.length / 4 - 2);
    for (let index = 0; index < leaves; index += 1) {
      const leaf = page.readUInt32BE(8 + 4 * index);
      if (leaf > 1 && leaf <= count) free.add(leaf);
    }
    trunk = page.readUInt32BE(0);
  }
  return free;
}

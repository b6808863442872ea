import { crc32 } from "node:zlib";
import type { CacheEntry, CacheStore } from "../store.ts";
import type { Connection } from "./connection.ts";

interface CacheRow {
  readonly key: string;
  readonly created_at: number;
  readonly body: string;
  readonly crc: number;
}

/** The version of the file that first has the table: an older one that is only read has no entries. */
const SINCE_VERSION = 3;

/** Outcomes that are reused over runs. */
export function cacheTable({ sql, read, write }: Connection, fileVersion: number): CacheStore {
  const isThere = fileVersion >= SINCE_VERSION;
  const all = (): CacheRow[] => (isThere ? (sql("SELECT * FROM cache").all() as unknown as CacheRow[]) : []);
  return {
    find: (key) =>
      read(() => {
        const row = isThere ? sql("SELECT * FROM cache WHERE key = ?").get(key) : undefined;
        return row === undefined ? null : (decode(row as unknown as CacheRow) ?? "damaged");
      }),
    entries: () => read(() => all().flatMap((row) => decode(row) ?? [])),
    prune: ({ olderThan, dryRun }) => {
      const work = (): number => {
        const old = all().filter((row) => row.created_at < olderThan || decode(row) === null);
        if (!dryRun) for (const { key } of old) sql("DELETE FROM cache WHERE key = ?").run(key);
        return old.length;
      };
      return dryRun ? read(work) : write(work);
    },
  };
}

/** Writes entries inside of a transaction. */
export function writeCache({ sql }: Connection, entries: readonly CacheEntry[]): void {
  if (entries.length === 0) return;
  const put = sql("INSERT OR REPLACE INTO cache (key, created_at, body, crc) VALUES (?, ?, ?, ?)");
  for (const { key, createdAt, ...rest } of entries) {
    const row = { key, created_at: createdAt, body: JSON.stringify(rest) };
    put.run(row.key, row.created_at, row.body, cacheCrc(row));
  }
}

/** null when the row is damaged. */
function decode(row: CacheRow): CacheEntry | null {
  if (cacheCrc(row) !== row.crc) return null;
  const body = JSON.parse(row.body) as Omit<CacheEntry, "key" | "createdAt">;
  return { key: row.key, createdAt: row.created_at, ...body };
}

/** The checksum of an entry. */
export function cacheCrc({ key, created_at: createdAt, body }: Omit<CacheRow, "crc">): number {
  return crc32(`${key} ${createdAt} ${body}`);
}

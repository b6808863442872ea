import { crc32 } from "node:zlib";
import type { Clock } from "../../util/clock.ts";
import { canonicalJson } from "../../util/canonical-json.ts";
import type { Json } from "../../util/json.ts";
import type { StateEntry, StateStore } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";

interface StateRow {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly updated_at: number;
  readonly crc: number;
}

/** The version of the file that first has the table: an older one that is only read has no values. */
const SINCE_VERSION = 2;

/** The project's own values. */
export function stateTable({ sql, read, write }: Connection, clock: Clock, fileVersion: number): StateStore {
  const find = (key: string): StateEntry | null => {
    if (fileVersion < SINCE_VERSION) return null;
    const row = sql("SELECT * FROM state WHERE key = ?").get(key);
    return row === undefined ? null : decode(row as unknown as StateRow);
  };
  const put = (key: string, value: Json, current: StateEntry | null): StateEntry => {
    const entry = { key, value, version: (current?.version ?? 0) + 1, updatedAt: clock.now() };
    const row = { key, value: JSON.stringify(value), version: entry.version, updated_at: entry.updatedAt };
    sql("INSERT OR REPLACE INTO state (key, value, version, updated_at, crc) VALUES (?, ?, ?, ?, ?)").run(
      row.key,
      row.value,
      row.version,
      row.updated_at,
      crcOf(row),
    );
    return entry;
  };
  return {
    get: (key) => read(() => find(key)),
    set: (key, value) => write(() => put(key, value, find(key))),
    delete: (key) => write(() => sql("DELETE FROM state WHERE key = ?").run(key).changes > 0),
    list: (prefix, limit) =>
      read(() =>
        fileVersion < SINCE_VERSION
          ? []
          : sql("SELECT * FROM state WHERE key >= ? AND key < ? ORDER BY key LIMIT ?")
              .all(prefix, `${prefix}\u{10ffff}`, limit ?? -1)
              .map((row) => decode(row as unknown as StateRow)),
      ),
    compareAndSet: (key, from, to) =>
      write(() => {
        const current = find(key);
        return canonicalJson(current?.value ?? null) === canonicalJson(from) ? put(key, to, current) : null;
      }),
  };
}

function decode(row: StateRow): StateEntry {
  if (crcOf(row) !== row.crc) throw new DamagedRow(`the value '${row.key}' does not match its checksum`);
  return { key: row.key, value: JSON.parse(row.value) as Json, version: row.version, updatedAt: row.updated_at };
}

function crcOf({ key, value, version, updated_at: updatedAt }: Omit<StateRow, "crc">): number {
  return crc32(`${key}\n${version} ${updatedAt} ${value}`);
}

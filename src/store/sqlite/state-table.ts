import { crc32 } from "node:zlib";
import type { Clock } from "../../util/clock.ts";
import type { Json } from "../../util/json.ts";
import { changed, type StateChange, type StateOutcome, type StateScope } from "../state-change.ts";
import type { StateEntry, StateStore, Store } from "../store.ts";
import type { WriteBatch } from "./commit.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { findRow, heldRow } from "./run-row.ts";

/** A row of `state` or `run_state`; a value of null text was taken away in a copy. */
interface StateRow {
  readonly key: string;
  readonly value: string | null;
  readonly version: number;
  readonly updated_at: number;
  readonly crc: number;
}

/** The versions of the file that first have the tables: an older one that is only read has no values. */
const SINCE_VERSION = { state: 2, run_state: 3 };

/** Values under keys, in one of the tables. To be used inside of a transaction, or for one read. */
interface Values {
  find(key: string): StateEntry | null;
  put(key: string, value: Json, current: StateEntry | null): StateEntry;
  /** False when there was none. */
  remove(key: string): boolean;
  list(prefix: string, limit?: number): StateEntry[];
}

/** The project's own values, and those that runs keep. */
export function stateTable(
  connection: Connection,
  clock: Clock,
  fileVersion: number,
  writeBatch: WriteBatch,
): Pick<Store, "state" | "stateOfRun" | "changeState"> {
  const { read, write } = connection;
  const project = projectValues(connection, clock, fileVersion >= SINCE_VERSION.state);
  const valuesOf = (run: number, scope: StateScope): Values => {
    if (scope === "project") return project;
    const own = runValues(connection, clock, run, scope, fileVersion >= SINCE_VERSION.run_state);
    return scope === "run" ? own.values : copyOf(project, own);
  };
  const state: StateStore = {
    get: (key) => read(() => project.find(key)),
    set: (key, value) => write(() => project.put(key, value, project.find(key))),
    delete: (key) => write(() => project.remove(key)),
    list: (prefix, limit) => read(() => project.list(prefix, limit)),
    compareAndSet: (key, from, to) =>
      write(() => {
        const { outcome } = apply(project, { kind: "compare_and_set", key, from, to });
        return outcome.kind === "changed" ? project.find(key) : null;
      }),
  };
  return {
    state,
    stateOfRun: (runId, scope) => {
      const values = (): Values | null => {
        const run = findRow(connection, runId);
        return run === null ? null : valuesOf(run.id, scope);
      };
      return {
        get: (key) => read(() => values()?.find(key) ?? null),
        list: (prefix, limit) => read(() => values()?.list(prefix, limit) ?? []),
      };
    },
    changeState: (lease, scope, change, batchOf) =>
      writeBatch(lease, () => {
        const { outcome } = apply(valuesOf(heldRow(connection, lease).id, scope), change);
        return { result: outcome, batch: outcome.kind === "changed" ? batchOf(outcome.value) : null };
      }),
  };
}

function apply(values: Values, change: StateChange): { readonly outcome: StateOutcome } {
  const current = values.find(change.key);
  const { outcome, write } = changed(current?.value, change);
  if (write?.value !== undefined) values.put(change.key, write.value, current);
  else if (write !== undefined) values.remove(change.key);
  return { outcome };
}

function projectValues({ sql }: Connection, clock: Clock, isThere: boolean): Values {
  return {
    find(key) {
      const row = isThere ? sql("SELECT * FROM state WHERE key = ?").get(key) : undefined;
      return row === undefined ? null : entryOf(row as unknown as StateRow, "");
    },
    put(key, value, current) {
      const row = rowOf(key, value, current, clock);
      sql("INSERT OR REPLACE INTO state (key, value, version, updated_at, crc) VALUES (?, ?, ?, ?, ?)").run(
        key,
        row.value,
        row.version,
        row.updated_at,
        valueCrc(row, ""),
      );
      return { key, value, version: row.version, updatedAt: row.updated_at };
    },
    remove: (key) => sql("DELETE FROM state WHERE key = ?").run(key).changes > 0,
    list: (prefix, limit = -1) =>
      (isThere
        ? sql("SELECT * FROM state WHERE key >= ? AND key < ? ORDER BY key LIMIT ?").all(prefix, behind(prefix), limit)
        : []
      ).flatMap((row) => entryOf(row as unknown as StateRow, "") ?? []),
  };
}

/** Values of one run. In a copy some say that what the project has was taken away: null. */
interface RunValues {
  readonly values: Values;
  /** undefined = the run has nothing to say of it. */
  look(key: string): StateEntry | null | undefined;
  /** The rows of keys with a prefix, with null for what was taken away. */
  rows(prefix: string): ReadonlyMap<string, StateEntry | null>;
  bury(key: string): void;
}

/** Whose a value of a run is, in its checksum. */
export function ofRun(run: number, scope: string): string {
  return `${run} ${scope} `;
}

function runValues({ sql }: Connection, clock: Clock, run: number, scope: StateScope, isThere: boolean): RunValues {
  const of = ofRun(run, scope);
  const save = (row: Omit<StateRow, "crc">): void =>
    void sql(
      "INSERT OR REPLACE INTO run_state (run, scope, key, value, version, updated_at, crc) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ).run(run, scope, row.key, row.value, row.version, row.updated_at, valueCrc(row, of));
  const select = (prefix: string, limit: number) =>
    isThere
      ? (sql("SELECT * FROM run_state WHERE run = ? AND scope = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?").all(
          run,
          scope,
          prefix,
          behind(prefix),
          limit,
        ) as unknown as StateRow[])
      : [];
  const look: RunValues["look"] = (key) => {
    const row = isThere
      ? sql("SELECT * FROM run_state WHERE run = ? AND scope = ? AND key = ?").get(run, scope, key)
      : undefined;
    return row === undefined ? undefined : entryOf(row as unknown as StateRow, of);
  };
  return {
    look,
    values: {
      find: (key) => look(key) ?? null,
      put(key, value, current) {
        const row = rowOf(key, value, current, clock);
        save(row);
        return { key, value, version: row.version, updatedAt: row.updated_at };
      },
      remove: (key) =>
        sql("DELETE FROM run_state WHERE run = ? AND scope = ? AND key = ?").run(run, scope, key).changes > 0,
      list: (prefix, limit = -1) => select(prefix, limit).flatMap((row) => entryOf(row, of) ?? []),
    },
    rows: (prefix) => new Map(select(prefix, -1).map((row) => [row.key, entryOf(row, of)])),
    bury: (key) => save({ key, value: null, version: 0, updated_at: clock.now() }),
  };
}

/** The project's values with the changes of one run over them. */
function copyOf(project: Values, own: RunValues): Values {
  const find = (key: string): StateEntry | null => {
    const known = own.look(key);
    return known === undefined ? project.find(key) : known;
  };
  return {
    find,
    put: (key, value, current) => own.values.put(key, value, current),
    remove(key) {
      const isThere = find(key) !== null;
      own.bury(key);
      return isThere;
    },
    list(prefix, limit) {
      const all = new Map<string, StateEntry | null>(project.list(prefix).map((entry) => [entry.key, entry]));
      for (const [key, entry] of own.rows(prefix)) all.set(key, entry);
      return [...all.values()]
        .filter((entry) => entry !== null)
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
        .slice(0, limit);
    },
  };
}

/** The end of the keys with a prefix. */
function behind(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

function rowOf(key: string, value: Json, current: StateEntry | null, clock: Clock): Omit<StateRow, "crc"> {
  return { key, value: JSON.stringify(value), version: (current?.version ?? 0) + 1, updated_at: clock.now() };
}

/** null = it was taken away. */
function entryOf(row: StateRow, of: string): StateEntry | null {
  if (valueCrc(row, of) !== row.crc) throw new DamagedRow(`the value '${row.key}' does not match its checksum`);
  if (row.value === null) return null;
  return { key: row.key, value: JSON.parse(row.value) as Json, version: row.version, updatedAt: row.updated_at };
}

/** The checksum of a value. `of` says whose it is; empty for the project's. */
export function valueCrc({ key, value, version, updated_at: updatedAt }: Omit<StateRow, "crc">, of: string): number {
  return crc32(`${of}${key}\n${version} ${updatedAt} ${value}`);
}

import type { Store } from "../store.ts";
import type { BlobFolder } from "./blob-folder.ts";
import type { Connection } from "./connection.ts";
import { findRow } from "./run-row.ts";
import { OF_RUN, spanOf } from "./run-span.ts";
import { dropSessionsOf } from "./session-table.ts";

/** Where a blob's name stands in a row or in another blob: `{"blob":"<64 hex digits>",...`. */
export const NAMED = /"blob":"([0-9a-f]{64})"/g;

/** Rows looked through at once. */
const PAGE_ROWS = 1024;

/** What takes things away for good. */
export function pruning(
  connection: Connection,
  blobs: BlobFolder,
  findRun: Store["findRun"],
): Pick<Store, "deleteRun" | "sweepBlobs" | "compact"> {
  const { sql, read, write, exec } = connection;
  return {
    deleteRun: (runId, mayDelete) =>
      write(() => {
        const row = findRow(connection, runId);
        const summary = findRun(runId);
        if (row === null || summary === null || !mayDelete(summary)) return false;
        for (const table of ["event", "fact"]) sql(`DELETE FROM ${table} WHERE ${OF_RUN}`).run(...spanOf(row.id));
        for (const table of ["inbox", "dead_letter", "run_state"])
          sql(`DELETE FROM ${table} WHERE run = ?`).run(row.id);
        dropSessionsOf(connection, runId);
        for (const table of ["figures", "audit", "record", "run"]) sql(`DELETE FROM ${table} WHERE id = ?`).run(row.id);
        return true;
      }),
    sweepBlobs({ olderThan, dryRun = false, without = new Set() }) {
      const used = read(() => blobsInUse(connection, without));
      // A value may hold the names of others.
      const known = blobs.list();
      for (const name of used) for (const inner of blobs.namesIn(name, NAMED)) used.add(inner);
      let [count, bytes] = [0, 0];
      for (const blob of known) {
        if ((blob.name !== null && used.has(blob.name)) || blob.modifiedAt >= olderThan) continue;
        if (!dryRun) blobs.remove(blob);
        count += 1;
        bytes += blob.bytes;
      }
      return { count, bytes };
    },
    compact: () => exec("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)"),
  };
}

/** Names of blobs in facts, events and dead letters, but not in those of the runs `without`. */
function blobsInUse(connection: Connection, without: ReadonlySet<string>): Set<string> {
  const used = new Set<string>();
  const runs = [...without].flatMap((runId) => findRow(connection, runId)?.id ?? []);
  const skipped = runs.map(spanOf);
  for (const [table, column] of [
    ["fact", "body"],
    ["event", "data"],
  ] as const) {
    const page = connection.sql(
      `SELECT id, ${column} AS text FROM ${table} WHERE id > ? AND ${column} LIKE '%"blob":"%' ORDER BY id LIMIT ?`,
    );
    for (let last = 0, size = PAGE_ROWS; size === PAGE_ROWS;) {
      const rows = page.all(last, PAGE_ROWS) as unknown as { readonly id: number; readonly text: string }[];
      size = rows.length;
      for (const { id, text } of rows) {
        last = id;
        if (skipped.some(([before, end]) => id > before && id < end)) continue;
        for (const [, name = ""] of text.matchAll(NAMED)) used.add(name);
      }
    }
  }
  const cached = connection.sql('SELECT body FROM cache WHERE body LIKE \'%"blob":"%\'').all();
  for (const { body } of cached as unknown as { readonly body: string }[])
    for (const [, name = ""] of body.matchAll(NAMED)) used.add(name);
  const sessions = connection.sql(
    "SELECT session.run AS run, turn.body AS body FROM turn JOIN session ON session.id = turn.session UNION ALL SELECT run, body FROM message",
  );
  for (const { run, body } of sessions.all() as unknown as { readonly run: string; readonly body: string }[])
    if (!without.has(run)) for (const [, name = ""] of body.matchAll(NAMED)) used.add(name);
  const letters = connection.sql('SELECT run, body FROM dead_letter WHERE body LIKE \'%"blob":"%\'').all();
  for (const { run, body } of letters as unknown as { readonly run: number; readonly body: string }[]) {
    if (!runs.includes(run)) for (const [, name = ""] of body.matchAll(NAMED)) used.add(name);
  }
  return used;
}

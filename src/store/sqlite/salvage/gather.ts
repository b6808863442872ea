import type { DatabaseSync } from "node:sqlite";
import { cellsOf } from "./cells.ts";
import type { Pages } from "./pages.ts";
import { isNotKept, likelyTables, TABLES, wholeRow, type SavedTable } from "./rows.ts";

/** What of a damaged file could not be read, as far as nothing else tells it. */
export interface Gathered {
  /** How many rows are whole. */
  readonly rows: number;
  /** Pages that were cut off, or that hold less than they did. */
  readonly lostPages: number;
  /** Rows without their checksum, by the table that they look like. */
  readonly lostRows: ReadonlyMap<SavedTable, number>;
}

/** Copies every row that is whole into an empty file that has the tables, inside a transaction of it. */
export function gather(pages: Pages, db: DatabaseSync): Gathered {
  const inserts = Object.fromEntries(
    Object.entries(TABLES).map(([table, { columns }]) => [
      table,
      // One that is there already was found twice: only one of both was in use.
      db.prepare(
        `INSERT OR IGNORE INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
      ),
    ]),
  );
  const lostRows = new Map<SavedTable, number>();
  let rows = 0;
  let lostPages = Math.max(0, pages.expected - pages.count);
  for (let page = 1; page <= pages.count; page += 1) {
    if (pages.free.has(page)) continue;
    const { cells, addsUp } = cellsOf(pages, page);
    let isDoubtful = !addsUp;
    for (const cell of cells) {
      const row = wholeRow(cell);
      if (row !== null) {
        rows += Number(inserts[row.table]?.run(...row.values).changes);
        continue;
      }
      const [table] = likelyTables(cell);
      if (table !== undefined) lostRows.set(table, (lostRows.get(table) ?? 0) + 1);
      else if (!isNotKept(cell)) isDoubtful = true;
    }
    if (isDoubtful) lostPages += 1;
  }
  return { rows, lostPages, lostRows };
}

import { crc32 } from "node:zlib";
import { figuresCrc } from "../account-table.ts";
import { cacheCrc } from "../cache-table.ts";
import { letterCrc } from "../dead-letter-table.ts";
import { decodeEventRow, type EventRow } from "../event-row.ts";
import { factCrc } from "../fact-row.ts";
import { messageCrc } from "../inbox-table.ts";
import { checkRow, type UncheckedRunRow } from "../run-row.ts";
import { RUN_SPAN } from "../run-span.ts";
import { mailCrc, sessionCrc, turnCrc } from "../session-table.ts";
import { ofRun, valueCrc } from "../state-table.ts";
import type { Cell } from "./cells.ts";
import type { Column } from "./record.ts";

/** A row that is whole, as its table has it. */
export interface WholeRow {
  readonly table: SavedTable;
  readonly values: readonly Column[];
}

export type SavedTable = keyof typeof TABLES;

interface Shape {
  /** In order of the table; in a file the key of a table without row ids comes first, as here. */
  readonly columns: readonly string[];
  /** Whether the first column is the id, which a file holds beside the row. */
  readonly hasId: boolean;
  /** Whether a row has the checksum that it was written with; whatever it throws says no. */
  isWhole(row: { readonly [column: string]: Column }): boolean;
}

/**
 * Every table but one: `rate_use` is worth no more than the moment in which it was written.
 * Which table a row is of is told by its columns and its checksum alone, so not even the file's own list is needed.
 */
export const TABLES = {
  run: {
    columns:
      "id run_id started_at status updated_at epoch active_ms last_seq last_place fact_count lease_host lease_pid lease_process_start lease_renewed_at crc".split(
        " ",
      ),
    hasId: true,
    isWhole: (row) => checkRow(row as unknown as UncheckedRunRow) !== null,
  },
  event: {
    columns: "id at type step item attempt data crc".split(" "),
    hasId: true,
    isWhole: (row) => decodeEventRow(row as unknown as EventRow).length > 0,
  },
  inbox: {
    columns: "id run at kind body crc".split(" "),
    hasId: true,
    isWhole: ({ at, kind, body, crc }) =>
      messageCrc({ at: at as number, kind: kind as string, body: body as string }) === crc,
  },
  fact: {
    columns: "id key fingerprint body crc".split(" "),
    hasId: true,
    isWhole: ({ id, key, fingerprint, body, crc }) => {
      const print =
        typeof fingerprint === "string" ? fingerprint : Buffer.from(fingerprint as Uint8Array).toString("hex");
      return factCrc(key as string, print, body as string, (id as number) % RUN_SPAN) === crc;
    },
  },
  figures: {
    columns: "id workflow version body crc".split(" "),
    hasId: true,
    isWhole: ({ workflow, version, body, crc }) =>
      figuresCrc(workflow as string, version as string | null, body as string) === crc,
  },
  record: {
    columns: "id body crc".split(" "),
    hasId: true,
    isWhole: ({ body, crc }) => crc32(body as string) === crc,
  },
  audit: {
    columns: "id seq crc".split(" "),
    hasId: true,
    isWhole: ({ seq, crc }) => typeof seq === "number" && crc32(String(seq)) === crc,
  },
  state: {
    columns: "key value version updated_at crc".split(" "),
    hasId: false,
    isWhole: ({ crc, ...row }) => valueCrc(row as unknown as Parameters<typeof valueCrc>[0], "") === crc,
  },
  dead_letter: {
    columns: "run key dropped body crc".split(" "),
    hasId: false,
    isWhole: ({ key, dropped, body, crc }) => letterCrc(key as string, dropped as number, body as string) === crc,
  },
  run_state: {
    columns: "run scope key value version updated_at crc".split(" "),
    hasId: false,
    isWhole: ({ run, scope, crc, ...row }) =>
      valueCrc(row as unknown as Parameters<typeof valueCrc>[0], ofRun(run as number, scope as string)) === crc,
  },
  session: {
    columns: "id run body crc".split(" "),
    hasId: false,
    isWhole: ({ id, run, body, crc }) => sessionCrc(id as string, run as string, body as string) === crc,
  },
  message: {
    columns: "id key session run state body crc".split(" "),
    hasId: true,
    isWhole: ({ key, session, run, state, body, crc }) =>
      mailCrc(key as string, session as string, run as string, state as string, body as string) === crc,
  },
  turn: {
    columns: "session member n body crc".split(" "),
    hasId: false,
    isWhole: ({ session, member, n, body, crc }) =>
      turnCrc(session as string, member as number, n as number, body as string) === crc,
  },
  cache: {
    columns: "key created_at body crc".split(" "),
    hasId: false,
    isWhole: ({ key, created_at: createdAt, body, crc }) =>
      cacheCrc({ key: key as string, created_at: createdAt as number, body: body as string }) === crc,
  },
} as const satisfies { readonly [table: string]: Shape };

const shapes = Object.entries(TABLES) as [SavedTable, Shape][];

/** The row of a cell, by the table whose checksum it has; null when it is of none: damaged, or of an index. */
export function wholeRow({ rowid, columns }: Cell): WholeRow | null {
  for (const table of likelyTables({ rowid, columns })) {
    const shape = TABLES[table];
    const values = shape.hasId ? [rowid, ...(columns ?? []).slice(1)] : (columns ?? []);
    if (proves(shape, values)) return { table, values };
  }
  return null;
}

/** The tables whose rows look like this one; none = it is of an index, or of what is not kept. */
export function likelyTables({ rowid, columns }: Cell): readonly SavedTable[] {
  if (columns === null) return [];
  return shapes
    .filter(([, shape]) => shape.columns.length === columns.length && shape.hasId === (rowid !== null))
    .filter(([table, shape]) => (shape.hasId ? columns[0] === null : typeof columns[0] === keyOf(table)))
    .map(([table]) => table);
}

const keyOf = (table: SavedTable): "number" | "string" =>
  table === "dead_letter" || table === "run_state" ? "number" : "string";

/**
 * Rows that a new file makes itself: of the list of tables, of indexes (two columns, or three with a time), of the
 * counters of ids; and the use of limits in time.
 */
export function isNotKept({ rowid, columns }: Cell): boolean {
  if (columns === null) return false;
  if (rowid === null) return columns.length === 2 || columns.length === 3;
  const isOfTheList = columns.length === 5 && (columns[0] === "table" || columns[0] === "index");
  return isOfTheList || columns.length === 2 || (columns.length === 4 && columns[0] === null);
}

function proves(shape: Shape, values: readonly Column[]): boolean {
  try {
    return shape.isWhole(Object.fromEntries(shape.columns.map((name, index) => [name, values[index] ?? null])));
  } catch {
    // A value of another type than the column has.
    return false;
  }
}

import { crc32 } from "node:zlib";
import type { DeadLetter, KeptLetter } from "../../run/dead-letter.ts";
import type { Batch, Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { findRow, type RunRow } from "./run-row.ts";

/** A row with the name of its run. */
interface LetterRow {
  readonly run_id: string;
  readonly key: string;
  readonly dropped: number;
  readonly body: string;
  readonly crc: number;
}

/** The version of the file that first has the table: an older one that is only read has no letters. */
const SINCE_VERSION = 3;

const LETTERS = "SELECT run_id, key, dropped, body, dead_letter.crc AS crc FROM dead_letter JOIN run ON run.id = run";

/** Units that failed for good. */
export function deadLetterTable(
  connection: Connection,
  fileVersion: number,
): Pick<Store, "listDeadLetters" | "dropDeadLetter"> {
  const { sql, read, write } = connection;
  return {
    listDeadLetters: (runId) =>
      read(() => {
        if (fileVersion < SINCE_VERSION) return [];
        const rows =
          runId === undefined
            ? sql(`${LETTERS} ORDER BY started_at DESC, run DESC, key`).all()
            : sql(`${LETTERS} WHERE run_id = ? ORDER BY key`).all(runId);
        return rows.map((row) => decode(row as unknown as LetterRow));
      }),
    dropDeadLetter: (runId, key) =>
      write(() => {
        const run = findRow(connection, runId);
        const row = run && sql("SELECT body FROM dead_letter WHERE run = ? AND key = ?").get(run.id, key);
        if (run === null || !row) return false;
        sql("UPDATE dead_letter SET dropped = 1, crc = ? WHERE run = ? AND key = ?").run(
          letterCrc(key, 1, row["body"] as string),
          run.id,
          key,
        );
        return true;
      }),
  };
}

/** Writes what a batch says of dead letters, within its transaction. */
export function writeLetters({ sql }: Connection, run: RunRow, { revived = [], deadLetters = [] }: Batch): void {
  for (const key of revived) sql("DELETE FROM dead_letter WHERE run = ? AND key = ?").run(run.id, key);
  for (const { key, ...letter } of deadLetters) {
    const body = JSON.stringify(letter);
    sql("INSERT OR REPLACE INTO dead_letter (run, key, dropped, body, crc) VALUES (?, ?, 0, ?, ?)").run(
      run.id,
      key,
      body,
      letterCrc(key, 0, body),
    );
  }
}

function decode({ run_id: runId, key, dropped, body, crc }: LetterRow): KeptLetter {
  if (letterCrc(key, dropped, body) !== crc)
    throw new DamagedRow(`the dead letter '${key}' of run ${runId} does not match its checksum`);
  return { runId, key, isDropped: dropped === 1, ...(JSON.parse(body) as Omit<DeadLetter, "key">) };
}

/** The checksum of a letter; `dropped` is 0 or 1. */
export function letterCrc(key: string, dropped: number, body: string): number {
  return crc32(`${key}\n${dropped} ${body}`);
}

import { crc32 } from "node:zlib";
import type { Json } from "../../util/json.ts";
import type { InboxMessage, Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { existingRow, heldRow } from "./run-row.ts";

interface InboxRow {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly body: string;
  readonly crc: number;
}

/** Messages to the lease holder. */
export function inboxTable(connection: Connection): Pick<Store, "post" | "takeInbox"> {
  const { sql, read, write } = connection;
  return {
    post: (runId, message) =>
      write(() => {
        const row = { at: message.at, kind: message.kind, body: JSON.stringify(message.body) };
        sql("INSERT INTO inbox (run, at, kind, body, crc) VALUES (?, ?, ?, ?, ?)").run(
          existingRow(connection, runId).id,
          row.at,
          row.kind,
          row.body,
          crcOf(row),
        );
      }),
    takeInbox(lease) {
      // Asked many times a second and nearly always empty: a look without a transaction costs no fsync.
      const waiting = read(() => sql("SELECT 1 FROM inbox WHERE run = ? LIMIT 1").get(heldRow(connection, lease).id));
      if (waiting === undefined) return [];
      return write(() =>
        sql("DELETE FROM inbox WHERE run = ? RETURNING id, at, kind, body, crc")
          .all(heldRow(connection, lease).id)
          .map((row) => decode(row as unknown as InboxRow))
          // RETURNING gives rows in no particular order.
          .sort((a, b) => a.id - b.id),
      );
    },
  };
}

function decode(row: InboxRow): InboxMessage {
  if (crcOf(row) !== row.crc) throw new DamagedRow(`message ${row.id} does not match its checksum`);
  return { id: row.id, at: row.at, kind: row.kind, body: JSON.parse(row.body) as Json };
}

function crcOf(row: Omit<InboxRow, "id" | "crc">): number {
  return crc32(`${row.at} ${row.kind} ${row.body}`);
}

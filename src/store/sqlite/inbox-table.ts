import { crc32 } from "node:zlib";
import type { Json } from "../../util/json.ts";
import type { InboxMessage, Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { existingRow, type RunRow } from "./run-row.ts";

interface InboxRow {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly body: string;
  readonly crc: number;
}

/** Messages to the lease holder. */
export function inboxTable(connection: Connection): Pick<Store, "post" | "readInbox"> {
  const { sql, read, write } = connection;
  const waiting = (runId: string, after: number): InboxMessage[] =>
    sql(
      "SELECT inbox.id, at, kind, body, inbox.crc FROM inbox JOIN run ON run.id = inbox.run WHERE run_id = ? AND inbox.id > ? ORDER BY inbox.id",
    )
      .all(runId, after)
      .map((row) => decode(row as unknown as InboxRow));
  return {
    post: (runId, message, mayPost = () => true) =>
      write(() => {
        const run = existingRow(connection, runId).id;
        if (!mayPost(waiting(runId, 0))) return false;
        const row = { at: message.at, kind: message.kind, body: JSON.stringify(message.body) };
        sql("INSERT INTO inbox (run, at, kind, body, crc) VALUES (?, ?, ?, ?, ?)").run(
          run,
          row.at,
          row.kind,
          row.body,
          messageCrc(row),
        );
        return true;
      }),
    readInbox: (runId, after = 0) => read(() => waiting(runId, after)),
  };
}

/** What was dealt with goes with the batch that tells it. */
export function dropMessages({ sql }: Connection, run: RunRow, ids: readonly number[]): void {
  for (const id of ids) sql("DELETE FROM inbox WHERE run = ? AND id = ?").run(run.id, id);
}

function decode(row: InboxRow): InboxMessage {
  if (messageCrc(row) !== row.crc) throw new DamagedRow(`message ${row.id} does not match its checksum`);
  return { id: row.id, at: row.at, kind: row.kind, body: JSON.parse(row.body) as Json };
}

/** The checksum of a message. */
export function messageCrc(row: Omit<InboxRow, "id" | "crc">): number {
  return crc32(`${row.at} ${row.kind} ${row.body}`);
}

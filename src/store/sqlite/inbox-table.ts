import type { Json } from "../../util/json.ts";
import type { InboxMessage, Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { HELD, leaseLost } from "./lease-table.ts";
import { existingRowOf } from "./run-table.ts";

/** Messages to the lease holder. */
export function inboxTable(connection: Connection): Pick<Store, "post" | "takeInbox"> {
  const { sql, read, write } = connection;
  return {
    post: (runId, { at, kind, body }) =>
      write(() => {
        sql("INSERT INTO inbox (run, at, kind, body) VALUES (?, ?, ?, ?)")
          .run(existingRowOf(connection, runId), at, kind, JSON.stringify(body));
      }),
    takeInbox(lease) {
      const held = () => {
        const id = sql(`SELECT id FROM run WHERE ${HELD}`).get(lease.runId, lease.epoch)?.["id"];
        if (id === undefined) throw leaseLost(lease);
        return id;
      };
      // Asked many times a second and nearly always empty: a look without a transaction costs no fsync.
      const waiting = read(() => sql("SELECT 1 FROM inbox WHERE run = ? LIMIT 1").get(held()));
      if (waiting === undefined) return [];
      return write(() =>
        // DELETE ... RETURNING gives the rows in no particular order.
        sql("DELETE FROM inbox WHERE run = ? RETURNING id, at, kind, body")
          .all(held())
          .map((row) => ({ ...(row as unknown as InboxMessage), body: JSON.parse(row["body"] as string) as Json }))
          .sort((a, b) => a.id - b.id),
      );
    },
  };
}

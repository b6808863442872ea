import type { DatabaseSync, StatementSync } from "node:sqlite";
import { InternalError } from "../../util/internal-error.ts";
import { toStoreError } from "./error.ts";
import { rollBack } from "./schema.ts";

/** An open state file: prepared statements, transactions, and errors that name the file. */
export interface Connection {
  /**
   * The statement for a text, prepared at its first use. Never left half read: use `get`, `all` and `run` only.
   * Parameters are bare `?`: Node 22.13 gives plain values to no others (not to `?1`).
   */
  sql(text: string): StatementSync;
  /** Runs reads; whatever goes wrong is thrown as StoreError or InternalError. */
  read<T>(work: () => T): T;
  /** Runs one write transaction that holds the write lock from its start; whatever is thrown undoes all of it. */
  write<T>(work: () => T): T;
  /** Runs statements that may stand in no transaction. */
  exec(sql: string): void;
  close(): void;
}

/** Wraps a database that has its schema; `path` is the file's name for messages. */
export function connect(db: DatabaseSync, path: string): Connection {
  const statements = new Map<string, StatementSync>();
  let open = true;
  const read = <T>(work: () => T): T => {
    if (!open) throw new InternalError(`the store of ${path} was used after it was closed`);
    try {
      return work();
    } catch (error) {
      throw toStoreError(error, path);
    }
  };
  return {
    sql(text) {
      let statement = statements.get(text);
      if (statement === undefined) statements.set(text, (statement = db.prepare(text)));
      return statement;
    },
    read,
    write: (work) =>
      read(() => {
        db.exec("BEGIN IMMEDIATE");
        try {
          const result = work();
          db.exec("COMMIT");
          return result;
        } catch (error) {
          rollBack(db);
          throw error;
        }
      }),
    exec: (text) => read(() => db.exec(text)),
    close() {
      if (!open) return;
      open = false;
      db.close();
    },
  };
}

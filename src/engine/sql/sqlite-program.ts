import type { DatabaseSync, SQLInputValue } from "node:sqlite";

/** What the program is given as JSON on stdin. */
export interface SqliteQuestion {
  readonly path: string;
  readonly query: string;
  readonly params: readonly unknown[];
  readonly isWrite: boolean;
  readonly longestAnswer: number;
  readonly busyTimeoutMs: number;
}

/** What it writes as JSON to stdout. */
export type SqliteAnswer =
  | { readonly kind: "rows"; readonly rows: readonly { readonly [column: string]: unknown }[] }
  | { readonly kind: "too_large" }
  | { readonly kind: "error"; readonly code: number; readonly message: string };

interface Host {
  readonly DatabaseSync: new (
    path: string,
    options: { readonly readOnly: boolean; readonly allowExtension: boolean },
  ) => DatabaseSync;
  read(): string;
  write(text: string): void;
}

/**
 * The program that asks a SQLite file, run by Node in a process of its own: SQLite works without a pause, so only the
 * end of its process stops a long statement, and only there it holds nobody up. Stands alone: its text is what is run,
 * so nothing from outside of it can be named in it.
 */
export function sqliteProgram(host: Host): void {
  const question = JSON.parse(host.read()) as SqliteQuestion;
  /** Texts, whole numbers and bytes as SQLite knows them; lists and maps as their JSON. */
  const bound = (value: unknown): SQLInputValue => {
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
    return value === null || typeof value === "string" ? value : JSON.stringify(value);
  };
  /** Whole numbers that JSON cannot keep become texts, bytes base64. */
  const plain = (value: unknown): unknown => {
    if (typeof value === "bigint") {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
  };
  const answer = (): SqliteAnswer => {
    const db = new host.DatabaseSync(question.path, { readOnly: !question.isWrite, allowExtension: false });
    try {
      db.exec(`PRAGMA busy_timeout = ${question.busyTimeoutMs}; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON`);
      const statement = db.prepare(question.query);
      statement.setReadBigInts(true);
      const rows: { [column: string]: unknown }[] = [];
      let length = 0;
      for (const row of statement.iterate(...question.params.map(bound))) {
        const entries = Object.entries(row as object).map(([column, value]) => [column, plain(value)] as const);
        const kept = Object.fromEntries(entries);
        length += JSON.stringify(kept).length;
        if (length > question.longestAnswer) return { kind: "too_large" };
        rows.push(kept);
      }
      return { kind: "rows", rows };
    } finally {
      db.close();
    }
  };
  try {
    host.write(JSON.stringify(answer()));
  } catch (error) {
    const { errcode, message } = error as Error & { readonly errcode?: number };
    host.write(JSON.stringify({ kind: "error", code: errcode ?? 0, message } satisfies SqliteAnswer));
  }
}

/** Arguments of Node that run the program. */
export function sqliteArguments(): readonly string[] {
  const host = `const fs = require("node:fs"); const { DatabaseSync } = require("node:sqlite");
const host = { DatabaseSync, read: () => fs.readFileSync(0, "utf8"), write: (text) => fs.writeFileSync(1, text) };`;
  return ["--no-warnings", "--input-type=commonjs", "-e", `${host}\n(${sqliteProgram.toString()})(host);`];
}

import { crc32 } from "node:zlib";
import type { Clock } from "../../util/clock.ts";
import {
  answerMessage,
  closeSession,
  pruneSessions,
  putMessage,
  takeTurn,
  withdrawMessage,
  type SessionRows,
} from "../mailbox.ts";
import type { Message, Session, SessionStore, Turn } from "../session.ts";
import type { Batch, Lease } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { findRow, heldRow, ownerOf, type RunRow } from "./run-row.ts";

interface MessageRow {
  readonly id: number;
  readonly key: string;
  readonly session: string;
  readonly state: string;
  readonly body: string;
  readonly crc: number;
}

interface BodyRow {
  readonly body: string;
  readonly crc: number;
}

/** The version of the file that first has the tables: an older one that is only read has no sessions. */
const SINCE_VERSION = 3;

/** Durable conversations. */
export function sessionTable(
  connection: Connection,
  clock: Clock,
  fileVersion: number,
): { readonly sessions: SessionStore } {
  const { read, write } = connection;
  const isThere = fileVersion >= SINCE_VERSION;
  const rows = sessionRows(connection, clock);
  const under = <T>(lease: Lease, work: () => T): T =>
    write(() => {
      heldRow(connection, lease);
      return work();
    });
  const look = <T>(otherwise: T, work: () => T): T => (isThere ? read(work) : otherwise);
  return {
    sessions: {
      put: (lease, session, message) => under(lease, () => putMessage(rows, lease, session, message)),
      take: (lease, id, mayTake) => under(lease, () => takeTurn(rows, lease, id, mayTake)),
      answer: (lease, id, turn) => under(lease, () => answerMessage(rows, lease, id, turn)),
      withdraw: (lease, id) => under(lease, () => withdrawMessage(rows, lease, id)),
      find: (id) => look(null, () => rows.session(id)),
      list: () => look([], rows.sessions),
      findMessage: (id) => look(null, () => rows.message(id)),
      waiting: (session) => look([], () => [...rows.open(session)]),
      turns: (session, member, { after = 0, upTo = Number.MAX_SAFE_INTEGER } = {}) =>
        look([], () => rows.turns(session, member, after, upTo)),
      close: (id, mayTake) => write(() => closeSession(rows, id, mayTake)),
      prune: ({ olderThan, dryRun }) =>
        dryRun
          ? look(0, () => pruneSessions(rows, rows.sessions(), olderThan, true))
          : write(() => pruneSessions(rows, rows.sessions(), olderThan, false)),
    },
  };
}

interface AllRows extends SessionRows {
  sessions(): Session[];
  turns(session: string, member: number, after: number, upTo: number): Turn[];
}

function sessionRows(connection: Connection, clock: Clock): AllRows {
  const { sql } = connection;
  return {
    session(id) {
      const row = sql("SELECT * FROM session WHERE id = ?").get(id);
      return row === undefined ? null : sessionOf(row as unknown as BodyRow & { id: string; run: string });
    },
    sessions: () =>
      sql("SELECT * FROM session")
        .all()
        .map((row) => sessionOf(row as unknown as BodyRow & { id: string; run: string }))
        .sort((a, b) => usedAt(b) - usedAt(a) || (a.id < b.id ? -1 : 1)),
    saveSession({ id, runId, ...session }) {
      const [run, body] = [runId ?? "", JSON.stringify(session)];
      sql("INSERT OR REPLACE INTO session (id, run, body, crc) VALUES (?, ?, ?, ?)").run(
        id,
        run,
        body,
        sessionCrc(id, run, body),
      );
    },
    dropSession(id) {
      for (const table of ["turn", "message"]) sql(`DELETE FROM ${table} WHERE session = ?`).run(id);
      sql("DELETE FROM session WHERE id = ?").run(id);
    },
    message(id) {
      const row = sql("SELECT * FROM message WHERE key = ?").get(id);
      return row === undefined ? null : messageOf(row as unknown as MessageRow);
    },
    addMessage(message) {
      const { id, session, state, ...rest } = message;
      const body = JSON.stringify(rest);
      const { lastInsertRowid } = sql(
        "INSERT INTO message (key, session, run, state, body, crc) VALUES (?, ?, ?, ?, ?, ?)",
      ).run(id, session, message.sender.runId, state, body, mailCrc(id, session, message.sender.runId, state, body));
      return { ...message, place: Number(lastInsertRowid) };
    },
    saveMessage({ place, id, session, state, ...rest }) {
      const body = JSON.stringify(rest);
      const { runId } = rest.sender;
      sql("UPDATE message SET run = ?, state = ?, body = ?, crc = ? WHERE id = ?").run(
        runId,
        state,
        body,
        mailCrc(id, session, runId, state, body),
        place,
      );
    },
    dropMessage: (id) => void sql("DELETE FROM message WHERE key = ?").run(id),
    open: (session) =>
      (session === null
        ? sql("SELECT * FROM message WHERE state <> 'answered' ORDER BY id").all()
        : sql("SELECT * FROM message WHERE state <> 'answered' AND session = ? ORDER BY id").all(session)
      ).map((row) => messageOf(row as unknown as MessageRow)),
    turn: (session, member, n) => turnsOf(connection, session, member, n - 1, n)[0] ?? null,
    turns: (session, member, after, upTo) => turnsOf(connection, session, member, after, upTo),
    addTurn({ session, member, n, ...turn }) {
      const body = JSON.stringify(turn);
      sql("INSERT INTO turn (session, member, n, body, crc) VALUES (?, ?, ?, ?, ?)").run(
        session,
        member,
        n,
        body,
        turnCrc(session, member, n, body),
      );
    },
    isLive({ runId, epoch }, mayTake) {
      const row = findRow(connection, runId);
      const owner = row === null || row.epoch !== epoch ? null : ownerOf(row);
      return owner !== null && !mayTake(owner);
    },
    now: () => clock.now(),
  };
}

/** What a resume tries anew sends anew: the answers to what it sent before are none any more. */
export function forgetAnswers({ sql }: Connection, run: RunRow, { forget = [] }: Batch): void {
  if (forget.length === 0) return;
  const keys = new Set(forget.map((key) => key.replace(/\.\d+$/, "")));
  for (const row of sql("SELECT * FROM message WHERE run = ? AND state = 'answered'").all(run.run_id)) {
    const { id, origin } = messageOf(row as unknown as MessageRow);
    if (origin !== null && keys.has(origin)) sql("DELETE FROM message WHERE key = ?").run(id);
  }
}

/** What goes with a run: its own sessions, and what it sent to others; their turns stay. */
export function dropSessionsOf({ sql }: Connection, runId: string): void {
  const own = sql("SELECT id FROM session WHERE run = ?").all(runId) as unknown as { readonly id: string }[];
  for (const { id } of own)
    for (const table of ["turn", "message"]) sql(`DELETE FROM ${table} WHERE session = ?`).run(id);
  sql("DELETE FROM session WHERE run = ?").run(runId);
  sql("DELETE FROM message WHERE run = ?").run(runId);
}

function turnsOf({ sql }: Connection, session: string, member: number, after: number, upTo: number): Turn[] {
  return sql("SELECT * FROM turn WHERE session = ? AND member = ? AND n > ? AND n <= ? ORDER BY n")
    .all(session, member, after, upTo)
    .map((row) => {
      const { n, body, crc } = row as unknown as BodyRow & { n: number };
      if (turnCrc(session, member, n, body) !== crc)
        throw new DamagedRow(`turn ${n} of session ${session} does not match its checksum`);
      return { session, member, n, ...(JSON.parse(body) as Omit<Turn, "session" | "member" | "n">) };
    });
}

function sessionOf({ id, run, body, crc }: BodyRow & { readonly id: string; readonly run: string }): Session {
  if (sessionCrc(id, run, body) !== crc) throw new DamagedRow(`session ${id} does not match its checksum`);
  return { id, runId: run === "" ? null : run, ...(JSON.parse(body) as Omit<Session, "id" | "runId">) };
}

function messageOf({ id: place, key, session, state, body, crc }: MessageRow): Message {
  const rest = JSON.parse(body) as Omit<Message, "id" | "place" | "session" | "state">;
  if (mailCrc(key, session, rest.sender.runId, state, body) !== crc)
    throw new DamagedRow(`message ${place} of session ${session} does not match its checksum`);
  return { id: key, place, session, state: state as Message["state"], ...rest };
}

function usedAt({ createdAt, members }: Session): number {
  return Math.max(createdAt, ...members.map(({ lastAt }) => lastAt ?? 0));
}

/** The checksum of a session; `run` is empty for one of the project. */
export function sessionCrc(id: string, run: string, body: string): number {
  return crc32(`session ${id}\n${run}\n${body}`);
}

/** The checksum of a message. */
export function mailCrc(key: string, session: string, run: string, state: string, body: string): number {
  return crc32(`message ${key}\n${session}\n${run}\n${state} ${body}`);
}

/** The checksum of a turn. */
export function turnCrc(session: string, member: number, n: number, body: string): number {
  return crc32(`turn ${session}\n${member} ${n} ${body}`);
}

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
import type { Lease } from "../store.ts";

export interface MemorySessionOptions {
  readonly clock: Clock;
  /** Throws LeaseLostError. */
  readonly fence: (lease: Lease) => void;
  readonly isLive: SessionRows["isLive"];
}

/** Durable conversations in memory. What is given back is a copy, as from a disk. */
export class MemorySessions {
  readonly store: SessionStore;
  readonly #sessions = new Map<string, Session>();
  readonly #messages = new Map<string, Message>();
  readonly #turns: Turn[] = [];
  #lastPlace = 0;

  constructor({ clock, fence, isLive }: MemorySessionOptions) {
    const rows = this.#rows(clock, isLive);
    const under = <T>(lease: Lease, work: () => T): T => {
      fence(lease);
      return structuredClone(work());
    };
    const list = (): Session[] =>
      structuredClone([...this.#sessions.values()]).sort((a, b) => usedAt(b) - usedAt(a) || (a.id < b.id ? -1 : 1));
    this.store = {
      put: (lease, session, message) => under(lease, () => putMessage(rows, lease, session, message)),
      take: (lease, id, mayTake) => under(lease, () => takeTurn(rows, lease, id, mayTake)),
      answer: (lease, id, turn) => under(lease, () => answerMessage(rows, lease, id, turn)),
      withdraw: (lease, id) => under(lease, () => withdrawMessage(rows, lease, id)),
      find: (id) => rows.session(id),
      list,
      findMessage: (id) => rows.message(id),
      waiting: (session) => [...rows.open(session)],
      turns: (session, member, { after = 0, upTo = Infinity } = {}) =>
        structuredClone(
          this.#turns.filter(
            (turn) => turn.session === session && turn.member === member && turn.n > after && turn.n <= upTo,
          ),
        ),
      close: (id, mayTake) => closeSession(rows, id, mayTake),
      prune: ({ olderThan, dryRun }) => pruneSessions(rows, list(), olderThan, dryRun),
    };
  }

  /** What a resume tries anew sends anew. */
  forgetAnswers(runId: string, forget: readonly string[]): void {
    const keys = new Set(forget.map((key) => key.replace(/\.\d+$/, "")));
    for (const { id, state, sender, origin } of this.#messages.values())
      if (state === "answered" && sender.runId === runId && origin !== null && keys.has(origin))
        this.#messages.delete(id);
  }

  /** What goes with a run: its own sessions, and what it sent to others; their turns stay. */
  forget(runId: string): void {
    for (const { id, runId: of } of this.#sessions.values()) if (of === runId) this.#drop(id);
    for (const { id, sender } of this.#messages.values()) if (sender.runId === runId) this.#messages.delete(id);
  }

  /** All that may name blobs, without what goes with these runs. */
  kept(without: ReadonlySet<string>): readonly unknown[] {
    const messages = [...this.#messages.values()].filter(({ sender }) => !without.has(sender.runId));
    return [messages, this.#turns.filter(({ session }) => !without.has(this.#sessions.get(session)?.runId ?? ""))];
  }

  #drop(id: string): void {
    this.#sessions.delete(id);
    for (const message of this.#messages.values()) if (message.session === id) this.#messages.delete(message.id);
    const kept = this.#turns.filter(({ session }) => session !== id);
    this.#turns.splice(0, this.#turns.length, ...kept);
  }

  #rows(clock: Clock, isLive: SessionRows["isLive"]): SessionRows {
    return {
      session: (id) => structuredClone(this.#sessions.get(id) ?? null),
      saveSession: (session) => void this.#sessions.set(session.id, structuredClone(session)),
      dropSession: (id) => this.#drop(id),
      message: (id) => structuredClone(this.#messages.get(id) ?? null),
      addMessage: (draft) => {
        const message = { ...structuredClone(draft), place: ++this.#lastPlace };
        this.#messages.set(message.id, message);
        return message;
      },
      saveMessage: (message) => void this.#messages.set(message.id, structuredClone(message)),
      dropMessage: (id) => void this.#messages.delete(id),
      open: (session) =>
        structuredClone(
          [...this.#messages.values()]
            .filter((each) => each.state !== "answered" && (session === null || each.session === session))
            .sort((a, b) => a.place - b.place),
        ),
      turn: (session, member, n) =>
        structuredClone(
          this.#turns.find((turn) => turn.session === session && turn.member === member && turn.n === n) ?? null,
        ),
      addTurn: (turn) => void this.#turns.push(structuredClone(turn)),
      isLive,
      now: () => clock.now(),
    };
  }
}

function usedAt({ createdAt, members }: Session): number {
  return Math.max(createdAt, ...members.map(({ lastAt }) => lastAt ?? 0));
}

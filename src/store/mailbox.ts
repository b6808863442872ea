import type {
  Conversation,
  MayTake,
  Message,
  MessageDraft,
  Session,
  SessionDraft,
  Taken,
  Turn,
  TurnDraft,
} from "./session.ts";
import type { Lease } from "./lease.ts";

/** Rows of one store, inside of a transaction. What is given is a copy. */
export interface SessionRows {
  session(id: string): Session | null;
  saveSession(session: Session): void;
  /** With its messages and turns. */
  dropSession(id: string): void;
  message(id: string): Message | null;
  /** With the last place of all. */
  addMessage(message: Omit<Message, "place">): Message;
  saveMessage(message: Message): void;
  dropMessage(id: string): void;
  /** Messages that are not answered, in order of their places; null = of all sessions. */
  open(session: string | null): readonly Message[];
  turn(session: string, member: number, n: number): Turn | null;
  addTurn(turn: Turn): void;
  /** A start of a run that may still write. */
  isLive(sender: Lease, mayTake: MayTake): boolean;
  now(): number;
}

const NEW: Conversation = { turns: 0, since: 0, lastAt: null };

/** The rules of mailboxes: pure but for the rows, and the same for every store. */
export function putMessage(rows: SessionRows, lease: Lease, draft: SessionDraft, message: MessageDraft): Message {
  const { id, pool } = draft;
  const known = rows.session(id);
  const members = known?.members ?? [];
  // A pool that was made smaller keeps what its conversations said.
  const all = Array.from({ length: Math.max(pool, members.length) }, (_, index) => members[index] ?? NEW);
  rows.saveSession({ ...draft, createdAt: known?.createdAt ?? rows.now(), members: all });
  const before = rows.message(message.id);
  if (before === null)
    return rows.addMessage({
      ...message,
      session: id,
      at: rows.now(),
      state: "queued",
      sender: lease,
      isAttended: false,
      member: null,
      since: null,
      base: null,
      turn: null,
    });
  if (before.state === "answered" || isOf(before, lease)) return before;
  const again: Message = { ...before, state: "queued", sender: lease, isAttended: false };
  rows.saveMessage(again);
  return again;
}

export function takeTurn(rows: SessionRows, lease: Lease, messageId: string, mayTake: MayTake): Taken {
  const message = rows.message(messageId);
  if (message === null) return { kind: "gone" };
  const session = rows.session(message.session) as Session;
  if (message.state === "answered") return { kind: "answered", turn: answerOf(rows, message) };
  if (!isOf(message, lease)) return { kind: "gone" };
  if (message.state === "taken") return turnOf(message);
  const open = rows.open(null).filter(({ sender }) => isSame(sender, lease) || rows.isLive(sender, mayTake));
  const here = open.filter((each) => each.session === session.id && each.id !== messageId);
  const busy = new Set(here.flatMap(({ state, member }) => (state === "taken" ? [member] : [])));
  const ahead = here.filter((each) => each.state === "queued" && each.isAttended && each.place < message.place);
  const free = membersOf(session).filter((member) => !busy.has(member));
  const own = message.member;
  const isNext = own === null ? free.length > ahead.length : free.includes(own);
  if (!isNext) {
    const round = wayRound(message, open, rows);
    if (round !== null) return { kind: "cycle", sessions: round };
    if (!message.isAttended) rows.saveMessage({ ...message, isAttended: true });
    return { kind: "waits" };
  }
  const member = own ?? (free[0] as number);
  // Whoever died in a turn of this conversation begins again where it was, when it comes back.
  for (const dead of rows.open(session.id))
    if (dead.state === "taken" && dead.member === member && dead.id !== messageId)
      rows.saveMessage({ ...dead, state: "queued", isAttended: false });
  const { turns, since } = rested(rows, session, member);
  const taken: Message = {
    ...message,
    state: "taken",
    isAttended: true,
    member,
    since: message.since ?? since,
    base: message.base ?? turns,
  };
  rows.saveMessage(taken);
  return turnOf(taken);
}

export function answerMessage(rows: SessionRows, lease: Lease, messageId: string, draft: TurnDraft): Turn | null {
  const message = rows.message(messageId);
  if (message === null || message.state !== "taken" || !isOf(message, lease)) return null;
  const session = rows.session(message.session) as Session;
  const member = message.member as number;
  const { since, turns } = session.members[member - 1] as Conversation;
  const { id, from, text } = message;
  const at = rows.now();
  const turn: Turn = { ...draft, session: session.id, member, n: turns + 1, message: id, from, text, at };
  rows.addTurn(turn);
  rows.saveSession(withMember(session, member, { turns: turns + 1, since, lastAt: at }));
  rows.saveMessage({ ...message, state: "answered", turn: turns + 1 });
  return turn;
}

export function withdrawMessage(rows: SessionRows, lease: Lease, messageId: string): void {
  const message = rows.message(messageId);
  if (message !== null && message.state !== "answered" && isOf(message, lease)) rows.dropMessage(messageId);
}

/** False when there is none, or one of its conversations is in a turn. */
export function closeSession(rows: SessionRows, sessionId: string, mayTake: MayTake): boolean {
  const session = rows.session(sessionId);
  if (session === null) return false;
  if (rows.open(sessionId).some(({ state, sender }) => state === "taken" && rows.isLive(sender, mayTake))) return false;
  rows.saveSession({ ...session, members: session.members.map((each) => ({ ...each, since: each.turns })) });
  return true;
}

/** Deletes sessions of the project that were not used since; those of runs go with their runs. */
export function pruneSessions(
  rows: SessionRows,
  sessions: readonly Session[],
  olderThan: number,
  dryRun: boolean,
): number {
  const old = sessions.filter(
    ({ id, runId, createdAt, members }) =>
      runId === null &&
      Math.max(createdAt, ...members.map(({ lastAt }) => lastAt ?? 0)) < olderThan &&
      rows.open(id).length === 0,
  );
  if (!dryRun) for (const { id } of old) rows.dropSession(id);
  return old.length;
}

/** Every number of a conversation that takes messages. */
function membersOf({ pool }: Session): readonly number[] {
  return Array.from({ length: pool }, (_, index) => index + 1);
}

/** A conversation that nobody used for too long begins anew. */
function rested(rows: SessionRows, session: Session, member: number): Conversation {
  const conversation = session.members[member - 1] as Conversation;
  const { turns, since, lastAt } = conversation;
  if (session.idleMs === null || lastAt === null || since === turns || rows.now() - lastAt <= session.idleMs)
    return conversation;
  const anew = { ...conversation, since: turns };
  rows.saveSession(withMember(session, member, anew));
  return anew;
}

function withMember(session: Session, member: number, conversation: Conversation): Session {
  return {
    ...session,
    members: session.members.map((each, index) => (index === member - 1 ? conversation : each)),
  };
}

/**
 * The names of the sessions on the way from a message that would wait to its own sender; null = somebody can go on without
 * it. Whoever is in a turn goes on, unless it waits itself; a wait for a session ends with the first conversation that is free.
 */
function wayRound(message: Message, open: readonly Message[], rows: SessionRows): readonly string[] | null {
  const own = new Set<string>();
  for (let at: string | null = message.within; at !== null && !own.has(at);) {
    own.add(at);
    at = open.find(({ id }) => id === at)?.within ?? null;
  }
  if (own.size === 0) return null;
  const seen: string[] = [];
  const opens = (id: string): boolean => {
    if (seen.includes(id)) return false;
    seen.push(id);
    const holders = open.filter(({ session, state }) => session === id && state === "taken");
    return holders.length < (rows.session(id)?.pool ?? 1) || holders.some(goesOn);
  };
  const goesOn = ({ id }: Message): boolean =>
    !own.has(id) &&
    open
      .filter(({ within, state, isAttended }) => within === id && (state === "taken" || isAttended))
      .every((inner) => (inner.state === "taken" ? goesOn(inner) : opens(inner.session)));
  return opens(message.session) ? null : seen.map((id) => rows.session(id)?.name ?? id);
}

function answerOf(rows: SessionRows, { session, member, turn }: Message): Turn {
  return rows.turn(session, member as number, turn as number) as Turn;
}

function turnOf({ member, since, base }: Message): Taken {
  return { kind: "taken", member: member as number, since: since as number, base: base as number };
}

function isOf({ sender }: Message, lease: Lease): boolean {
  return isSame(sender, lease);
}

function isSame(a: Lease, b: Lease): boolean {
  return a.runId === b.runId && a.epoch === b.epoch;
}

import type { TaskResult } from "../../agent/assignment.ts";
import { nothingSpent } from "../../agent/spend.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { Redactor } from "../../run/redact.ts";
import type { EventType } from "../../run/event.ts";
import type { SessionDraft, Taken, Turn } from "../../store/session.ts";
import type { Json } from "../../util/json.ts";
import type { PastTurn, SessionAccess } from "./access.ts";

/** A message to a session, everything resolved. */
export interface Delivery {
  readonly session: SessionDraft;
  /** The sender's idempotency key: who sends it again gets the reply of the first time. */
  readonly id: string;
  /** The message in whose turn it is sent; null = it is sent outside of any. */
  readonly within: string | null;
  /** See `MessageDraft.origin`. */
  readonly origin: string | null;
  readonly text: string;
}

/** What a delivery needs of the attempt in which it happens. */
export interface DeliverySurroundings {
  readonly runId: string;
  /** For people: who sends. */
  readonly label: string;
  readonly signal: AbortSignal;
  readonly redactor: Redactor;
  readonly sessions: SessionAccess;
  /** Waits for its turn, with the slot given back; false when it was told to stop meanwhile. */
  idle(until: Promise<unknown>): Promise<boolean>;
  event(type: EventType, data: { readonly [name: string]: Json }): void;
}

/** What came of it. `turn` null = there is none, because it failed. */
export type Delivered = TaskResult & { readonly turn: Turn | null };

/**
 * Brings a message to a session and back with the reply: waits for its turn, has the agent take it (`ask` is given the turns
 * before), and commits turn, reply and mailbox together. A message that was answered is answered from the record. When the
 * turn fails the message is taken back, and the conversation is as it was. Never rejects.
 */
export async function deliver(
  delivery: Delivery,
  around: DeliverySurroundings,
  ask: (before: readonly PastTurn[]) => Promise<TaskResult>,
): Promise<Delivered> {
  const { id, session } = delivery;
  const { sessions, redactor } = around;
  const { text, within, origin } = delivery;
  const from = `${around.runId} ${around.label}`;
  if (sessions.put(session, { id, within, origin, from, text: redactor.text(text) }) === null) return stopped(around);
  let result: TaskResult | null = null;
  for (;;) {
    const taken = await takeTurn(id, around);
    if (taken === null) {
      takeBack(id, around);
      return stopped(around);
    }
    if (taken.kind === "answered") return stored(taken.turn, around);
    if (taken.kind === "cycle") {
      sessions.withdraw(id);
      return failed(cycle(taken.sessions, session.name, around.label));
    }
    if (result === null) {
      const before = sessions.turns(session.id, taken.member, taken.since, taken.base);
      if (before === null) return stopped(around);
      result = await ask(before);
    }
    if (!result.ok) {
      takeBack(id, around);
      return { ...result, turn: null };
    }
    const { output: reply, said = [], model } = result;
    const clean = redactor.value(said as unknown as Json) as unknown as typeof said;
    const end = sessions.answer(id, { said: clean, reply, model });
    if (end === null) return stopped(around);
    // Another runner took this one for dead, and its turn: it has to be its turn again.
    if (end.turn === null) {
      sessions.put(session, { id, within, origin, from, text: redactor.text(text) });
      continue;
    }
    const { member, n } = end.turn;
    around.event("session.message", { session: session.name, member, turn: n });
    return { ...result, turn: end.turn };
  }
}

/** Waits until it is the turn of a message; null when it was told to stop meanwhile. */
async function takeTurn(
  id: string,
  { sessions, signal, idle }: DeliverySurroundings,
): Promise<Extract<Taken, { kind: "taken" | "answered" | "cycle" }> | null> {
  const look = (): Taken | null => (signal.aborted ? null : sessions.take(id));
  let taken = look();
  if (taken?.kind === "waits") {
    const waiting = async (): Promise<void> => {
      while (taken?.kind === "waits") {
        await sessions.changed(signal);
        taken = look();
      }
    };
    if (!(await idle(waiting()))) return null;
  }
  return taken === null || taken.kind === "waits" || taken.kind === "gone" ? null : taken;
}

/** What was only interrupted keeps its place: it goes on when its run does. */
function takeBack(id: string, { sessions, signal }: DeliverySurroundings): void {
  if (signal.reason !== "interrupted") sessions.withdraw(id);
}

function stored(turn: Turn, around: DeliverySurroundings): Delivered {
  const reply = around.sessions.reply(turn);
  if (reply === null) return stopped(around);
  return { ok: true, output: reply.value, ...nothingSpent, model: turn.model, turn };
}

function failed(why: Failure): Delivered {
  return { ok: false, failure: why, ...nothingSpent, turn: null };
}

function stopped({ label }: DeliverySurroundings): Delivered {
  return failed(failure("cancelled", "cancelled", `'${label}' was stopped`));
}

function cycle(sessions: readonly string[], name: string, label: string): Failure {
  const way = sessions.map((each) => `'${each}'`).join(", ");
  return failure(
    "invalid",
    "session_cycle",
    `'${label}' would wait for session '${name}', and that waits for its own sender (${way}): nobody would ever answer`,
    { help: "let one of them answer without asking back, or give the question to another session" },
  );
}

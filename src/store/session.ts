import type { ValueRef } from "../run/value-ref.ts";
import type { Lease, LeaseOwner } from "./lease.ts";

/*
 * Durable conversations. How to use them:
 *
 *   put(lease, session, message)   the message is in the mailbox, once: its id is the sender's idempotency key
 *   take(lease, id, mayTake)       again and again until it is this message's turn
 *     waits      others come first, or every conversation is in a turn: ask again later
 *     taken      it is its turn: ask the agent, with the turns of `member` behind `since` and up to `base` before it
 *     answered   it was answered before: here is the reply, nobody is asked
 *     cycle      whoever it would wait for waits for its own sender
 *     gone       it is not in the mailbox (any more)
 *   answer(lease, id, turn)        turn, reply and mailbox in one transaction; false = the turn was taken over: `take` again
 *   withdraw(lease, id)            the sender gives up: the message is out of the mailbox, and leaves no trace
 *
 * A message in a turn is held by a start of a run (its lease): who holds it is dead when that lease is. Then the message
 * goes back into the mailbox and others pass it by; when its sender comes back it sends again and goes on with the very
 * conversation that it had begun with (`base`), so that what was paid in that turn is not paid again.
 *
 * A turn that itself sends (a tool, a child) names its own message in `within`: so a wait for oneself is found.
 */

/** A session as a manifest, or somebody who starts one, says it: one conversation, or a pool of them behind one mailbox. */
export interface SessionDraft {
  /** Lasting, unique over the project: `RUN/NAME` of one that lives as long as its run, `WORKFLOW/NAME` else. */
  readonly id: string;
  /** As people write it. */
  readonly name: string;
  readonly workflow: string;
  /** The file that has its agent, relative to the project, with `/`. */
  readonly manifestPath: string;
  /** The name of its agent in the plan. */
  readonly agent: string;
  readonly scope: "run" | "project";
  /** The run that it goes with; null for the project's. */
  readonly runId: string | null;
  /** How many conversations there are, from 1. */
  readonly pool: number;
  /** A conversation begins anew after so long without a turn; null = never. */
  readonly idleMs: number | null;
}

/** One of the conversations of a session. */
export interface Conversation {
  /** How many turns it ever had: they are numbered from 1, without gaps. */
  readonly turns: number;
  /** The turns up to this one belong to a conversation that was closed: they are history only. */
  readonly since: number;
  /** When its last turn ended, milliseconds since 1970; null = it had none. */
  readonly lastAt: number | null;
}

export interface Session extends SessionDraft {
  readonly createdAt: number;
  /** As many as `pool`; the first is member 1. */
  readonly members: readonly Conversation[];
}

export interface MessageDraft {
  /** Who sends twice under one id sent once. Unique over the project. */
  readonly id: string;
  /** Who sends, for people: `run-1 ask`. */
  readonly from: string;
  /** The message in whose turn it is sent; null = it is sent outside of any. */
  readonly within: string | null;
  readonly text: ValueRef;
  /** Key of the sender's attempt without its number: when that is forgotten, the message answers no more. */
  readonly origin: string | null;
}

/** A message: in the mailbox, in a turn, or answered. */
export interface Message extends MessageDraft {
  readonly session: string;
  /** Its place: whoever came earlier has a smaller one. */
  readonly place: number;
  readonly at: number;
  readonly state: "queued" | "taken" | "answered";
  /** The start of a run that sends it, and holds its turn. */
  readonly sender: Lease;
  /** Somebody waits for its turn: only such messages come before others. */
  readonly isAttended: boolean;
  /** The conversation that it was given to, from 1; null = none yet. */
  readonly member: number | null;
  /** What the conversation had when its turn began: the turns behind `since`, up to `base`. */
  readonly since: number | null;
  readonly base: number | null;
  /** The turn that answered it; null = none yet. */
  readonly turn: number | null;
}

/** What a turn gives: kept with its number. */
export interface TurnDraft {
  /** What was said in it, a list of messages as a model is sent them. */
  readonly said: ValueRef;
  readonly reply: ValueRef;
  /** The model that answered; null = not known. */
  readonly model: string | null;
}

export interface Turn extends TurnDraft {
  readonly session: string;
  readonly member: number;
  /** From 1. */
  readonly n: number;
  /** The message that it answers. */
  readonly message: string;
  readonly from: string;
  readonly text: ValueRef;
  readonly at: number;
}

export type Taken =
  | { readonly kind: "taken"; readonly member: number; readonly since: number; readonly base: number }
  | { readonly kind: "answered"; readonly turn: Turn }
  | { readonly kind: "waits" }
  /** `sessions`: the way round, by their names. */
  | { readonly kind: "cycle"; readonly sessions: readonly string[] }
  | { readonly kind: "gone" };

/** Whether the owner of a lease is dead: asked inside of a transaction, so it must be quick and not call the store. */
export type MayTake = (owner: LeaseOwner) => boolean;

/** Every call is one transaction; those with a lease throw LeaseLostError when it is lost, and then nothing was written. */
export interface SessionStore {
  /**
   * Puts a message into the mailbox of a session, which is made where there is none (else its agent, pool and idle are
   * those of the draft from now on). A message that is there is taken over by this start of the run, with its place.
   */
  put(lease: Lease, session: SessionDraft, message: MessageDraft): Message;
  take(lease: Lease, messageId: string, mayTake: MayTake): Taken;
  /** Ends the turn of a message; null = this start of the run does not hold it. */
  answer(lease: Lease, messageId: string, turn: TurnDraft): Turn | null;
  /** Takes a message that is not answered out of the mailbox; harmless when it is not there, or another start holds it. */
  withdraw(lease: Lease, messageId: string): void;
  find(sessionId: string): Session | null;
  /** All sessions, the one that was used last first. */
  list(): Session[];
  findMessage(messageId: string): Message | null;
  /** The messages that are not answered, in order of their places. */
  waiting(sessionId: string): Message[];
  /** The turns of a conversation behind `after` (default 0) up to `upTo` (default: all), in order. */
  turns(sessionId: string, member: number, range?: { readonly after?: number; readonly upTo?: number }): Turn[];
  /** Ends the conversations of a session: the next message begins new ones. False when there is none, or one is in a turn. */
  close(sessionId: string, mayTake: MayTake): boolean;
  /** Deletes sessions of the project that nobody used since, with all their turns; tells how many. */
  prune(options: { readonly olderThan: number; readonly dryRun: boolean }): number;
}

import type { Json } from "../util/json.ts";

/**
 * Version 1 of the event format; schema in schemas/event.v1.json. Readers ignore types and keys they do not know.
 * History: 1 = the first; since then `run.started` says `variant` and `retry`, `run.finished` says `score`, and an
 * attempt of a group that is retried is told as `attempt.failed`.
 */
export const EVENT_VERSION = 1;

/** The types that this version writes. */
export const eventTypes = [
  "run.started",
  "run.finished",
  "run.interrupted",
  "step.started",
  "step.succeeded",
  "step.failed",
  "step.skipped",
  "step.cancelled",
  "step.waiting",
  "item.succeeded",
  "item.failed",
  "attempt.started",
  "attempt.failed",
  "approval.requested",
  "approval.answered",
  "model.called",
  "model.substituted",
  "agent.turn",
  "context.trimmed",
  "session.message",
  "session.steered",
  "tool.called",
  "tool.finished",
  "tool.denied",
  "session.spawned",
  "session.ended",
  "budget.reserved",
  "budget.settled",
  "budget.warned",
  "circuit.opened",
  "circuit.closed",
  "artifact.stored",
  "cache.hit",
  "cache.damaged",
  "log",
] as const;

export type EventType = (typeof eventTypes)[number];

/** A fact for people and programs that watch: what happened, never the program of a resume. Redacted. */
export interface StoredEvent {
  /** 1, 2, 3, ... within the run, over all its resumes. */
  readonly seq: number;
  /** Milliseconds since 1970; printed as ISO 8601. */
  readonly at: number;
  readonly type: EventType;
  /** Path of the step, e.g. `research`, later `group/inner`. */
  readonly step?: string;
  /** Index of the item, 0-based, for the units of a `for_each`. */
  readonly item?: number;
  /** 1-based. */
  readonly attempt?: number;
  /** What else the type tells; see schemas/event.v1.json. */
  readonly data?: { readonly [name: string]: Json };
}

import type { TaskResult } from "../../agent/assignment.ts";
import { failure } from "../../run/failure.ts";
import type { SessionDraft } from "../../store/session.ts";
import { plainResult, type AttemptContext, type AttemptResult } from "../step/handler.ts";
import type { PastTurn } from "./access.ts";
import { deliver } from "./deliver.ts";

/** An attempt that gives its task to a session; `within` is the message in whose turn it does, null = in none. */
export async function inSession(
  session: SessionDraft | null,
  text: string,
  within: string | null,
  attempt: AttemptContext,
  ask: (before: readonly PastTurn[]) => Promise<TaskResult>,
): Promise<AttemptResult> {
  // The run is over.
  if (session === null) return plainResult({ ok: false, failure: failure("cancelled", "cancelled", "stopped") });
  const origin = attempt.key.replace(/\.\d+$/, "");
  const delivery = { session, id: attempt.idempotencyKey, within, origin, text };
  const { turn, ...result } = await deliver(delivery, attempt, ask);
  const extra = turn === null ? null : { session: session.name, member: turn.member, turn: turn.n };
  return { ...result, extra };
}

import type { Message } from "../../provider/provider.ts";
import type { MessageDraft, SessionDraft, Taken, Message as Letter, Turn, TurnDraft } from "../../store/session.ts";
import type { Json } from "../../util/json.ts";

/** A turn as the next ones see it. */
export interface PastTurn {
  /** The message that it answers. */
  readonly text: Json;
  readonly said: readonly Message[];
  readonly reply: Json;
}

/**
 * Sessions, as the attempts of a run use them: `store/session.ts` says in which order. Each answer is null when the run is
 * over, because its state cannot be used any more.
 */
export interface SessionAccess {
  /** A session of the plan, by its name there. */
  draft(name: string): SessionDraft | null;
  /** One that lives as long as the run and that no manifest declares; `name` is unique in the run, `agent` a name in the plan. */
  own(name: string, agent: string): SessionDraft | null;
  put(session: SessionDraft, message: Omit<MessageDraft, "text"> & { readonly text: Json }): Letter | null;
  take(messageId: string): Taken | null;
  /** `turn` null = it was taken over meanwhile. */
  answer(
    messageId: string,
    turn: Omit<TurnDraft, "said" | "reply"> & { readonly said: readonly Message[]; readonly reply: Json },
  ): { readonly turn: Turn | null } | null;
  withdraw(messageId: string): void;
  /** The turns behind `since` up to `base`, in order. */
  turns(session: string, member: number, since: number, base: number): readonly PastTurn[] | null;
  reply(turn: Turn): { readonly value: Json } | null;
  /** Settles when a mailbox may have changed, by this process or by another one. */
  changed(signal: AbortSignal): Promise<void>;
}

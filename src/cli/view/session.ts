import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import type { Message, Session, Turn } from "../../store/session.ts";
import { asText, type Json, type JsonObject } from "../../util/json.ts";

/** Lines of a text that are shown. */
const SHOWN_LINES = 40;

/** A session with what is going on in it. */
export interface SeenSession {
  readonly session: Session;
  readonly open: readonly Message[];
  /** The start of a run that is in a turn lives: by the ids of messages. */
  readonly isLive: (message: Message) => boolean;
}

/** `busy`: in a turn; `queued`: somebody waits for one; `idle`. What a dead runner left behind counts for nothing. */
export function stateOf({ open, isLive }: SeenSession): "busy" | "queued" | "idle" {
  const live = open.filter(isLive);
  if (live.some(({ state }) => state === "taken")) return "busy";
  return live.length > 0 ? "queued" : "idle";
}

/** `helpdesk  project/desk/helpdesk  support  idle  2 turns  2026-11-28 17:00`, one line a session. */
export function sessionLines(sessions: readonly SeenSession[], color: Colors): string {
  const width = (of: (one: SeenSession) => string): number => Math.max(0, ...sessions.map((one) => of(one).length));
  const ids = width(({ session }) => session.id);
  const agents = width(({ session }) => session.agent);
  return sessions
    .map((seen) => {
      const { session } = seen;
      const { id, agent, members, pool } = session;
      const state = stateOf(seen);
      const turns = members.reduce((sum, each) => sum + each.turns, 0);
      const parts = [
        printable(id).padEnd(ids),
        printable(agent).padEnd(agents),
        (state === "idle" ? color.dim : color.green)(state.padEnd(6)),
        `${turns} ${turns === 1 ? "turn" : "turns"}${pool > 1 ? ` in ${pool} conversations` : ""}`,
        color.dim(timeOf(usedAt(session))),
      ];
      return `${parts.join("  ")}\n`;
    })
    .join("");
}

export function sessionJson(seen: SeenSession): JsonObject {
  const { session, open } = seen;
  return {
    id: session.id,
    name: session.name,
    agent: session.agent,
    workflow: session.workflow,
    file: session.manifestPath,
    scope: session.scope,
    run_id: session.runId,
    state: stateOf(seen),
    created_at: new Date(session.createdAt).toISOString(),
    used_at: new Date(usedAt(session)).toISOString(),
    conversations: session.members.map(({ turns, since }, index) => ({
      member: index + 1,
      turns,
      closed_turns: since,
    })),
    waiting: open.map(({ from, state, at, member }) => ({ from, state, member, at: new Date(at).toISOString() })),
  };
}

/** The turns of a conversation for a person, the oldest first. */
export function turnLines(
  turns: readonly Turn[],
  read: (ref: Turn["text"]) => Json,
  hasTools: boolean,
  color: Colors,
): string {
  return turns
    .map((turn) => {
      const head = `${color.bold(String(turn.n))}  ${color.dim(`${timeOf(turn.at)}  from ${printable(turn.from)}`)}`;
      const tools = hasTools ? toolsOf(read(turn.said)) : [];
      const lines = [
        ...shown(asText(read(turn.text))).map((line) => `> ${line}`),
        ...tools.map((line) => color.dim(`  ${line}`)),
        ...shown(asText(read(turn.reply))),
      ];
      return `${[head, ...lines.map((line) => `   ${line}`)].join("\n")}\n`;
    })
    .join("");
}

export function turnJson(turn: Turn, read: (ref: Turn["text"]) => Json, hasTools: boolean): JsonObject {
  return {
    turn: turn.n,
    member: turn.member,
    at: new Date(turn.at).toISOString(),
    from: turn.from,
    message: read(turn.text),
    reply: read(turn.reply),
    model: turn.model,
    ...(hasTools && { messages: read(turn.said) }),
  };
}

/** `read_file {"path":"a.txt"}` for each call in a turn. */
function toolsOf(said: Json): string[] {
  const messages = said as unknown as readonly { readonly toolCalls?: readonly { name: string; input: Json }[] }[];
  return messages.flatMap(({ toolCalls = [] }) =>
    toolCalls.map(({ name, input }) => printable(`${name} ${JSON.stringify(input).slice(0, 200)}`)),
  );
}

function shown(text: string): string[] {
  const lines = text.split("\n").map(printable);
  if (lines.length <= SHOWN_LINES) return lines;
  return [...lines.slice(0, SHOWN_LINES), `... ${lines.length - SHOWN_LINES} more lines: --json shows them`];
}

/** When somebody last used it, milliseconds since 1970. */
export function usedAt({ createdAt, members }: Session): number {
  return Math.max(createdAt, ...members.map(({ lastAt }) => lastAt ?? 0));
}

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}

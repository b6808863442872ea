import type { Json, JsonObject, JsonSchema } from "../util/json.ts";
import type { ToolOutcome } from "./tool.ts";

/** What an agent wants another one to do. Plain data: it is kept with the call that said so. */
export interface SpawnOrder {
  readonly task: string;
  /** The name that the leader uses. */
  readonly agent: string;
  /** One of the names that the team has for its models; null = the agent's own. */
  readonly model: string | null;
  readonly label: string | null;
  readonly timeoutMs: number;
  /** Never weaker than the agent's own; null = that one. */
  readonly sandbox: "require" | null;
  /** JSON Schema of the result; null = text. */
  readonly output: JsonSchema | null;
  /** `session`: a conversation that lasts as long as the run; messages go on with it. */
  readonly mode: "run" | "session";
  /** The session that this is a further message for; null = it is none. */
  readonly session: string | null;
}

/** An agent that was started, as its leader sees it. */
export interface TeamMember {
  /** `AGENT@TURN.CALL`: unique among those of one leader. */
  readonly id: string;
  readonly agent: string;
  readonly label: string | null;
  /** The name of its session; null = it does its task and ends. */
  readonly session: string | null;
  /** `cancelled`: it was stopped with its leader. */
  readonly status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  /** null unless it has succeeded. */
  readonly output: Json;
  /** null unless it has failed. */
  readonly error: { readonly class: string; readonly code: string; readonly message: string } | null;
}

/** One message to a session, and its answer. */
export interface TeamTurn {
  readonly message: Json;
  readonly reply: Json;
  /** The calls of tools in it, a line each. */
  readonly tools: readonly string[];
}

/** Why one is not started: as the end of a sentence. `isDenied`: whoever wrote the workflow does not allow it. */
export interface SpawnRefusal {
  readonly reason: string;
  readonly isDenied: boolean;
}

/** The agents that an agent leads, in one attempt. */
export interface Team {
  /** Starts one; `at` is the call that asks for it. The same call has the same child, whatever happened between. */
  spawn(order: SpawnOrder, at: string): TeamMember | SpawnRefusal;
  /** Sends a message to the session of one that was started in mode `session`, as `spawn` does: the answer is its turn. */
  send(to: string, message: string, timeoutMs: number, at: string): TeamMember | SpawnRefusal;
  /** What was said in such a session, at most so many turns, the oldest first; null = there is none. */
  history(name: string, limit: number): readonly TeamTurn[] | null;
  /** One that is named by its id or label; null = there is none. */
  find(name: string): TeamMember | null;
  /** All that were started, in that order. */
  list(): readonly TeamMember[];
  /**
   * Waits until these have ended, or for so long; null when the leader was told to stop meanwhile. Those that have
   * ended count as told.
   */
  wait(ids: readonly string[], ms: number | null): Promise<readonly TeamMember[] | null>;
  /** Says something to one before its next turn; false when it is over already. */
  steer(id: string, message: string, at: string): boolean;
  /** Stops one for good; false when it is over already. */
  kill(id: string): boolean;
  /** What of a recorded call's outcome is the team's: whom it started, what it said to whom, of whose end it told. */
  recall(outcome: Pick<ToolOutcome, "spawned" | "steered" | "told">, at: string): void;
  /** There are some of whose end it was not told. */
  readonly hasUntold: boolean;
  /** Waits for all that are at work, and gives those that have ended and were not told of; null as of `wait`. */
  rest(): Promise<readonly TeamMember[] | null>;
}

/** True for a refusal. */
export function isRefusal(answer: TeamMember | SpawnRefusal): answer is SpawnRefusal {
  return "reason" in answer;
}

/** Of a result that its leader is told; `longest` bounds the JSON of its output, in bytes. */
export function memberJson(member: TeamMember, longest: number): JsonObject {
  const { id, agent, label, session, status, output, error } = member;
  const shown = JSON.stringify(output);
  const isLong = Buffer.byteLength(shown) > longest;
  const cut = `${Buffer.from(shown).subarray(0, longest).toString("utf8")} [cut here: ${Buffer.byteLength(shown)} bytes]`;
  return {
    id,
    agent,
    ...(label === null ? {} : { label }),
    ...(session === null ? {} : { mode: "session" }),
    status,
    ...(status === "succeeded" ? { output: isLong ? cut : output } : {}),
    ...(error === null ? {} : { error: { ...error } }),
  };
}

/** Results as a leader reads them: a JSON list, each bounded so that all of them fit. */
export function membersText(members: readonly TeamMember[], longestText: number): string {
  const each = Math.max(1024, Math.floor((longestText * 0.8) / Math.max(1, members.length)));
  return JSON.stringify(members.map((member) => memberJson(member, each)));
}

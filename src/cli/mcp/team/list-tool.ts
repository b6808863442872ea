import { hasState } from "../../../compose.ts";
import { readValue } from "../../../engine/local/stored-value.ts";
import type { Session } from "../../../store/session.ts";
import type { Store } from "../../../store/store.ts";
import { systemClock } from "../../../util/clock.ts";
import type { Json } from "../../../util/json.ts";
import { see } from "../../commands/sessions.ts";
import { openForReading } from "../../find-run.ts";
import { findSession } from "../../find-session.ts";
import { standing } from "../../standing.ts";
import { sessionJson, turnJson, usedAt } from "../../view/session.ts";
import type { McpHost, McpTool } from "../host.ts";

const USUAL_LIMIT = 20;

interface ListArguments {
  readonly kinds?: readonly ("run" | "session")[];
  readonly active_minutes?: number;
  readonly limit?: number;
  readonly message_limit?: number;
}

/** `muster sessions list`, and the agents that were started on a task. */
export function listTool(host: McpHost): McpTool {
  return {
    name: "sessions_list",
    title: "List sessions and agents",
    description:
      "The conversations of this project, and the agents that were started on a task, those that were used last first.",
    properties: {
      kinds: { type: "array", items: { enum: ["run", "session"] }, description: "Which; both where it is left out" },
      active_minutes: { type: "number", minimum: 0, description: "Those that were used in so many minutes" },
      limit: {
        type: "integer",
        minimum: 1,
        maximum: 1000,
        description: `At most so many of each. Default ${USUAL_LIMIT}`,
      },
      message_limit: {
        type: "integer",
        minimum: 0,
        maximum: 100,
        description: "With so many of their last messages. Default 0",
      },
    },
    isReadOnly: true,
    async call(given) {
      const {
        kinds = ["run", "session"],
        active_minutes: minutes,
        limit = USUAL_LIMIT,
        message_limit: messages = 0,
      } = given as ListArguments;
      if (!hasState(host.project)) return { sessions: [], runs: [] };
      const since = minutes === undefined ? 0 : systemClock.now() - minutes * 60_000;
      const store = openForReading(host.project);
      try {
        const sessions = kinds.includes("session") ? store.sessions.list().filter((one) => usedAt(one) >= since) : [];
        const runs = kinds.includes("run") ? store.listRuns({ limit: 1000 }).filter(isOfAgent) : [];
        return {
          sessions: sessions.slice(0, limit).map((session) => ({
            ...sessionJson(see(store, session)),
            ...(messages === 0 ? {} : { messages: lastTurns(store, session, messages, false) }),
          })),
          runs: runs
            .filter((run) => run.startedAt >= since || standing(run) === "running")
            .slice(0, limit)
            .map((run) => ({
              id: run.runId,
              workflow: run.workflow,
              status: standing(run),
              started_at: new Date(run.startedAt).toISOString(),
            })),
        };
      } finally {
        store.close();
      }
    },
  };
}

/** A run that was started for one task of one agent. */
function isOfAgent({ frozen }: ReturnType<Store["listRuns"]>[number]): boolean {
  const choice = (frozen as { readonly choice?: { readonly delivery?: object | null } }).choice;
  return choice?.delivery !== undefined && choice.delivery !== null && "agent" in choice.delivery;
}

/** `muster sessions history` */
export function historyTool(host: McpHost): McpTool {
  return {
    name: "sessions_history",
    title: "Read a session",
    description: "What was said in a conversation, the oldest first.",
    properties: {
      session: { type: "string", description: "Its name or id, as sessions_list tells them" },
      limit: {
        type: "integer",
        minimum: 1,
        maximum: 1000,
        description: `At most so many turns, the last ones. Default ${USUAL_LIMIT}`,
      },
      include_tools: { type: "boolean", description: "With the calls of tools in each turn" },
    },
    required: ["session"],
    isReadOnly: true,
    async call(given) {
      const {
        session: name,
        limit = USUAL_LIMIT,
        include_tools: hasTools = false,
      } = given as {
        readonly session: string;
        readonly limit?: number;
        readonly include_tools?: boolean;
      };
      const store = openForReading(host.project);
      try {
        const session = findSession(store, name);
        return { session: session.id, agent: session.agent, turns: lastTurns(store, session, limit, hasTools) };
      } finally {
        store.close();
      }
    },
  };
}

function lastTurns(store: Store, { id, members }: Session, limit: number, hasTools: boolean): readonly Json[] {
  return members
    .flatMap((_, index) => store.sessions.turns(id, index + 1))
    .sort((a, b) => a.at - b.at || a.member - b.member || a.n - b.n)
    .slice(-limit)
    .map((turn) => turnJson(turn, (ref) => readValue(store, ref), hasTools));
}

import { teamToolTable, type TeamToolName } from "../plan/tool-table.ts";
import { asText, isJsonObject, type JsonObject } from "../util/json.ts";
import { argumentsOf, type Arguments } from "../tool/spec.ts";
import { bounded, denied, refused, type Tool, type ToolOutcome } from "../tool/tool.ts";
import { isRefusal, memberJson, membersText, type SpawnOrder, type Team } from "../tool/team.ts";

/** What a child may take where nobody says, and at most. Seconds. */
const USUAL_SECONDS = 600;
const LONGEST_SECONDS = 24 * 3600;
/** The longest task and label, in characters, and the largest schema, in characters of JSON. */
const LONGEST_TASK = 256 * 1024;
const LONGEST_LABEL = 100;
const LARGEST_SCHEMA = 32 * 1024;

export interface TeamToolOptions {
  readonly team: Team;
  /** Whom the agent may start, by the names that it uses. */
  readonly agents: readonly string[];
  /** The models that it may name. */
  readonly models: readonly string[];
  /** Why a schema cannot be used; null = it can. */
  readonly schemaProblem: (schema: JsonObject) => string | null;
  /** The longest text that a call gives back, in bytes. */
  readonly longestText: number;
  /** What of those whom the agent may start decides on their answers, as a digest. */
  readonly bound: string;
}

/** The tools by which an agent leads others. */
export function createTeamTools(options: TeamToolOptions): readonly Tool[] {
  const { bound } = options;
  return [spawnTool, waitTool, sendTool, listTool, historyTool, manageTool].map((tool) => ({
    ...tool(options),
    bound,
  }));
}

function spawnTool({ team, agents, models, schemaProblem }: TeamToolOptions): Tool {
  const properties: JsonObject = {
    task: {
      type: "string",
      minLength: 1,
      maxLength: LONGEST_TASK,
      description: "All that it has to know: it sees nothing of this conversation.",
    },
    agent: { enum: [...agents], description: "Who does it." },
    ...(models.length === 0
      ? {}
      : { model: { enum: [...models], description: "The model to use, where not the agent's own." } }),
    label: { type: "string", minLength: 1, maxLength: LONGEST_LABEL, description: "A short name for people." },
    mode: {
      enum: ["run", "session"],
      description:
        "`run`, the default: it does the task and ends. `session`: it remembers, and sessions_send goes on with it.",
    },
    timeout: {
      type: "integer",
      minimum: 1,
      maximum: LONGEST_SECONDS,
      description: `Seconds; ${USUAL_SECONDS} where it is left out.`,
    },
    sandbox: { enum: ["require"], description: "Its commands run in a sandbox or not at all." },
    output_schema: { type: "object", description: "JSON Schema of its result; a text where it is left out." },
  };
  const required = agents.length === 1 ? ["task"] : ["task", "agent"];
  return toolFor(
    "sessions_spawn",
    "Starts another agent on a task, beside you. Answers at once with its id. You are given its result by sessions_wait, or before you are done.",
    properties,
    required,
    async (input, at) => {
      const schema = input.all["output_schema"];
      const output = isJsonObject(schema) ? schema : null;
      if (output !== null && JSON.stringify(output).length > LARGEST_SCHEMA)
        return refused("`output_schema` is too large");
      const problem = output === null ? null : schemaProblem(output);
      if (problem !== null) return refused(`\`output_schema\` cannot be used: ${problem}`);
      const order: SpawnOrder = {
        task: input.text("task"),
        agent: input.text("agent", agents[0]),
        model: optional(input, "model"),
        label: optional(input, "label"),
        timeoutMs: Number(input.all["timeout"] ?? USUAL_SECONDS) * 1000,
        sandbox: input.text("sandbox") === "require" ? "require" : null,
        output,
        mode: input.text("mode") === "session" ? "session" : "run",
        session: null,
      };
      const started = team.spawn(order, at);
      if (isRefusal(started))
        return started.isDenied ? denied(started.reason) : refused(`not started: ${started.reason}`);
      const { id, status } = started;
      return { text: JSON.stringify({ id, status }), spawned: { ...order } };
    },
  );
}

function waitTool({ team, longestText }: TeamToolOptions): Tool {
  return toolFor(
    "sessions_wait",
    "Waits for agents that you have started, and gives their results.",
    {
      ids: { type: "array", items: { type: "string" }, description: "Whose; of all where it is left out." },
      timeout: {
        type: "integer",
        minimum: 0,
        maximum: LONGEST_SECONDS,
        description: "Seconds; until they are done where it is left out.",
      },
    },
    [],
    async (input) => {
      const written = input.all["ids"];
      const names = Array.isArray(written) ? written.map(String) : team.list().map(({ id }) => id);
      const unknown = names.find((name) => team.find(name) === null);
      if (unknown !== undefined) return refused(nobody(unknown, team));
      if (names.length === 0) return refused("you have started nobody");
      const timeout = input.all["timeout"];
      const ids = [...new Set(names.map((name) => team.find(name)?.id ?? name))];
      const members = await team.wait(ids, timeout === undefined ? null : Number(timeout) * 1000);
      if (members === null) return refused("stopped");
      const told = members.filter(({ status }) => status === "succeeded" || status === "failed").map(({ id }) => id);
      return { text: membersText(members, longestText), told };
    },
  );
}

function sendTool({ team, longestText }: TeamToolOptions): Tool {
  return toolFor(
    "sessions_send",
    "Sends a message to one that you have started in mode session, and gives its reply. Each message counts as one that you start.",
    {
      to: { type: "string", description: "Its id or label." },
      message: { type: "string", minLength: 1, maxLength: LONGEST_TASK, description: "What to say." },
      timeout: {
        type: "integer",
        minimum: 1,
        maximum: LONGEST_SECONDS,
        description: `Seconds; ${USUAL_SECONDS} where it is left out.`,
      },
    },
    ["to", "message"],
    async (input, at) => {
      const timeoutMs = Number(input.all["timeout"] ?? USUAL_SECONDS) * 1000;
      const sent = team.send(input.text("to"), input.text("message"), timeoutMs, at);
      if (isRefusal(sent)) return sent.isDenied ? denied(sent.reason) : refused(`not sent: ${sent.reason}`);
      const [turn] = (await team.wait([sent.id], null)) ?? [];
      if (turn === undefined) return refused("stopped");
      const told = [turn.id];
      if (turn.error !== null) return { ...refused(`no reply: ${turn.error.message}`), told };
      return { text: bounded(asText(turn.output), longestText), told };
    },
  );
}

function historyTool({ team, longestText }: TeamToolOptions): Tool {
  return toolFor(
    "sessions_history",
    "What was said in a session that you have started, the oldest first.",
    {
      session: { type: "string", description: "The id or label of who answers in it." },
      limit: { type: "integer", minimum: 1, maximum: 1000, description: "The last so many; 20 where it is left out." },
      include_tools: { type: "boolean", description: "With the calls of tools." },
    },
    ["session"],
    async (input) => {
      const turns = team.history(input.text("session"), Number(input.all["limit"] ?? 20));
      if (turns === null) return refused(nobody(input.text("session"), team));
      const shown = turns.map(({ message, reply, tools }) => ({
        message,
        reply,
        ...(input.flag("include_tools") ? { tools: [...tools] } : {}),
      }));
      return { text: bounded(JSON.stringify(shown), longestText, "ask for fewer") };
    },
  );
}

function listTool({ team, longestText }: TeamToolOptions): Tool {
  return toolFor(
    "sessions_list",
    "Lists the agents that you have started, and how far they are.",
    {},
    [],
    async () => ({
      text: JSON.stringify(team.list().map((member) => memberJson({ ...member, output: null }, longestText))),
    }),
  );
}

function manageTool({ team, longestText }: TeamToolOptions): Tool {
  return toolFor(
    "subagents",
    "Lists the agents that you have started, says something to one before its next turn, or stops one.",
    {
      action: { enum: ["list", "steer", "kill"] },
      target: { type: "string", description: "Its id or label, for `steer` and `kill`." },
      message: { type: "string", minLength: 1, maxLength: LONGEST_TASK, description: "What to say, for `steer`." },
    },
    ["action"],
    async (input, at) => {
      if (input.text("action") === "list")
        return {
          text: JSON.stringify(team.list().map((member) => memberJson({ ...member, output: null }, longestText))),
        };
      const member = team.find(input.text("target"));
      if (member === null) return refused(nobody(input.text("target"), team));
      if (input.text("action") === "steer") {
        const message = input.text("message");
        if (message === "") return refused("say what: `message`");
        if (!team.steer(member.id, message, at)) return refused(`${member.id} is over already`);
        return { text: `said to ${member.id} before its next turn`, steered: { id: member.id, message } };
      }
      return team.kill(member.id) ? { text: `stopped ${member.id}` } : refused(`${member.id} is over already`);
    },
  );
}

function nobody(name: string, team: Team): string {
  const ids = team.list().map(({ id }) => id);
  return `you have started no '${name}': there ${ids.length === 0 ? "is nobody" : `are ${ids.join(", ")}`}`;
}

function optional(input: Arguments, name: string): string | null {
  const text = input.text(name);
  return text === "" ? null : text;
}

function toolFor(
  name: TeamToolName,
  description: string,
  properties: JsonObject,
  required: readonly string[],
  does: (input: Arguments, at: string) => Promise<ToolOutcome>,
): Tool {
  const inputSchema = { type: "object", properties, required: [...required], additionalProperties: false };
  return {
    name,
    effect: teamToolTable[name].effect,
    spec: { name, description, inputSchema },
    run: (input, _context, at) => does(argumentsOf(input), at),
  };
}

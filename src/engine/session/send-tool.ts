import { refusalOf, type Grant } from "../../plan/permissions.ts";
import { childDigest } from "../../plan/step-digest.ts";
import type { PlannedAddressee, PlannedStep } from "../../plan/types.ts";
import { toolOf } from "../../tool/spec.ts";
import { bounded, denied, refused, type Tool, type ToolOutcome } from "../../tool/tool.ts";
import { digestOf } from "../../util/digest.ts";
import { asText } from "../../util/json.ts";
import type { AttemptContext, PrepareContext } from "../step/handler.ts";
import type { PrepareChild } from "../step/team.ts";

/** How long a reply is waited for where the model does not say, and at most. Seconds. */
const USUAL_SECONDS = 300;
const LONGEST_SECONDS = 3600;

/** The longest message, in characters. */
const LONGEST_MESSAGE = 256 * 1024;

export interface SendToolOptions {
  /** Whom the agent may write to, by the names that it uses. */
  readonly sends: { readonly [name: string]: PlannedAddressee };
  /** What the agent may touch. */
  readonly grant: Grant;
  readonly context: PrepareContext;
  /** The step that the sender works for. */
  readonly step: PlannedStep;
  readonly attempt: AttemptContext;
  /** How deep the sender is: `uses` and `spawn` together. */
  readonly depth: number;
  /** The message in whose turn the sender is; null = it is in none. */
  readonly within: string | null;
  /** How many messages it may send in one task: what a plan counts with. */
  readonly mostMessages: number;
  readonly prepare: PrepareChild;
}

/**
 * The tool by which an agent writes to a session and reads the reply. The session's turn is an agent at work for the
 * sender's attempt: it has facts of its own, and the budgets around the sender count it.
 */
export function createSendTool(options: SendToolOptions): Tool {
  const { sends, grant, mostMessages } = options;
  const names = Object.keys(sends);
  let sent = 0;
  const tool = toolOf(
    "send_message",
    "Sends a message to another agent's lasting conversation, and gives its reply. It remembers what was said to it before, and sees nothing of this conversation.",
    {
      to: { enum: names, description: "Which conversation." },
      message: { type: "string", minLength: 1, maxLength: LONGEST_MESSAGE, description: "All that it has to know." },
      timeout: {
        type: "integer",
        minimum: 1,
        maximum: LONGEST_SECONDS,
        description: `How long to wait for the reply, in seconds; ${USUAL_SECONDS} where it is left out.`,
      },
    },
    ["to", "message"],
    async (input, { longestText }, at) => {
      const to = input.text("to");
      const reason = refusalOf(grant, { kind: "session", session: to });
      if (reason !== null) return denied(reason);
      sent += 1;
      if (sent > mostMessages)
        return refused(`not sent: ${mostMessages} messages are the most in one task (\`max_turns\`)`);
      const waitMs = Number(input.all["timeout"] ?? USUAL_SECONDS) * 1000;
      return send(to, input.text("message"), waitMs, at, longestText, options);
    },
  );
  return { ...tool, bound: boundOf(options) };
}

async function send(
  to: string,
  text: string,
  waitMs: number,
  at: string,
  longestText: number,
  options: SendToolOptions,
): Promise<ToolOutcome> {
  const { sends, context, attempt, prepare, within } = options;
  const { session, agent } = sends[to] as PlannedAddressee;
  const step = turnOf(options.step, { session, agent, text, waitMs, id: `${to}@${at}` });
  const child = { depth: options.depth, sandbox: context.child?.sandbox ?? null, within };
  const work = prepare(step, { ...context, unit: null, child });
  if (!work.ok) return refused(`not sent: ${work.error.message}`);
  const fingerprint = digestOf({ session, text, bound: boundOf(options) });
  const turn = attempt.children.start({ at, agent, step, work: work.value, fingerprint, label: to, task: text });
  if (!(await attempt.children.wait([turn], null))) {
    turn.stop(attempt.signal.reason === "interrupted" ? "interrupted" : "cancelled");
    await turn.ended;
    return refused("stopped");
  }
  const { end } = turn;
  if (end === null) return refused("stopped");
  if (!end.ok) return refused(`no reply: ${end.failure.message}`);
  return { text: bounded(asText(end.output), longestText) };
}

/** What of those whom the agent may write to decides on their answers. */
function boundOf({ sends, context: { plan } }: SendToolOptions): string {
  return digestOf(
    Object.entries(sends).map(([name, { agent }]) => [
      name,
      childDigest(plan, agent, plan.agents[agent]?.models ?? []),
    ]),
  );
}

interface TurnPlace {
  readonly id: string;
  readonly session: string;
  readonly agent: string;
  readonly text: string;
  readonly waitMs: number;
}

/** The turn of a session, as a step: its message is a text, and nothing in it is an expression. */
function turnOf(step: PlannedStep, { id, session, agent, text, waitMs }: TurnPlace): PlannedStep {
  const { files: _files, cache: _cache, handoff: _handoff, ...around } = step;
  return {
    ...around,
    id,
    description: null,
    body: {
      kind: "agent",
      agent,
      session,
      send: { waitMs },
      task: { kind: "literal", value: text },
      models: null,
      modelsByItem: null,
    },
    condition: null,
    fan: null,
    retry: { ...around.retry, maxAttempts: 1 },
    timeoutMs: waitMs,
    onError: { kind: "fail" },
    output: null,
    // What was said and done in the turn is on the record.
    effect: "idempotent",
    isFinally: false,
    repeat: null,
    fallback: [],
    simulate: null,
  };
}

import { RequestError } from "../../../library/request-error.ts";
import type { AgentDelivery, SessionDelivery } from "../../../plan/delivery.ts";
import { createSchemaCheck } from "../../../util/schema-check.ts";
import type { JsonObject } from "../../../util/json.ts";
import type { McpHost, McpTool } from "../host.ts";
import { inputsProperty } from "../plan-tool.ts";
import { fileProperty, validFor, type WorkflowArguments } from "../workflow-of.ts";
import { startDelivery } from "./deliver.ts";

interface SpawnArguments extends WorkflowArguments {
  readonly task: string;
  readonly agent: string;
  readonly model?: string;
  readonly mode?: "run" | "session";
  readonly label?: string;
  readonly timeout?: number;
  readonly output_schema?: JsonObject;
  readonly inputs?: JsonObject;
}

/** Starts an agent of the file on a task, or in a conversation that lasts. */
export function spawnTool(host: McpHost): McpTool {
  return {
    name: "sessions_spawn",
    title: "Start an agent",
    description:
      "Starts an agent of the workflow file on a task and answers at once with an id; sessions_wait gives its result. With mode session it is a conversation that lasts and remembers: sessions_send goes on with it. Permissions, limits and budget are those of the file.",
    properties: {
      ...fileProperty(host),
      task: { type: "string", minLength: 1, description: "All that it has to know" },
      agent: { type: "string", description: "Its name under `agents` in the file" },
      model: {
        type: "string",
        description: "PROVIDER/MODEL of one that an agent of the file asks, in place of its own",
      },
      mode: { enum: ["run", "session"], description: "`run`, the default: it does the task and ends" },
      label: {
        type: "string",
        pattern: "^[a-z][a-z0-9_-]{0,63}$",
        description: "A short name; of a session its lasting one",
      },
      timeout: { type: "integer", minimum: 1, maximum: 86400, description: "Seconds; 600 where it is left out" },
      output_schema: {
        type: "object",
        description: "JSON Schema of its result, for mode run; a text where it is left out",
      },
      ...inputsProperty,
    },
    required: ["task", "agent"],
    isReadOnly: false,
    async call(given) {
      const { workflow, task, agent, mode = "run", inputs } = given as unknown as SpawnArguments;
      const delivery =
        mode === "session"
          ? await sessionOf(host, given as unknown as SpawnArguments)
          : agentOf(given as unknown as SpawnArguments);
      const id = await startDelivery(host, workflow, delivery, inputs);
      const session = "session" in delivery ? (delivery.existing?.existing?.id ?? null) : null;
      return { id, status: "running", agent, mode, task, ...(session === null ? {} : { session }) };
    },
  };
}

function agentOf({ agent, task, model, output_schema: output, timeout, label }: SpawnArguments): AgentDelivery {
  if (output !== undefined) checkSchema(output);
  return {
    agent,
    text: task,
    model: model ?? null,
    output: output ?? null,
    timeoutMs: timeout === undefined ? null : timeout * 1000,
    label: label ?? null,
  };
}

/** A session of the file by its label, or a new one of the project for any of its agents. */
async function sessionOf(host: McpHost, given: SpawnArguments): Promise<SessionDelivery> {
  const { workflow, agent, task, label, timeout, model, output_schema: output } = given;
  if (output !== undefined || model !== undefined)
    throw new RequestError([
      "a session answers with text, by the model of its agent: leave `output_schema` and `model` out",
    ]);
  const { plan } = await validFor(host, workflow === undefined ? {} : { workflow });
  const name = label ?? agent;
  const waitMs = timeout === undefined ? null : timeout * 1000;
  const declared = Object.hasOwn(plan.sessions ?? {}, name) ? plan.sessions?.[name] : undefined;
  if (declared !== undefined && declared.agent !== agent)
    throw new RequestError([
      `in session '${name}' agent '${declared.agent}' answers: take another label, or that agent`,
    ]);
  if (declared?.scope === "project") return { session: name, text: task, existing: null, waitMs };
  const owner = plan.workflow.name;
  const existing = { id: `project/${owner}/${name}`, runId: null };
  return {
    session: name,
    text: task,
    existing: { agent, workflow: owner, scope: "project", pool: 1, idleMs: null, existing },
    waitMs,
  };
}

function checkSchema(schema: JsonObject): void {
  try {
    createSchemaCheck()(schema, null);
  } catch (error) {
    throw new RequestError([`output_schema cannot be used: ${(error as Error).message}`]);
  }
}

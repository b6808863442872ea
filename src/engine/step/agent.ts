import type { TaskResult, TaskSurroundings } from "../../agent/assignment.ts";
import { nothingSpent } from "../../agent/spend.ts";
import { runTask } from "../../agent/task.ts";
import type { Toolbox } from "../../agent/toolbox.ts";
import type { PlannedModel } from "../../plan/types.ts";
import type { Provider, ToolSpec } from "../../provider/provider.ts";
import { createDriver } from "../driver/driver.ts";
import { prepareProgram, type ProgramSurroundings } from "../driver/program.ts";
import { grantOf, narrowed, type Grant } from "../../plan/permissions.ts";
import { modelsOf, teamDigest } from "../../plan/step-digest.ts";
import type { PlannedSpawn, PlannedStep, PlannedTools } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { createTeamTools } from "../../agent/team-tools.ts";
import type { OpenServer, ReachedServer } from "../../tool/tool-server.ts";
import type { Tool, ToolContext } from "../../tool/tool.ts";
import { asText, type JsonObject } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { prepareServers } from "./agent-servers.ts";
import { expressionFailure } from "./expression-failure.ts";
import type { PastTurn } from "../session/access.ts";
import { createSendTool } from "../session/send-tool.ts";
import { historyOf } from "../session/history.ts";
import { inSession } from "../session/in-session.ts";
import type { AttemptContext, PrepareContext, StepHandler, Work } from "./handler.ts";
import { AgentTeam, type PrepareChild } from "./team.ts";

export interface AgentStepOptions extends Pick<TaskSurroundings, "check"> {
  /** Who answers for a model; `program` is who does where the agent is a program, unless nobody live is asked. */
  readonly providerFor: (model: PlannedModel, program?: Provider) => Provider;
  /** Who answers for a model through its batch endpoint. */
  readonly batchProviderFor: TaskSurroundings["providerFor"];
  /** How programs are started; its workspace is that of units that have no folder of their own. */
  readonly programs: ProgramSurroundings;
  /** The tools that there are. */
  readonly tools: readonly Tool[];
  /** An MCP server for one attempt. */
  readonly openServer: (server: ReachedServer) => OpenServer;
}

/** `agent` steps: one agent does one task with the first model of its chain that answers. */
export function createAgentStep(options: AgentStepOptions): StepHandler {
  return { prepare: (step, context) => prepareAgent(step, context, options) };
}

/** What an agent is to do, for a step or for another agent. */
function prepareAgent(
  step: PlannedStep,
  context: PrepareContext,
  options: AgentStepOptions,
): Result<Extract<Work, { readonly kind: "later" }>, Failure> {
  const { plan, evaluator, values, unit, resources, grant } = context;
  const { body } = step;
  const models = modelsOf(plan, step, unit);
  const [first] = models;
  if (body.kind !== "agent" || body.agent === null || first === undefined)
    return err(failure("internal", "bug", "not an agent step"));
  const instructions = plan.agents[body.agent]?.instructions ?? null;
  const system = instructions === null ? null : evaluator.evaluate(instructions, values, undefined, resources);
  if (system !== null && !system.ok) return err(expressionFailure("instructions", body.agent, system.error));
  const prompt = evaluator.evaluate(body.task, values, undefined, resources);
  if (!prompt.ok) return err(expressionFailure("task", step.id, prompt.error));
  if (asText(prompt.value).trim() === "") {
    return err(
      failure("invalid", "empty_task", `the task of '${step.id}' is empty`, {
        help: "look at the values that it is made of",
      }),
    );
  }
  const task = {
    system: system === null ? null : asText(system.value),
    prompt: asText(prompt.value),
    models,
    output: step.output,
    isBatch: body.batchApi === true,
  };
  const tools = plan.agents[body.agent]?.tools;
  const driver = plan.agents[body.agent]?.driver;
  const program = driver === undefined ? ok(null) : prepareProgram(body.agent, driver, context, task.prompt);
  if (!program.ok) return program;
  const { value: driverProgram } = program;
  const servers = prepareServers(body.agent, tools, context);
  if (!servers.ok) return servers;
  const { value: reached } = servers;
  const outer = context.child?.within ?? null;
  const own = context.child?.session ?? null;
  const { agent } = body;
  return ok({
    kind: "later",
    model: first.id,
    isWaiting: false,
    // Its calls are facts: they tell what was done.
    ...((tools !== undefined || body.session !== undefined || own !== null) && { goesOnInside: true }),
    asked: () => ({ ...(task.system === null ? {} : { instructions: task.system }), task: task.prompt }),
    run: async (attempt) => {
      const ask = (before: readonly PastTurn[]) => answer(attempt, before);
      if (body.session !== undefined)
        return inSession(attempt.sessions.draft(body.session), task.prompt, outer, attempt, ask);
      if (own !== null) return inSession(attempt.sessions.own(own, agent), task.prompt, outer, attempt, ask);
      return { extra: null, ...(await answer(attempt, null)) };
    },
  });

  async function answer(attempt: AttemptContext, before: readonly PastTurn[] | null): Promise<TaskResult> {
    const refused = await attempt.gate.begin();
    if (refused !== null) return { ok: false, failure: refused, ...nothingSpent };
    const driven =
      driver === undefined || driverProgram === null
        ? undefined
        : createDriver(driver, driverProgram, grant, attempt, options.programs);
    const providerFor = task.isBatch
      ? options.batchProviderFor
      : (model: PlannedModel) => options.providerFor(model, driven);
    const open = reached.map((server) => options.openServer(server));
    // In a turn of a session its message is what others who are asked in its course hang on.
    const within = before === null ? outer : attempt.idempotencyKey;
    const box = tools === undefined ? null : toolboxOf(tools, open, within, step, context, attempt, options);
    const surroundings = { ...attempt, check: options.check, providerFor };
    const past = before === null ? {} : { before: historyOf(before, tools !== undefined), keepsLast: true };
    const unready = box === null || attempt.goesOn ? null : await firstUnready(open, box.context);
    const result: TaskResult =
      unready === null
        ? await runTask({ ...task, ...(box !== null && { tools: box }), ...past }, surroundings)
        : { ok: false, failure: unready, ...nothingSpent };
    await Promise.all(open.map((server) => server.close()));
    await box?.team?.close();
    await driven?.close();
    attempt.gate.end(result.ok ? null : result.failure);
    return result;
  }
}

/** `web_search` as the provider has it: it is not ours to do. */
const SERVED_SEARCH: ToolSpec = {
  name: "web_search",
  description: "Searches the web.",
  inputSchema: { type: "object" },
  isServed: true,
};

/** What is wrong with servers is known before a token is spent, but where the conversation only goes on. */
async function firstUnready(servers: readonly OpenServer[], context: ToolContext): Promise<Failure | null> {
  const failures = await Promise.all(servers.map((server) => server.ready(context)));
  return failures.find((why) => why !== null) ?? null;
}

/** The tools of an agent, for one attempt: within the caps around the step, and its own permissions. */
function toolboxOf(
  planned: PlannedTools,
  servers: readonly OpenServer[],
  within: string | null,
  step: PlannedStep,
  context: PrepareContext,
  attempt: AttemptContext,
  options: AgentStepOptions,
): Toolbox & { readonly team?: AgentTeam } {
  const { names, permissions, resources, maxTurns } = planned;
  const grant = narrowed(context.grant, grantOf(permissions));
  const { search } = planned;
  const own = names
    .filter((name) => name !== "web_search" || search === "endpoint")
    .flatMap((name) => options.tools.find((tool) => tool.name === name) ?? []);
  const lead =
    planned.spawn === undefined ? null : leadOf(planned, planned.spawn, within, step, context, attempt, grant, options);
  const prepare: PrepareChild = (child, inside) => prepareAgent(child, inside, options);
  const { sends } = planned;
  const depth = context.child?.depth ?? usesAround(context);
  const sending = { grant, context, step, attempt, depth, within, mostMessages: maxTurns, prepare };
  const send = sends === undefined ? [] : [createSendTool({ ...sending, sends })];
  const tools = [...own, ...send, ...servers.flatMap((server) => server.tools), ...(lead?.tools ?? [])];
  const { state } = attempt;
  return {
    tools,
    specs: tools
      .filter(({ name }) => lead?.team.maySpawn !== false || name !== "sessions_spawn")
      .map(({ spec }) => spec)
      .concat(search === "provider" ? [SERVED_SEARCH] : []),
    maxTurns,
    ...(lead !== null && { team: lead.team }),
    context: {
      grant,
      workspace: attempt.folder ?? options.programs.workspace,
      signal: attempt.signal,
      longestText: resources.outputBytes,
      seen: new Map(),
      state: {
        get: (key) => state.get("project", key),
        list: (prefix, limit) => state.list("project", prefix, limit),
        change(change) {
          const outcome = state.changeNow("project", change);
          return outcome === null ? null : outcome.kind === "changed";
        },
      },
      program: {
        env: {
          MUSTER_RUN_ID: attempt.runId,
          MUSTER_STEP: attempt.label,
          MUSTER_IDEMPOTENCY_KEY: attempt.idempotencyKey,
          ...(attempt.trace === undefined ? {} : { TRACEPARENT: attempt.trace }),
        },
        sandbox: context.child?.sandbox ?? planned.sandbox,
        memoryBytes: resources.memoryBytes,
        cpuMs: resources.cpuMs,
        processes: resources.processes,
      },
    },
  };
}

/** The agents that an attempt of an agent may lead, and the tools by which it does. */
function leadOf(
  { resources }: PlannedTools,
  spawn: PlannedSpawn,
  within: string | null,
  step: PlannedStep,
  context: PrepareContext,
  attempt: AttemptContext,
  grant: Grant,
  options: AgentStepOptions,
): { readonly team: AgentTeam; readonly tools: readonly Tool[] } {
  const depth = context.child?.depth ?? usesAround(context);
  const prepare: PrepareChild = (child, inside) => prepareAgent(child, inside, options);
  const team = new AgentTeam({ spawn, step, context, grant, attempt, depth, within, prepare });
  const tools = createTeamTools({
    team,
    agents: Object.keys(spawn.agents),
    models: Object.keys(spawn.models),
    schemaProblem: (schema) => schemaProblem(schema, options.check),
    longestText: resources.outputBytes,
    bound: teamDigest(context.plan, spawn),
  });
  return { team, tools };
}

/** How many workflows are around a step. */
function usesAround({ plan, place }: PrepareContext): number {
  return place.filter(({ scope, step }) => plan.scopes[scope]?.steps[step]?.body.kind === "uses").length;
}

/** A model may write any schema: one that is none is told to it. */
function schemaProblem(schema: JsonObject, check: AgentStepOptions["check"]): string | null {
  try {
    check(schema, null);
    return null;
  } catch (error) {
    return (error as Error).message.slice(0, 300);
  }
}

import { InternalError } from "../util/internal-error.ts";
import type { Template } from "../expression/template.ts";
import { digestOf } from "../util/digest.ts";
import type { Json, JsonObject } from "../util/json.ts";
import { teamOf } from "./team.ts";
import type { PlannedServer } from "./mcp-server.ts";
import { toolTable } from "./tool-table.ts";
import {
  agentsOf,
  type HandoffStage,
  type Plan,
  type PlannedAgent,
  type PlannedFallback,
  type PlannedModel,
  type PlannedSpawn,
  type PlannedStep,
  type PlannedSubWorkflow,
  type PlannedTools,
  type StepKind,
} from "./types.ts";

/**
 * What a kind of step does with its body, as a number. Raised when an outcome that was recorded earlier would no
 * longer be an answer, e.g. because the repair prompt of an agent step changed its meaning.
 * History: 1 = the first.
 */
const semantics: { readonly [kind in StepKind]: number } = {
  agent: 1,
  run: 1,
  value: 1,
  http: 1,
  sql: 1,
  state: 1,
  steps: 1,
  uses: 1,
  wait: 1,
  send: 1,
  approval: 1,
};

/**
 * The static half of a step's fingerprint (S of SEMANTICS.md, "Resume"): SHA-256 over its kind and semantics number,
 * body, output schema, `until`, batch, workspace, and for an agent step the instructions and models of all stages that
 * answer it; for a group or a sub-workflow, all that decides on what comes out of its scope. Equal for steps that ask
 * the same, whatever their retry, timeout, needs, `if`, join, effect, prices, limits and keys.
 * `scope` is a position in `plan.scopes`, `step` one in its `steps`; `item` is the combination of a `matrix` whose
 * models are meant where each has its own, null = all of them.
 */
export function staticFingerprint(plan: Plan, scope: number, step: number, item: number | null = null): string {
  const planned = plan.scopes[scope]?.steps[step];
  if (planned === undefined) throw new InternalError(`no step ${step} in scope ${scope} of the plan`);
  return new Digester(plan).step(planned, scope, item);
}

/** Digests of one plan; those of scopes are made once, since several steps may use one. */
class Digester {
  readonly #plan: Plan;
  readonly #scopes = new Map<number, Json>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  step(step: PlannedStep, scope: number, item: number | null): string {
    const { body, fan, repeat, fallback, workspace, files, handoff } = step;
    return digestOf({
      kind: body.kind,
      semantics: semantics[body.kind],
      output: step.output,
      body: this.#bodyOf(step, scope, item),
      // Left out where there is nothing to say, so that a plan without them keeps its facts.
      ...(fan?.batch ? { batch: fan.batch } : {}),
      ...(repeat === null ? {} : { until: repeat.until }),
      ...(workspace === "repo" ? {} : { workspace }),
      // What it reads counts by its content, and whether it was put there by `reads` for what the step finds.
      ...(files === undefined
        ? {}
        : { reads: files.reads as unknown as Json, writes: files.writes as unknown as Json }),
      ...(handoff === undefined ? {} : { handoff: handoff.map(judgeOf) }),
      ...(fallback.length === 0 ? {} : { stages: fallback.map((stage) => stageOf(this.#plan, step, stage)) }),
    });
  }

  /** What decides on what comes out of a scope: unlike a step alone, also what its steps wait for and when they run. */
  #scopeOf(index: number): Json {
    const known = this.#scopes.get(index);
    if (known !== undefined) return known;
    const scope = this.#plan.scopes[index];
    if (scope === undefined) throw new InternalError(`no scope ${index} in the plan`);
    const steps = scope.steps.map((step) => ({
      id: step.id,
      digest: this.step(step, index, null),
      needs: step.needs,
      condition: step.condition,
      fan: step.fan,
      onError: step.onError,
      rounds: step.repeat?.max ?? null,
      isFinally: step.isFinally,
    }));
    const digest = digestOf({
      steps,
      outputs: scope.outputs,
      workflow: lastingNames(scope.workflow),
    } as unknown as Json);
    this.#scopes.set(index, digest);
    return digest;
  }

  #bodyOf(step: PlannedStep, scope: number, item: number | null): Json {
    const { body } = step;
    switch (body.kind) {
      case "steps":
        return { scope: this.#scopeOf(body.scope) };
      case "uses":
        return { scope: this.#scopeOf(body.scope), with: body.with as Json };
      case "wait":
        return { for_ms: body.forMs, until: body.until as Json };
      case "approval":
        return {
          prompt: body.prompt as Json,
          input: body.input,
          approvers: body.approvers,
          not_initiator: body.notInitiator,
        };
      default:
        return bodyOf(this.#plan, step, scope, item);
    }
  }
}

function bodyOf(plan: Plan, step: PlannedStep, scope: number, item: number | null): Json {
  const { body } = step;
  switch (body.kind) {
    case "agent": {
      // Who was chosen is known in the run, and becomes part of the fingerprint there.
      if (body.choice !== undefined) return { task: body.task as Json, choice: true };
      const first = body.agent === null ? null : plan.agents[body.agent];
      return {
        task: body.task as Json,
        instructions: (first?.instructions ?? null) as Json,
        models: modelsOf(plan, step, item).map(askedOf),
        // Another session has heard something else.
        ...(body.session === undefined ? {} : { session: body.session.slice(body.session.lastIndexOf("#") + 1) }),
        ...driverOf(first),
        ...toolsAsked(plan, first),
      };
    }
    case "run":
      return {
        command: body.command as unknown as Json,
        env: { ...environmentOf(plan, scope), ...body.env } as Json,
        stdin: body.stdin as Json,
        cwd: body.cwd as Json,
      };
    case "value":
      return body.value;
    case "send":
      return { session: body.session.slice(body.session.lastIndexOf("#") + 1), message: body.message as Json };
    case "http":
    case "sql":
    case "state": {
      const { kind: _kind, ...asked } = body;
      return asked;
    }
    default:
      throw new InternalError(`a body of kind ${body.kind} has a scope or a clock`);
  }
}

/**
 * The models that a step asks in its first stage, in order: its own, else its agent's. Empty for steps that ask none.
 * `item` is the combination of a matrix where each names its own model; null = the models of all combinations.
 */
export function modelsOf(
  plan: Pick<Plan, "agents">,
  step: PlannedStep,
  item: number | null = null,
): readonly PlannedModel[] {
  const { body } = step;
  if (body.kind !== "agent") return [];
  if (body.modelsByItem !== null) {
    if (item !== null) return body.modelsByItem[item] ?? [];
    const distinct = new Map(body.modelsByItem.flat().map((model) => [JSON.stringify(model), model]));
    return [...distinct.values()];
  }
  if (body.models !== null) return body.models;
  if (body.choice === undefined) return body.agent === null ? [] : (plan.agents[body.agent]?.models ?? []);
  const all = agentsOf(body).flatMap((name) => plan.agents[name]?.models ?? []);
  return [...new Map(all.map((model) => [JSON.stringify(model), model])).values()];
}

/** What of the agent that was chosen in the run decides on its answer, as the fingerprint of a named one has it. */
export function chosenDigest(plan: Plan, step: PlannedStep): string {
  if (step.body.kind !== "agent" || step.body.agent === null) throw new InternalError(`'${step.id}' chooses no agent`);
  const agent = plan.agents[step.body.agent];
  const instructions = (agent?.instructions ?? null) as Json;
  return digestOf({
    instructions,
    models: modelsOf(plan, step).map(askedOf),
    ...driverOf(agent),
    ...toolsAsked(plan, agent),
  });
}

/** The models of a fallback stage: its own, else those of its agent. */
export function modelsOfStage(
  plan: Pick<Plan, "agents">,
  step: PlannedStep,
  stage: PlannedFallback,
): readonly PlannedModel[] {
  if (stage.models !== null) return stage.models;
  return stage.agent === null ? modelsOf(plan, step) : (plan.agents[stage.agent]?.models ?? []);
}

/** What of a stage decides on whether it is accepted, and what a person is asked. */
function judgeOf({ accept, approval }: HandoffStage): Json {
  return {
    accept,
    prompt: (approval?.prompt ?? null) as Json,
    approvers: approval?.approvers ?? [],
    ...(approval?.notInitiator === true ? { not_initiator: true } : {}),
  };
}

function stageOf(plan: Plan, step: PlannedStep, stage: PlannedFallback): Json {
  const agent = stage.agent === null ? null : plan.agents[stage.agent];
  return {
    instructions: (agent?.instructions ?? null) as Json,
    models: modelsOfStage(plan, step, stage).map(askedOf),
    ...driverOf(agent),
    ...toolsAsked(plan, agent),
  };
}

/** The program that answers for an agent, where one does: its name in the file says nothing of that. */
function driverOf(agent: PlannedAgent | null | undefined): { [key: string]: Json } {
  return agent?.driver === undefined ? {} : { driver: agent.driver as unknown as Json };
}

/** What of an agent's tools decides on its answer: not how its programs are shut in, nor what they may take of the machine. */
function toolsAsked(plan: Pick<Plan, "agents">, agent: PlannedAgent | null | undefined): { readonly tools?: Json } {
  if (agent?.tools === undefined) return {};
  const { spawn, sends } = agent.tools;
  const addressed = sends === undefined ? {} : { sends: sessionsAsked(plan, sends) };
  const started = spawn === undefined ? {} : { spawn: teamAsked(plan, spawn) };
  return { tools: { ...ownTools(agent.tools), ...started, ...addressed } };
}

function ownTools({ names, servers, search, permissions, maxTurns, resources }: PlannedTools): JsonObject {
  const tools = names.map((name) => `${name}@${toolTable[name].version}`);
  const more = {
    ...(servers === undefined ? {} : { servers: servers.map(askedOfServer) }),
    ...(search === undefined ? {} : { search }),
  };
  return { tools, ...more, permissions: permissions as unknown as Json, maxTurns, output: resources.outputBytes };
}

/** The sessions that an agent may write to, and what of those who may come to work there decides on their answers. */
function sessionsAsked(plan: Pick<Plan, "agents">, sends: NonNullable<PlannedTools["sends"]>): Json {
  const team = teamOf(
    plan.agents,
    Object.values(sends).map(({ agent }) => agent),
  );
  const names = Object.entries(sends).map(([name, { agent }]) => ({ name, agent: team.indexOf(agent) }));
  return { sessions: names, team: team.map((name) => memberAsked(plan, name)) };
}

/** Whom an agent may start, and what of all who may come to work then decides on their answers. */
function teamAsked(plan: Pick<Plan, "agents">, { agents, models }: PlannedSpawn): Json {
  const team = teamOf(plan.agents, Object.values(agents)).map((name) => memberAsked(plan, name));
  const named = Object.entries(models).map(([name, chain]) => [name, chain.map(askedOf)]);
  return { agents: Object.keys(agents), models: named, team };
}

function memberAsked(plan: Pick<Plan, "agents">, name: string): Json {
  const agent = plan.agents[name];
  const tools = agent?.tools;
  const own = tools === undefined ? {} : { ...ownTools(tools), leads: Object.keys(tools.spawn?.agents ?? {}) };
  const instructions = (agent?.instructions ?? null) as Json;
  return { instructions, models: (agent?.models ?? []).map(askedOf), ...driverOf(agent), tools: own };
}

/** The same as a digest. */
export function teamDigest(plan: Pick<Plan, "agents">, spawn: PlannedSpawn): string {
  return digestOf(teamAsked(plan, spawn));
}

/** What of an agent decides on the answer to a task that another agent gives it. */
export function childDigest(plan: Pick<Plan, "agents">, name: string, models: readonly PlannedModel[]): string {
  const agent = plan.agents[name];
  return digestOf({
    semantics: semantics.agent,
    instructions: (agent?.instructions ?? null) as Json,
    models: models.map(askedOf),
    ...driverOf(agent),
    ...toolsAsked(plan, agent),
  });
}

/** A server with what its tools are, not how it is shut in, nor what a second call would do. */
function askedOfServer(server: PlannedServer): Json {
  const tools = server.tools.map(({ effect: _effect, ...asked }) => asked);
  if (server.kind === "http") return { ...server, tools };
  const { sandbox: _sandbox, ...lasting } = server;
  return { ...lasting, tools };
}

/**
 * A sub-workflow as its content has it: another commit of its repository with the same content is the same, and so is
 * another budget or rate.
 */
function lastingNames(workflow: PlannedSubWorkflow | null): PlannedSubWorkflow | null {
  if (workflow === null) return null;
  const { budget: _budget, rates: _rates, ...lasting } = workflow;
  return { ...lasting, path: workflow.path.replace(/@[0-9a-f]{40}$/, "") };
}

/** The `env` of the workflow that a scope belongs to. */
function environmentOf(plan: Plan, scope: number): { readonly [name: string]: Template } {
  const workflow = plan.scopes[scope]?.workflow;
  if (workflow) return workflow.env;
  if (scope === 0 || plan.scopes.every((each) => each.workflow === null)) return plan.env;
  const parent = plan.scopes.findIndex(({ steps }) =>
    steps.some(({ body }) => body.kind === "steps" && body.scope === scope),
  );
  return parent === -1 ? plan.env : environmentOf(plan, parent);
}

/** What of a model decides on its answer: neither the price nor the name of the key. */
function askedOf(model: PlannedModel): Json {
  const { id, baseUrl, maxTokens, temperature, effort } = model;
  return { id, baseUrl, maxTokens, temperature, effort };
}

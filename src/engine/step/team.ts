import { childDigest } from "../../plan/step-digest.ts";
import type { Grant } from "../../plan/permissions.ts";
import type { Plan, PlannedModel, PlannedSpawn, PlannedStep } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { Message } from "../../provider/provider.ts";
import type { SpawnOrder, SpawnRefusal, Team, TeamMember, TeamTurn } from "../../tool/team.ts";
import { digestOf } from "../../util/digest.ts";
import type { Result } from "../../util/result.ts";
import type { AttemptContext, Child, ChildOrder, PrepareContext, Work } from "./handler.ts";

/** So many refusals in one task are a storm: whoever insists will not be told better. */
const MOST_REFUSALS = 5;

/** What there is to do for a child, its values filled in. */
export type PrepareChild = (
  step: PlannedStep,
  context: PrepareContext,
) => Result<Extract<Work, { readonly kind: "later" }>, Failure>;

export interface TeamOptions {
  readonly spawn: PlannedSpawn;
  /** The step that the leader works for, as far as children have it from there. */
  readonly step: PlannedStep;
  readonly context: PrepareContext;
  /** What the leader may touch itself: no child may touch more. */
  readonly grant: Grant;
  readonly attempt: AttemptContext;
  /** How deep the leader is: `uses` and `spawn` together, 0 at the top. */
  readonly depth: number;
  /** The message in whose turn the leader is; null = it is in none. */
  readonly within: string | null;
  readonly prepare: PrepareChild;
}

/** A child, and what its leader wanted. */
interface Led {
  readonly id: string;
  readonly order: SpawnOrder;
  readonly session: string | null;
  readonly child: Child;
}

/** The agents that one attempt of an agent leads. */
export class AgentTeam implements Team {
  /** Why the leader cannot go on; null = it can. */
  problem: Failure | null = null;
  readonly #o: TeamOptions;
  readonly #led = new Map<string, Led>();
  /** The calls by which it said something to one of them. */
  readonly #steered = new Set<string>();
  readonly #told = new Set<string>();
  /** Messages of an earlier start that were answered then. */
  readonly #past = new Set<string>();
  #refusals = 0;

  constructor(options: TeamOptions) {
    this.#o = options;
  }

  /** False where no agent may be started any more, however few there are: it is as deep as it may be. */
  get maySpawn(): boolean {
    return this.#o.depth < this.#depthLimit;
  }

  get #depthLimit(): number {
    return this.#o.context.plan.limits.spawn?.depth ?? 0;
  }

  spawn(order: SpawnOrder, at: string): TeamMember | SpawnRefusal {
    const known = this.#led.get(idOf(order, at));
    if (known !== undefined) return memberOf(known);
    const refusal = this.#refusalOf(order, at);
    if (refusal !== null) {
      this.#refusals += 1;
      if (this.#refusals >= MOST_REFUSALS) this.problem ??= this.#storm(refusal.reason);
      return refusal;
    }
    return this.#begin(order, at);
  }

  /** Why this one is not started; null = it is. One that was begun before was let in then. */
  #refusalOf(order: SpawnOrder, at: string): SpawnRefusal | null {
    const { spawn, attempt, context } = this.#o;
    const agent = spawn.agents[order.agent];
    if (agent !== undefined && attempt.children.isKnown({ at, agent })) return null;
    const most = context.plan.limits.spawn?.agents ?? 0;
    const reason =
      agent === undefined
        ? `\`spawn.agents\` does not name '${order.agent}'`
        : !this.maySpawn
          ? `\`limits.depth\` is ${this.#depthLimit}, and a child would be deeper`
          : this.#led.size + this.#past.size >= spawn.maxChildren
            ? `\`spawn.max_children\` is ${spawn.maxChildren}, and so many were started in this task`
            : attempt.children.count() >= most
              ? `\`limits.agents\` is ${most}, and so many were started in this run`
              : null;
    return reason === null ? null : { reason, isDenied: true };
  }

  #storm(reason: string): Failure {
    return failure(
      "tool",
      "spawn_storm",
      `'${this.#o.attempt.label}' asked ${this.#refusals} times for agents that it may not start: ${reason}`,
      { help: "say in the instructions how many it may start, or raise the limit that is named" },
    );
  }

  #begin(order: SpawnOrder, at: string): TeamMember | SpawnRefusal {
    const { spawn, context, attempt, depth } = this.#o;
    const agent = spawn.agents[order.agent] as string;
    const models = order.model === null ? null : (spawn.models[order.model] ?? null);
    const id = idOf(order, at);
    const step = childStep(this.#o.step, context.plan, { id, agent, order, models });
    const session = order.mode === "session" ? (order.session ?? `${attempt.label}/${id}`) : null;
    const child = { depth: depth + 1, sandbox: order.sandbox, within: this.#o.within, session };
    const inside = { ...context, grant: this.#o.grant, unit: null, child };
    const work = this.#o.prepare(step, inside);
    if (!work.ok) return { reason: work.error.message, isDenied: work.error.class === "refused" };
    const { folder } = attempt;
    const childOrder: ChildOrder = {
      at,
      agent,
      step,
      work: {
        ...work.value,
        run: (own) => work.value.run(folder === undefined ? own : { ...own, folder }),
      },
      fingerprint: fingerprintOf(context.plan, step, order, work.value),
      label: order.label,
      task: order.task,
    };
    const led = { id, order, session, child: attempt.children.start(childOrder) };
    this.#led.set(id, led);
    const { end } = led.child;
    if (end !== null && !end.ok && end.failure.code === "outcome_unknown") this.problem ??= end.failure;
    return memberOf(led);
  }

  recall({ spawned, steered, told = [] }: Parameters<Team["recall"]>[0], at: string): void {
    if (steered !== undefined) this.steer(steered.id, steered.message, at);
    if (spawned !== undefined) {
      const order = spawned as unknown as SpawnOrder;
      if (!this.#led.has(idOf(order, at))) this.#begin(order, at);
    }
    for (const id of told) {
      this.#told.add(id);
      // A message that was answered before is not sent again, and still is one.
      if (!this.#led.has(id)) this.#past.add(id);
    }
  }

  send(to: string, message: string, timeoutMs: number, at: string): TeamMember | SpawnRefusal {
    const led = this.#find(to);
    if (led === null || led.session === null)
      return { reason: `'${to}' is no session that you have started`, isDenied: false };
    const { session, order } = led;
    return this.spawn({ ...order, task: message, label: null, output: null, timeoutMs, session }, at);
  }

  history(name: string, limit: number): readonly TeamTurn[] | null {
    const led = this.#find(name);
    const { sessions } = this.#o.attempt;
    const session = led === null || led.session === null ? null : sessions.own(led.session, led.order.agent);
    if (session === null) return null;
    const turns = sessions.turns(session.id, 1, 0, Number.MAX_SAFE_INTEGER) ?? [];
    return turns
      .slice(-limit)
      .map(({ text, said, reply }) => ({ message: text, reply, tools: said.flatMap(toolLines) }));
  }

  /** A further message to a session is not one of its own. */
  #find(name: string): Led | null {
    const started = [...this.#led.values()].filter(({ order }) => order.session === null);
    return started.find(({ id }) => id === name) ?? started.findLast(({ order }) => order.label === name) ?? null;
  }

  find(name: string): TeamMember | null {
    const led = this.#find(name);
    return led === null ? null : memberOf(led);
  }

  list(): readonly TeamMember[] {
    return [...this.#led.values()].filter(({ order }) => order.session === null).map(memberOf);
  }

  async wait(ids: readonly string[], ms: number | null): Promise<readonly TeamMember[] | null> {
    const led = ids.flatMap((id) => this.#led.get(id) ?? []);
    const goesOn = await this.#o.attempt.children.wait(
      led.map(({ child }) => child),
      ms,
    );
    return goesOn ? led.map(memberOf) : null;
  }

  steer(id: string, message: string, at: string): boolean {
    const led = this.#led.get(id);
    if (led === undefined || led.child.end !== null) return false;
    // The record of the call says it again right afterwards.
    if (!this.#steered.has(at)) led.child.steer(message);
    this.#steered.add(at);
    return true;
  }

  kill(id: string): boolean {
    const led = this.#led.get(id);
    if (led === undefined || led.child.end !== null) return false;
    led.child.kill("was stopped by its leader");
    return true;
  }

  get hasUntold(): boolean {
    return [...this.#led.keys()].some((id) => !this.#told.has(id));
  }

  async rest(): Promise<readonly TeamMember[] | null> {
    const members = await this.wait([...this.#led.keys()], null);
    if (members === null) return null;
    const untold = members.filter(({ id }) => !this.#told.has(id));
    for (const { id } of untold) this.#told.add(id);
    return untold;
  }

  /** Nobody outlives who started it. */
  async close(): Promise<void> {
    const reason = this.#o.attempt.signal.reason === "interrupted" ? "interrupted" : "cancelled";
    const open = [...this.#led.values()].filter(({ child }) => child.status === "queued" || child.status === "running");
    for (const { child } of open) child.stop(reason);
    await Promise.all(open.map(({ child }) => child.ended));
  }
}

function idOf({ agent }: Pick<SpawnOrder, "agent">, at: string): string {
  return `${agent}@${at}`;
}

function memberOf({ id, order, session, child }: Led): TeamMember {
  const { status, end } = child;
  const why = end === null || end.ok ? null : end.failure;
  return {
    id,
    agent: order.agent,
    label: order.label,
    session,
    status,
    output: end?.ok === true ? end.output : null,
    error: why === null ? null : { class: why.class, code: why.code, message: why.message },
  };
}

function toolLines({ toolCalls = [] }: Message): readonly string[] {
  return toolCalls.map(({ name, input }) => `${name} ${JSON.stringify(input).slice(0, 200)}`);
}

interface ChildPlace {
  readonly id: string;
  readonly agent: string;
  readonly order: SpawnOrder;
  readonly models: readonly PlannedModel[] | null;
}

/** What a child does, as a step: its task is a text, and nothing in it is an expression. */
function childStep(step: PlannedStep, { agents }: Plan, { id, agent, order, models }: ChildPlace): PlannedStep {
  const { files: _files, cache: _cache, handoff: _handoff, ...around } = step;
  const isProgram = agents[agent]?.driver !== undefined;
  return {
    ...around,
    id,
    description: null,
    body: { kind: "agent", agent, task: { kind: "literal", value: order.task }, models, modelsByItem: null },
    condition: null,
    fan: null,
    retry: { ...around.retry, maxAttempts: 1 },
    timeoutMs: order.timeoutMs,
    onError: { kind: "fail" },
    output: order.output,
    // What tools did is on the record; what a program did nobody knows.
    effect: isProgram ? around.effect : "none",
    isFinally: false,
    repeat: null,
    fallback: [],
    simulate: null,
  };
}

/** What a child is asked, by all that decides on its answer. */
function fingerprintOf(
  plan: Plan,
  step: PlannedStep,
  order: SpawnOrder,
  work: Extract<Work, { kind: "later" }>,
): string {
  const { body } = step;
  const agent = (body.kind === "agent" ? body.agent : null) ?? "";
  const models = body.kind === "agent" ? (body.models ?? plan.agents[agent]?.models ?? []) : [];
  return digestOf({
    child: childDigest(plan, agent, models),
    asked: work.asked?.() ?? null,
    output: order.output,
    bound: work.bound ?? null,
  });
}

import type { NormalResources } from "../manifest/normal.ts";
import type { NormalBreaker, NormalBudget, NormalRates } from "../manifest/pressure.ts";
import type { Json, JsonSchema } from "../util/json.ts";
import type { Template } from "../expression/template.ts";
import type { Effect } from "./effect.ts";
import type { PlannedServer } from "./mcp-server.ts";
import type { Permissions } from "./permissions.ts";
import type { SqlDialect } from "./sql-statement.ts";
import type { ToolName } from "./tool-table.ts";

/** The classes of failure (LANGUAGE.md, `retry.on`). Permanent names. */
export const failureClasses = [
  "rate_limit",
  "overloaded",
  "server",
  "network",
  "timeout",
  "output",
  "tool",
  "exit",
  "refused",
  "auth",
  "invalid",
  "budget",
  "cancelled",
  "internal",
] as const;

/** What kind of failure it was; decides on retry, fallback and fail-over. */
export type FailureClass = (typeof failureClasses)[number];

/** Retried by default. */
export const defaultRetryOn: readonly FailureClass[] = [
  "rate_limit",
  "overloaded",
  "server",
  "network",
  "timeout",
  "output",
];

/**
 * What will run: immutable, printable as JSON, the same bytes for the same manifest.
 * Holds no secret value, no clock, no path of the machine.
 */
export interface Plan {
  readonly format: 1;
  readonly workflow: { readonly name: string; readonly version: string | null; readonly description: string | null };
  readonly inputs: { readonly [name: string]: PlannedInput };
  /** `env` of every `run` step. */
  readonly env: { readonly [name: string]: Template };
  /** Names of the environment variables that are secrets. */
  readonly secrets: readonly string[];
  readonly agents: { readonly [name: string]: PlannedAgent };
  /** By their names in the plan, which for those of a sub-workflow are `FILE#NAME`; left out where there are none. */
  readonly sessions?: { readonly [name: string]: PlannedSession };
  readonly limits: PlannedLimits;
  /** The cap of the file; left out where it writes none. */
  readonly permissions?: Permissions;
  /** Where large artifacts go, `s3://bucket/prefix`; left out where they stay in the run's folder. */
  readonly artifactStore?: string;
  /** Scope 0 is the workflow; groups and sub-workflows follow and are named by `childScope`. */
  readonly scopes: readonly PlannedScope[];
  /** Of `variants`: each is the step of its name in scope 0. Left out where the workflow has steps of its own. */
  readonly variants?: readonly PlannedVariant[];
  /** The one that was chosen: the others have no step any more. Left out as long as none is. */
  readonly variant?: string;
  /** What the work would take by hand, hours and USD an hour; left out where it is not said. */
  readonly roi?: { readonly manualHours: number; readonly hourlyRate: number };
  /** The audit copy: its file, relative to the workspace, with `/`; left out where there is none. */
  readonly events?: { readonly file: string; readonly keepMs: number | null };
  /** Address of a collector of OpenTelemetry for the spans of its runs; left out where the manifest names none. */
  readonly telemetry?: string;
  /** SHA-256 over everything above. */
  readonly digest: string;
}

export interface PlannedVariant {
  readonly name: string;
  /** Against those of the others. */
  readonly weight: number;
}

/** One declared input: its JSON Schema, and the default when it may be left out. */
export interface PlannedInput {
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly default: Json;
}

export interface PlannedLimits {
  /** Attempts that may hold a slot at once. */
  readonly concurrency: number;
  /** Active time of the run over all its resumes. */
  readonly timeoutMs: number;
  /** How long an interrupt waits for what is in flight. */
  readonly graceMs: number;
  /** What the run may spend, over all its resumes. Here and below: left out where the manifest says nothing. */
  readonly budget?: NormalBudget;
  readonly rates?: NormalRates;
  readonly breaker?: PlannedBreaker;
  /** Of agents that start others; left out where none does. */
  readonly spawn?: PlannedSpawnLimits;
}

export interface PlannedSpawnLimits {
  /** The most agents that agents may start in a run, over all its resumes. */
  readonly agents: number;
  /** How deep `uses` and `spawn` may go together: a step at the top is at 0. */
  readonly depth: number;
}

/** When to stop asking who fails again and again. */
export type PlannedBreaker = Omit<NormalBreaker, "hasCooldown">;

/** A graph of steps with its own names: the workflow itself, a group, or a sub-workflow. */
export interface PlannedScope {
  /** In the order of the file, `finally` last. Indices are positions in this list. */
  readonly steps: readonly PlannedStep[];
  readonly outputs: { readonly [name: string]: Template };
  /** Of a workflow: CEL source of its `score`; left out where there is none. */
  readonly score?: string;
  /** Of a sub-workflow: what it declares for itself. null for the workflow (the plan has it) and for groups. */
  readonly workflow: PlannedSubWorkflow | null;
}

/** The scope of a plan without any. */
export const EMPTY_SCOPE: PlannedScope = { steps: [], outputs: {}, workflow: null };

/** What a sub-workflow has of its own; its agents stand among the plan's, named `FILE#AGENT`. */
export interface PlannedSubWorkflow {
  readonly name: string;
  readonly version: string | null;
  /** As `uses` names it, relative to the manifest at the top, with `/`. */
  readonly path: string;
  readonly inputs: { readonly [name: string]: PlannedInput };
  readonly env: { readonly [name: string]: Template };
  /** Names of the secrets that it may read: those that it declares and that were passed to it. */
  readonly secrets: readonly string[];
  /** Its own cap, within that of its caller; left out where it writes none. */
  readonly permissions?: Permissions;
  /** What one unit of a step that uses it may spend, over all rounds and attempts of the unit. */
  readonly budget?: NormalBudget;
  /** They hold inside of it, beside those around it. */
  readonly rates?: NormalRates;
}

/** A model to ask, with all that goes into the request. `id` is `provider/model`. */
export interface PlannedModel {
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly baseUrl: string | null;
  /** Name of the secret that holds the key; null = the provider's usual variable. */
  readonly apiKeySecret: string | null;
  readonly maxTokens: number;
  readonly temperature: number | null;
  readonly effort: string | null;
  /** The manifest's own prices, USD per million tokens; null = the price table. */
  readonly price: {
    readonly input: number;
    readonly output: number;
    readonly cacheRead: number | null;
    readonly cacheWrite: number | null;
  } | null;
}

export interface PlannedAgent {
  readonly instructions: Template | null;
  /** The fallback chain in order, never empty. */
  readonly models: readonly PlannedModel[];
  /** What it may spend in a run. */
  readonly budget?: NormalBudget;
  /** What a call is taken to cost where the price is not known, USD. */
  readonly assumeUsd?: number;
  /** The program that answers in place of a model: then `models` is that one. */
  readonly driver?: PlannedDriver;
  /** Left out where it has none: such plans keep their digest. */
  readonly tools?: PlannedTools;
}

/** A durable conversation. */
export interface PlannedSession {
  /** Who answers, by the name in the plan. */
  readonly agent: string;
  /** The name of the workflow that declares it: two workflows of a project never share one. */
  readonly workflow: string;
  readonly scope: "run" | "project";
  readonly pool: number;
  /** null = it stays as long as it is not closed. */
  readonly idleMs: number | null;
  /** One that is there already, of another run or of the project: its lasting name, and its run. Left out = by its name. */
  readonly existing?: { readonly id: string; readonly runId: string | null };
}

/** A program that answers. `env` may be made of secrets. */
export type PlannedDriver = {
  /** The first is a literal. */
  readonly argv: readonly Template[];
  readonly env: { readonly [name: string]: Template };
} &
  /** `argv` reads `prompt` beside the names of instructions. */
  (
    | { readonly kind: "command"; readonly readsPrompt: boolean }
    | {
        readonly kind: "acp";
        readonly mode: string | null;
        /** What it may do when it asks, within the caps around the step. */
        readonly permissions: Permissions;
      }
  );

/** What an agent may do beside answering. */
export interface PlannedTools {
  /** Each once, in the order of the file. */
  readonly names: readonly ToolName[];
  /** MCP servers of which it has tools; left out = none. */
  readonly servers?: readonly PlannedServer[];
  /** Who searches the web for it; left out = nobody, for it has no `web_search`. */
  readonly search?: "provider" | "endpoint";
  /** Its own, within the caps around the step that it works for. */
  readonly permissions: Permissions;
  readonly sandbox: "require" | "prefer" | "off";
  readonly resources: NormalResources;
  readonly maxTurns: number;
  /** Whom it may start; left out = nobody. `names` may be empty then. */
  readonly spawn?: PlannedSpawn;
  /** Whom it may write to, by the names that it uses; left out = nobody. */
  readonly sends?: { readonly [name: string]: PlannedAddressee };
}

/** A session that an agent may write to, and who answers there, by their names in the plan. */
export interface PlannedAddressee {
  readonly session: string;
  readonly agent: string;
}

/** The agents that an agent may start. */
export interface PlannedSpawn {
  /** The name that it uses for each, and the one in the plan. */
  readonly agents: { readonly [name: string]: string };
  /** In one task, all together. */
  readonly maxChildren: number;
  /** The models that it may name for a child: those that these agents name, each with its chain. */
  readonly models: { readonly [name: string]: readonly PlannedModel[] };
}

/** `required` of the steps `of` must have succeeded (or been caught). */
export interface NeedGroup {
  readonly of: readonly number[];
  readonly required: number;
}

export type Join = { readonly kind: "all" | "any" | "settled" } | { readonly kind: "at_least"; readonly count: number };

export interface PlannedRetry {
  /** Counts the first try. */
  readonly maxAttempts: number;
  readonly backoff: "fixed" | "exponential";
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: boolean;
  /** The classes that are tried again: already without those that an unsafe effect forbids. */
  readonly on: readonly FailureClass[];
}

export type { Effect } from "./effect.ts";

export type OnError =
  | { readonly kind: "fail" }
  | { readonly kind: "continue" }
  | { readonly kind: "output"; readonly output: Template };

export interface PlannedFan {
  /** What a unit sees its entry as: `item` (for_each), `items` (a batch), `matrix`. */
  readonly variable: "item" | "items" | "matrix";
  /** A list, or an expression that gives one; a matrix written out; null where `glob` gives it. */
  readonly items: Template;
  /** A pattern over files of the workspace, a text template: its matches are the items, sorted; null = none. */
  readonly glob: Template | null;
  /** CEL source that names an item (`item`, `index` in reach); null = its content does. */
  readonly itemKey: string | null;
  /** So many items a unit; null = one. `flatten`: a list output gives one result an item. */
  readonly batch: { readonly size: number; readonly flatten: boolean } | null;
  readonly maxItems: number;
  /** null = as many as there are slots. */
  readonly maxParallel: number | null;
  readonly failFast: boolean;
  readonly join: Join;
  /** The size when it is known before the run; null otherwise. */
  readonly size: number | null;
}

export interface PlannedStep {
  readonly id: string;
  readonly description: Template | null;
  readonly body: StepBody;
  /** Every group must hold. Derived edges and plain `needs` make one group that requires all. */
  readonly needs: readonly NeedGroup[];
  /** CEL source of `if`, null when there is none. */
  readonly condition: string | null;
  /** `if` uses always(), failure() or cancelled(): ready when all needs are terminal, success() is not implied. */
  readonly whenSettled: boolean;
  readonly fan: PlannedFan | null;
  readonly retry: PlannedRetry;
  /** Per attempt; null = no limit of its own (groups, sub-workflows, waits, approvals). */
  readonly timeoutMs: number | null;
  readonly onError: OnError;
  /** JSON Schema of the output; null = text. */
  readonly output: JsonSchema | null;
  readonly effect: Effect;
  /** Runs when all other steps of the scope have ended, whatever happened. */
  readonly isFinally: boolean;
  /** Again until the CEL source `until` holds, with `previous` in reach; null = once. */
  readonly repeat: { readonly until: string; readonly max: number; readonly delayMs: number } | null;
  /** What is tried when the retries of the step are spent, in order; each has its own agent and models or the step's. */
  readonly fallback: readonly PlannedFallback[];
  /** `isolated` = an empty folder of each attempt's unit, `worktree` = a git worktree of it. */
  readonly workspace: PlannedWorkspace;
  /** Files that it reads and keeps; left out where it names none. */
  readonly files?: PlannedFiles;
  /** Its outcome is reused over runs; left out where it is not. */
  readonly cache?: PlannedCache;
  /** What `--simulate` answers for this step; null = nothing is said. */
  readonly simulate: { readonly output: Json } | null;
  /** Of a `handoff`: who judges each stage, the step's own first, then those of `fallback`. Missing for other steps. */
  readonly handoff?: readonly HandoffStage[];
}

/** What a stage of a `handoff` has beside its agent and models. */
export interface HandoffStage {
  /** CEL source over `output`; null = every output is accepted. */
  readonly accept: string | null;
  /** A person in place of an agent. */
  readonly approval: ApprovalBody | null;
}

/** `path` is relative to the repository, without `..`. */
export type PlannedWorkspace = "repo" | "isolated" | "worktree" | { readonly path: string };

export interface PlannedFiles {
  readonly reads: readonly PlannedPattern[];
  readonly writes: readonly PlannedPattern[];
  /** Ids of the steps whose artifacts it may find, each after those that it waits for: of two with one path the later counts. */
  readonly from: readonly string[];
}

/** A path, folder or glob, relative to the workspace. */
export interface PlannedPattern {
  readonly path: Template;
  /** As it is written: signs of a glob in a value that is put in are refused. */
  readonly isGlob: boolean;
}

export interface PlannedCache {
  /** What the outcome depends on, in place of all that is read; null = all that is read. */
  readonly key: Template | null;
  /** null = until it is pruned. */
  readonly ttlMs: number | null;
}

export interface PlannedFallback {
  /** null = the step's own agent. */
  readonly agent: string | null;
  /** null = the agent's own models. */
  readonly models: readonly PlannedModel[] | null;
}

/** What kind of step it is, with the parts that only this kind has. */
export type StepBody =
  | AgentBody
  | RunBody
  | ValueBody
  | HttpBody
  | SqlBody
  | StateBody
  | GroupBody
  | UsesBody
  | WaitBody
  | SendBody
  | ApprovalBody;

export type StepKind = StepBody["kind"];

export interface AgentBody {
  readonly kind: "agent";
  /** Where it is chosen in the run: the first who may be. null = a person comes first, in a `handoff`. */
  readonly agent: string | null;
  /** Of `agent: ${{ ... }}`; left out where a name is written: such plans keep their digest. */
  readonly choice?: AgentChoice;
  readonly task: Template;
  /** The session that the task goes into, by its name in the plan; left out = a conversation of its own. */
  readonly session?: string;
  /** It was written as `send`; `waitMs` bounds the wait for the reply, null = the step before it does not wait. */
  readonly send?: { readonly waitMs: number | null };
  /** The step's own `model`; null = the agent's. */
  readonly models: readonly PlannedModel[] | null;
  /** Of `model: ${{ matrix.KEY }}`: the models of each combination, in the order of the items; null without it. */
  readonly modelsByItem: readonly (readonly PlannedModel[])[] | null;
  /** Its calls go through the provider's batch endpoint. Left out where they do not: such plans keep their digest. */
  readonly batchApi?: true;
}

/** An agent that an expression chooses, for each unit anew. */
export interface AgentChoice {
  readonly by: Template;
  /** All who may be chosen: the names that the expression gives, and those in the plan. */
  readonly agents: { readonly [name: string]: string };
}

/** The names in the plan of all who may do what an agent step says. */
export function agentsOf({ agent, choice }: AgentBody): readonly string[] {
  if (choice !== undefined) return Object.values(choice.agents);
  return agent === null ? [] : [agent];
}

/** The names in the plan of all who may do a step in any of its stages, each once. Nobody for other kinds. */
export function workersOf({ body, fallback }: PlannedStep): readonly string[] {
  if (body.kind !== "agent") return [];
  if (fallback.length === 0) return agentsOf(body);
  return [...new Set([...agentsOf(body), ...fallback.flatMap(({ agent }) => agent ?? [])])];
}

export interface RunBody {
  readonly kind: "run";
  /** A script for a shell, or a program with its arguments. */
  readonly command: { readonly script: string; readonly shell: string } | { readonly argv: readonly Template[] };
  readonly env: { readonly [name: string]: Template };
  readonly stdin: Template | null;
  /** Relative to the workspace; null = the workspace. */
  readonly cwd: Template | null;
}

export interface ValueBody {
  readonly kind: "value";
  readonly value: Template;
}

/** A group: steps of its own that see the names around them; its output is the scope's `outputs` as an object. */
export interface GroupBody {
  readonly kind: "steps";
  /** Position in `plan.scopes`. */
  readonly scope: number;
}

/** A sub-workflow: steps that see only what is passed to them; its output is its `outputs`. */
export interface UsesBody {
  readonly kind: "uses";
  /** Position in `plan.scopes`; two steps that use the same file share it. */
  readonly scope: number;
  readonly with: { readonly [input: string]: Template };
}

/** Waits without a slot: for a span, or until a time (ISO 8601 text or milliseconds since 1970). */
export interface WaitBody {
  readonly kind: "wait";
  readonly forMs: number | null;
  readonly until: Template | null;
}

/** Says a message to a session and waits for nothing: the step behind it brings it there. */
export interface SendBody {
  readonly kind: "send";
  readonly session: string;
  /** Who answers there. */
  readonly agent: string;
  readonly message: Template;
  /** Of the turn. */
  readonly effect: Effect;
}

export interface HttpBody {
  readonly kind: "http";
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** A text whose scheme and host are written out, or an expression that is one secret. */
  readonly url: Template;
  /** Scheme and host, lower case, as `https://api.example.com:8443`; null where a secret is the address. */
  readonly origin: string | null;
  readonly headers: { readonly [name: string]: Template };
  readonly query: { readonly [name: string]: Template };
  /** A text goes out as it is, anything else as JSON; null = no body. */
  readonly body: Template | null;
  /** The status codes that are a success; null = 200 to 299. */
  readonly expect: readonly number[] | null;
}

export interface SqlBody {
  readonly kind: "sql";
  /** A text that begins with `sqlite:` or with `postgres://` and a host, or an expression that is one secret. */
  readonly connection: Template;
  /** null where a secret says it. */
  readonly dialect: SqlDialect | null;
  /** The host of a `postgres://` connection that is written out; null for all others. */
  readonly host: string | null;
  readonly query: string;
  readonly params: readonly Template[];
  /** It may change something: by its text, or because the step says `idempotent`. */
  readonly isWrite: boolean;
}

export interface StateBody {
  readonly kind: "state";
  readonly operation: StateOperation;
  /** The values of the run alone, or those of the project. */
  readonly scope: "run" | "project";
  /** The key, or the prefix of `list`. */
  readonly key: Template;
  /** What `set` writes, what `increment` adds, what `compare_and_set` writes; null for the others. */
  readonly value: Template | null;
  /** What `compare_and_set` expects; null for the others. */
  readonly from: Template | null;
}

export type StateOperation = "get" | "set" | "delete" | "increment" | "list" | "compare_and_set";

/** The operations of `state` that change nothing. */
export const stateReads: readonly StateOperation[] = ["get", "list"];

/** Asks a person, without a slot. Its output is `{ by, comment, input }`; a rejection is a failure `refused`. */
export interface ApprovalBody {
  readonly kind: "approval";
  readonly prompt: Template;
  /** Identities that may answer; empty = anybody. */
  readonly approvers: readonly string[];
  readonly notInitiator: boolean;
  /** From the first time that it is asked; null = without an end. */
  readonly timeoutMs: number | null;
  readonly onTimeout: "reject" | "fail";
  /** JSON Schema of what the person fills in; null = nothing. */
  readonly input: JsonSchema | null;
  /** In a `handoff` what is filled in is the output. */
  readonly givesInput?: true;
}

// Generated from schemas/workflow.v1.json by scripts/generate-types.mjs: change the schema, not this file.
import type { Json, JsonObject } from "../../util/json.ts";

/**
 * A name: lower-case letters, digits, `_` and `-`, starting with a letter, at most 64.
 */
export type Name = string;
/**
 * One input: a JSON Schema, and `default`. An input without `default` is required.
 */
export type Input = JsonObject;
/**
 * The name of an environment variable.
 */
export type EnvironmentName = string;
/**
 * A model id, a list of them (a fallback chain), or a model with settings.
 */
export type Model = ModelName | ModelName[] | ModelSettings;
/**
 * A model: the name of an entry in `models`, an id `provider/model` (providers: `anthropic`, `openai` and any OpenAI-compatible endpoint by `base_url`, `ollama`), or `auto`, `auto/fast`, `auto/strong`: what is found at the start of the run.
 */
export type ModelName = string;
/**
 * How much the model should think before it answers, for models that can be told.
 */
export type Effort = "low" | "medium" | "high" | "xhigh" | "max";
/**
 * A model, or a list of models: the next one answers where the one before it cannot.
 */
export type ModelChoice = ModelName | ModelName[];
/**
 * Whether a sandbox is needed: `require`, `prefer` or `off`.
 */
export type Sandbox = "require" | "prefer" | "off";
/**
 * A host, `*.` with a domain for its subdomains, or `*` for any.
 */
export type HostPattern = string;
/**
 * A program, as `run` names it.
 */
export type Program = string;
/**
 * An amount of bytes with its unit.
 */
export type Size = string;
/**
 * A length of time: numbers with the units `ms s m h d`, the larger unit first.
 */
export type Duration = string;
/**
 * So many in a second, minute, hour or day; `k` is a thousand, `M` a million. Never more within any such span.
 */
export type Rate = string;
/**
 * How the delay grows from try to try.
 */
export type Backoff = "fixed" | "exponential";
/**
 * A class of failure.
 */
export type FailureClass =
  | "rate_limit"
  | "overloaded"
  | "server"
  | "network"
  | "timeout"
  | "output"
  | "tool"
  | "exit"
  | "refused"
  | "auth"
  | "invalid"
  | "budget"
  | "cancelled"
  | "internal";
/**
 * What a failure for good means: `fail` (default), `continue` (the output is null and dependants go on), or an output to go on with.
 */
export type OnError =
  | ("fail" | "continue")
  | {
      /**
       * The output that takes the place of the failed one.
       */
      output: Json;
    };
/**
 * One step. Exactly one key says what it does: agent, run, value, session, handoff, http, sql, state, uses, steps, approval, send or wait.
 */
export type Step =
  | AgentStep
  | RunStep
  | ValueStep
  | SessionStep
  | HandoffStep
  | HttpStep
  | SqlStep
  | StateStep
  | UsesStep
  | StepsStep
  | ApprovalStep
  | SendStep
  | WaitStep;
/**
 * What is to be done, as a text for the model; `{{ }}` puts values in.
 */
export type Task = string;
/**
 * The model for this step, instead of the agent's; `${{ matrix.NAME }}` takes it from the `matrix`.
 */
export type StepModel = MatrixModel | ModelName[];
/**
 * A model, or a value of the step's `matrix` that names one.
 */
export type MatrixModel = string;
/**
 * What the step is for.
 */
export type StepDescription = string;
/**
 * The steps that must have succeeded before. References make these edges already; `needs` adds others, and says what is enough.
 */
export type Needs = Id | Id[] | NeedsAny | NeedsAtLeast;
/**
 * The name of a step or an input: lower-case letters, digits and `_`, starting with a letter, at most 64.
 */
export type Id = string;
/**
 * The step runs only if this CEL expression is true; else it is skipped. `success() &&` is implied unless a status function appears.
 */
export type Condition = string | boolean;
/**
 * The JSON Schema that the output must fit. Without it the output is text.
 */
export type Output = JsonObject;
/**
 * It may safely be done twice: after a crash it is repeated on its own.
 */
export type Idempotent = boolean;
/**
 * Runs the step once for every entry of a list, as `item` and `index`.
 */
export type ForEach =
  | string
  | Json[]
  | {
      /**
       * A pattern of paths in the workspace.
       */
      glob: string;
    };
/**
 * What the items must do for the step to succeed: `all` of them (default), `any` (the first one wins), `settled` (whatever they did), or at least so many.
 */
export type Join =
  | ("all" | "any" | "settled")
  | {
      /**
       * How many items must succeed.
       */
      at_least: number;
    };
/**
 * How many items run at once. Default: as many as there are slots.
 */
export type MaxParallel = number;
/**
 * The most items; with more the step fails before its first item. Default 1000.
 */
export type MaxItems = number;
/**
 * Cancels the other items as soon as the join can no longer hold. Default false.
 */
export type FailFast = boolean;
/**
 * A CEL expression; `${{ }}` around it may be left out here.
 */
export type Expression = string;
/**
 * Gives the step so many items at once, as `items`.
 */
export type Batch =
  | number
  | {
      /**
       * Items in one batch.
       */
      size: number;
      /**
       * A list output is flattened back to one result an item. Default true.
       */
      flatten?: boolean;
    };
/**
 * The items go to the provider's batch endpoint, at half the price and within 24 hours. Anthropic's models only; agents without tools.
 */
export type BatchApi = boolean;
/**
 * What is tried, in order, when the retries are spent: another model, another agent, or both.
 */
export type Fallback = {
  model?: ModelChoice;
  agent?: Name;
}[];
/**
 * Reuses what the same step gave in an earlier run, when nothing that it reads has changed. Default: false; a resume always reuses what its own run has done.
 */
export type Cache =
  | boolean
  | {
      key?: Expression;
      ttl?: Duration;
    };
/**
 * Where a `run` step works: `repo` (default), the folder of the manifest's repository; `isolated`, an empty folder of the step's own; `worktree`, a git worktree of its own, whose changes are kept on a branch; or `{ path }`, a folder of the repository.
 */
export type Workspace =
  | string
  | {
      /**
       * A folder of the repository, relative to its root; it is made when it is not there.
       */
      path: string;
    };
/**
 * A path, folder or glob in the workspace, or a list of them.
 */
export type Files = string | string[];
/**
 * The shell that runs a script.
 */
export type Shell = "sh" | "bash" | "zsh";
/**
 * A JSON Schema (draft 2020-12).
 */
export type JsonSchemaObject = JsonObject;

/**
 * A manifest of Muster: a team of AI agents as code. Version 1 of the language.
 */
export interface Manifest {
  /**
   * The version of the manifest language; also marks the file as a manifest.
   */
  muster: 1;
  name: Name;
  /**
   * The workflow's own version (semver), recorded with every run.
   */
  version?: string;
  /**
   * What the workflow is for.
   */
  description?: string;
  /**
   * What a run is given: each is a JSON Schema with `default`; no default means required.
   */
  inputs?: {
    [k: string]: Input;
  };
  env?: Environment;
  /**
   * Names of environment variables that are secret: what they hold is never written anywhere.
   */
  secrets?: EnvironmentName[];
  /**
   * Names for models.
   */
  models?: {
    [k: string]: Model;
  };
  /**
   * The team.
   */
  agents?: {
    [k: string]: Agent;
  };
  limits?: Limits;
  defaults?: Defaults;
  steps?: StepMap;
  outputs?: ValueMap;
  /**
   * Durable conversations: a task that is given to one goes on where the last one ended. A session needs no process of its own: whoever gives it a task has its agent answer, one message after the other.
   */
  sessions?: {
    [k: string]: {
      agent: Name;
      /**
       * How many conversations there are behind the name: each message goes to one that is free, and which one is on the record. Default 1.
       */
      pool?: number;
      idle?: Duration;
      /**
       * `run`: it lives as long as its run. `project`: all runs of this workflow in the project share it, and it keeps what was said. Default run.
       */
      scope?: "run" | "project";
    };
  };
  permissions?: Permissions;
  workspace?: Workspace;
  /**
   * Where artifacts over 1 MiB are kept beside the run's own folder, so that another machine can go on with the run.
   */
  artifacts?: {
    /**
     * A bucket of an S3-compatible store, and a prefix in it. Credentials come from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`; `AWS_ENDPOINT_URL` names a store that is not Amazon's.
     */
    store: string;
  };
  /**
   * An audit copy of all events outside of the state: one JSON object a line, only ever added to, redacted, and left alone by `muster prune`. Each start of an agent says its time, task, agent, parent, model and initiator.
   */
  events?: {
    /**
     * The file, relative to the workspace and inside of it.
     */
    file?: string;
    /**
     * A collector of OpenTelemetry for the spans of each run (OTLP over HTTP, `/v1/traces` of this address). `OTEL_EXPORTER_OTLP_ENDPOINT` wins over it. No prompts and no answers are sent.
     */
    otlp?: string;
    keep?: Duration;
  };
  finally?: StepMap;
  /**
   * Other workflows of which each run takes one, in place of `steps`: by weight, always the same for the same `--key`, or the one named with `--variant`. Inputs pass by name. The outputs and the `score` of the run are those of the one that was taken.
   */
  variants?: {
    [k: string]: {
      /**
       * Its share of the runs, against the weights of the others; 0 = only by `--variant`. Default 1.
       */
      weight?: number;
      /**
       * The workflow, a path relative to this file.
       */
      uses: string;
    };
  };
  score?: Expression;
  /**
   * What the work would take by hand, for the savings in `muster stats`.
   */
  roi?: {
    /**
     * Hours of a person for one run.
     */
    manual_hours: number;
    /**
     * What an hour costs, in USD.
     */
    hourly_rate: number;
  };
}
/**
 * Environment variables: names with texts. `{{ }}` puts values in; numbers and booleans are written in quotes.
 */
export interface Environment {
  /**
   * The value of the variable.
   */
  [k: string]: string;
}
/**
 * A model with its settings.
 */
export interface ModelSettings {
  model: ModelName;
  /**
   * Where the provider's API is, instead of its usual address.
   */
  base_url?: string;
  /**
   * The key, always from a secret. Default: the provider's usual environment variable.
   */
  api_key?: string;
  price?: Price;
  /**
   * The most tokens of one answer.
   */
  max_tokens?: number;
  /**
   * How much the answers vary: 0 is the least.
   */
  temperature?: number;
  effort?: Effort;
}
/**
 * US dollars per million tokens.
 */
export interface Price {
  /**
   * Input tokens.
   */
  input: number;
  /**
   * Output tokens.
   */
  output: number;
  /**
   * Input tokens that were read from the provider's cache.
   */
  cache_read?: number;
  /**
   * Input tokens that were written to the provider's cache.
   */
  cache_write?: number;
}
/**
 * Somebody who does tasks: a model with instructions, or another program.
 */
export interface Agent {
  model?: ModelChoice;
  /**
   * Who the agent is and how it works; `{{ }}` may read `inputs`, `env` and `run`.
   */
  instructions?: string;
  /**
   * The most tokens of one answer.
   */
  max_tokens?: number;
  /**
   * The tools that the agent may use, each within `permissions`: `read_file`, `write_file`, `edit_file`, `list_files`, `search_files`, `shell`, `web_fetch`, `web_search`, `state_get`, `state_set`, `state_list`, `send_message`; of its MCP servers `mcp:SERVER` or `mcp:SERVER/TOOL`. Default: none; then it answers in one turn.
   */
  tools?: string[];
  /**
   * MCP servers that give it more tools, named in `tools` as `mcp:SERVER` (all of them) or `mcp:SERVER/TOOL`. A server is started for each attempt of a step, or reached by its address. What its tools are is pinned in `muster.lock` by `muster validate --pin-tools`.
   */
  mcp?: {
    [k: string]: McpServer;
  };
  permissions?: Permissions;
  sandbox?: Sandbox;
  /**
   * What its tools may take.
   */
  resources?: {
    memory?: Size;
    cpu?: Duration;
    /**
     * Processes of a command at once. Default 64.
     */
    processes?: number;
    output?: Size;
  };
  /**
   * Lets the agent lead others: it starts them, waits for them, and stops them, by tools of its own. They never have more permissions than it has, and its budgets count what they spend.
   */
  spawn?: {
    /**
     * Whom it may start, by their names under `agents`; itself as well. How deep this goes is bounded by `limits.depth`, how many there are in a run by `limits.agents`.
     */
    agents: Name[];
    /**
     * How many it may start in one task, all together. Default 5.
     */
    max_children?: number;
  };
  env?: Environment;
  budget?: Budget;
  /**
   * What one call is taken to cost, at most, where the price of the model is not known: it is reserved, and counted, in place of the real cost.
   */
  assume?: {
    /**
     * US dollars a call.
     */
    usd: number;
  };
  /**
   * The most turns of one task: calls of the model, each with what it wants done. Default 20. Above it the step fails with code `max_turns`.
   */
  max_turns?: number;
  /**
   * A coding agent answers in place of a model, over the Agent Client Protocol. It asks before what its `permissions` must allow, as far as its mode has it ask.
   */
  acp?: {
    /**
     * The program with its arguments; they may read `inputs`, `env` and `run`. The program itself is written out.
     */
    command: string[];
    /**
     * The mode that its session is put into, passed on as it is written. Default: what the agent begins with.
     */
    mode?: string;
  };
  /**
   * Another program answers in place of a model. What it prints is its answer; exit code 0 says that it is one.
   */
  command?: {
    /**
     * The program with its arguments; they may read `inputs`, `env`, `run` and `prompt`, all that the program is asked. The program itself is written out.
     */
    argv: string[];
    /**
     * What it reads from standard input: the prompt. Without it the prompt is put into an argument, as `{{ prompt }}`.
     */
    stdin?: "prompt";
  };
}
/**
 * An MCP server: a program (`command`), or one that runs already (`url`).
 */
export interface McpServer {
  /**
   * The program of a server that is spoken to by its standard input and output. Written out, without expressions; `permissions.shell` must allow it. It inherits nothing but usual variables such as `PATH`, and works in the folder of the step.
   */
  command?: string;
  /**
   * Arguments of the program, written out.
   */
  args?: string[];
  env?: Environment;
  sandbox?: Sandbox;
  /**
   * The address of a server that is spoken to over HTTP, written out. Its host must be in `permissions.network`.
   */
  url?: string;
  /**
   * Headers of each request; `{{ }}` may read `inputs`, `env`, `run` and `secrets`.
   */
  headers?: {
    /**
     * The value.
     */
    [k: string]: string;
  };
}
/**
 * What may be touched; what is not named is denied.
 */
export interface Permissions {
  /**
   * Files of the workspace: `sqlite:` databases, `for_each: { glob }`, and tools for files. Default `none`.
   */
  files?: "none" | "read" | "write";
  /**
   * The hosts that may be reached: `api.example.com`, `*.example.com` (its subdomains), `*` (any). Addresses of this machine or a private network only where they are written out, such as `localhost` or `10.0.0.5`. Default: none.
   */
  network?: HostPattern[];
  /**
   * Programs that `run`, and the tool `shell`, may start: `none`, `any`, or a list of programs, which allows `[program, argument]` only. Default `none`.
   */
  shell?: ("none" | "any") | Program[];
  /**
   * The state store: `state` steps, and tools for it. Default `none`.
   */
  state?: "none" | "read" | "write";
  /**
   * Sessions that may be sent messages: by `session` and `send` steps under the cap of a file, by the tool `send_message` of an agent. Default `none`.
   */
  sessions?: "none" | string[];
}
/**
 * The most that may be spent. The worst case of each call is reserved before it starts.
 */
export interface Budget {
  /**
   * US dollars.
   */
  usd?: number;
  /**
   * Tokens, in and out, cached ones included.
   */
  tokens?: number;
  /**
   * Calls of a model.
   */
  calls?: number;
  /**
   * The share of the budget at which there is a warning. Default 0.8.
   */
  warn_at?: number;
  /**
   * What happens when a call does not fit any more: the run fails, or it waits (exit code 4) until it is resumed with a higher budget. Default fail.
   */
  on_exceeded?: "fail" | "pause";
}
/**
 * Bounds of a whole run.
 */
export interface Limits {
  /**
   * How many attempts run at once. Default 8.
   */
  concurrency?: number;
  timeout?: Duration;
  grace?: Duration;
  budget?: Budget;
  /**
   * How often things may start, counted over all runs of the project: attempts of agents (`spawns`), and for each provider its requests and their tokens. What has to wait gives its slot back, and no timeout counts.
   */
  rate?: {
    spawns?: Rate;
    anthropic?: ProviderRate;
    openai?: ProviderRate;
    ollama?: ProviderRate;
  };
  /**
   * Stops asking who fails again and again.
   */
  circuit_breaker?: {
    /**
     * So many failures in a row open it. Default 3.
     */
    failures?: number;
    cooldown?: Duration;
    /**
     * What is counted together. `model`, `agent`: attempts in a row that end `overloaded`, `server`, `network` or `timeout`; while it is open the next model or stage is taken, or else waited. `run`: steps and items in a row that failed for good; then the run fails. Default run.
     */
    scope?: "run" | "model" | "agent";
  };
  /**
   * The most agents that agents may start in a run, over all its resumes (`spawn`). Default 100.
   */
  agents?: number;
  /**
   * How deep workflows may use others (`uses`) and agents start others (`spawn`), both together. Default 3.
   */
  depth?: number;
}
/**
 * How much one provider may be asked.
 */
export interface ProviderRate {
  requests?: Rate;
  tokens?: Rate;
}
/**
 * What a step has that does not say otherwise.
 */
export interface Defaults {
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  model?: ModelChoice;
  /**
   * `cache` of every `agent` and `run` step that has none of its own.
   */
  cache?:
    | boolean
    | {
        ttl: Duration;
      };
  sandbox?: Sandbox;
}
/**
 * Tries again after a failure that may pass. A step without `retry`, here and in `defaults`, is tried once.
 */
export interface Retry {
  /**
   * How often it is tried, the first time included. Default 3.
   */
  max_attempts?: number;
  backoff?: Backoff;
  delay?: Duration;
  max_delay?: Duration;
  /**
   * Spreads the delays by a tenth, so that not all come back at once. Default true.
   */
  jitter?: boolean;
  /**
   * The classes of failure that are tried again. Default: rate_limit overloaded server network timeout output.
   */
  on?: FailureClass[];
}
/**
 * Steps by their ids.
 */
export interface StepMap {
  [k: string]: Step;
}
/**
 * One agent does one task.
 */
export interface AgentStep {
  /**
   * The agent that does it: a name, or an expression whose schema is an `enum` of names, so that the plan knows all who may be chosen.
   */
  agent: string;
  task: Task;
  model?: StepModel;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  batch_api?: BatchApi;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * One of these steps is enough.
 */
export interface NeedsAny {
  /**
   * The steps of which one is enough.
   */
  any: Id[];
}
/**
 * So many of these steps are enough.
 */
export interface NeedsAtLeast {
  /**
   * How many of them must succeed.
   */
  at_least: number;
  /**
   * The steps of which so many must succeed.
   */
  of: Id[];
}
/**
 * Runs the step for every combination of the values, as `matrix`. The plan shows them all.
 */
export interface Matrix {
  /**
   * Combinations to add, or what to add to those that they match.
   */
  include?: {
    [k: string]: Json;
  }[];
  /**
   * Combinations to leave out: all that have these values.
   */
  exclude?: {
    [k: string]: Json;
  }[];
  [k: string]:
    | Json[]
    | {
        [k: string]: Json;
      }[]
    | undefined;
}
/**
 * Runs the step again until an expression is true, with `previous` in reach: the output of the round before, null in the first.
 */
export interface Repeat {
  until: Expression;
  /**
   * The most rounds; after them the step fails. Default 5.
   */
  max?: number;
  delay?: Duration;
}
/**
 * What the step answers under `--simulate`, instead of a value of its schema.
 */
export interface Simulate {
  /**
   * The output.
   */
  output: Json;
}
/**
 * Runs a shell script or a program.
 */
export interface RunStep {
  /**
   * A shell script (text), or a program with its arguments (list). Values never go into a script: pass them through `env` or `stdin`.
   */
  run: string | string[];
  shell?: Shell;
  /**
   * What the program reads from its standard input; a value that is not text comes as JSON.
   */
  stdin?: string;
  env?: Environment;
  /**
   * The folder where it runs, in the workspace.
   */
  cwd?: string;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * A pure expression: computes a value from others.
 */
export interface ValueStep {
  /**
   * The value; expressions inside it are evaluated.
   */
  value: Json;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * Gives a task to a durable conversation, which remembers what was said before.
 */
export interface SessionStep {
  session: Name;
  task: Task;
  model?: StepModel;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * Tries agents and people in turn until an answer is accepted.
 */
export interface HandoffStep {
  /**
   * Who tries, in order: agents and people. `previous` is the output of the one before, null for the first.
   */
  handoff: {
    agent?: Name;
    accept?: Expression;
    approval?: Approval;
  }[];
  task: Task;
  model?: ModelChoice;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * A question to a person, bound to what was shown: the prompt, the values in it, and the steps that wait for the answer. When any of it changes, an answer no longer counts.
 */
export interface Approval {
  /**
   * What the person is asked, as a text; `{{ }}` puts values in.
   */
  prompt: string;
  /**
   * Who may answer: `github:LOGIN`, `oidc:SUBJECT`, or the account of a channel. Held up where `issuers` of muster-policy.yaml say who vouches for them; advice elsewhere, and `muster validate` says so.
   *
   * Items: A person.
   */
  approvers?: string[];
  /**
   * Whoever started the run may not answer. Held up where `issuers` of muster-policy.yaml say who vouches for people; advice elsewhere.
   */
  not_initiator?: boolean;
  timeout?: Duration;
  /**
   * What happens when nobody answers in time: `reject` (default) is a failure `refused`, `fail` a failure `timeout`, which is not tried again.
   */
  on_timeout?: "reject" | "fail";
  input?: JsonSchemaObject;
}
/**
 * Makes an HTTP request.
 */
export interface HttpStep {
  http: HttpRequest;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * An HTTP request.
 */
export interface HttpRequest {
  /**
   * The method. Default `GET`. `POST` and `PATCH` may do something twice: after a crash they are not repeated unless the step says `idempotent: true`.
   */
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /**
   * The address. Scheme and host are written out; values in the rest are percent-encoded. Or one secret: `${{ secrets.HOOK_URL }}`.
   */
  url: string;
  /**
   * Headers; secrets may stand in them.
   */
  headers?: {
    /**
     * The value.
     */
    [k: string]: string;
  };
  /**
   * Parameters of the query. A list repeats the parameter, null leaves it out.
   */
  query?: {
    [k: string]: Json;
  };
  /**
   * The body: a text as it is, anything else as JSON. Texts inside of it may have `{{ }}`.
   */
  body?: Json;
  /**
   * The status codes that are a success. Default: 200 to 299.
   */
  expect?: number[];
}
/**
 * Asks a database.
 */
export interface SqlStep {
  sql: SqlQuery;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * A statement for a database.
 */
export interface SqlQuery {
  /**
   * The database: `sqlite:PATH` in the workspace, `postgres://USER@HOST/NAME`, or one secret: `${{ secrets.DATABASE_URL }}`.
   */
  connection: string;
  /**
   * One statement, as it stands; values go through `params`.
   */
  query: string;
  /**
   * The values of the statement, in order: `?` in SQLite, `$1` in PostgreSQL.
   */
  params?: Json[];
}
/**
 * Reads or writes the state store: values that outlive a step.
 */
export interface StateStep {
  /**
   * One operation on a key.
   */
  state: StateGet | StateSet | StateDelete | StateIncrement | StateList | StateCompareAndSet;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * Reads a key; null where there is none.
 */
export interface StateGet {
  /**
   * The key.
   */
  get: string;
  /**
   * Of this run, or of the project (default).
   */
  scope?: "run" | "project";
}
/**
 * Writes a key.
 */
export interface StateSet {
  /**
   * The key.
   */
  set: string;
  /**
   * What is written.
   */
  value: Json;
  /**
   * Of this run, or of the project (default).
   */
  scope?: "run" | "project";
}
/**
 * Takes a key away; gives what it was, or null.
 */
export interface StateDelete {
  /**
   * The key.
   */
  delete: string;
  /**
   * Of this run, or of the project (default).
   */
  scope?: "run" | "project";
}
/**
 * Adds to a number, 0 where there is none; gives the sum.
 */
export interface StateIncrement {
  /**
   * The key.
   */
  increment: string;
  /**
   * How much is added. Default 1.
   */
  by?: Json;
  /**
   * Of this run, or of the project (default).
   */
  scope?: "run" | "project";
}
/**
 * Lists the keys with a prefix, each as `{ key, value }`, in order.
 */
export interface StateList {
  /**
   * The prefix; an empty text lists all.
   */
  list: string;
  /**
   * Of this run, or of the project (default).
   */
  scope?: "run" | "project";
}
/**
 * Writes a key if it has the value `from` (null: also when there is none); else the step fails with the code `state_mismatch`.
 */
export interface StateCompareAndSet {
  /**
   * The key.
   */
  compare_and_set: string;
  /**
   * The value that is expected.
   */
  from: Json;
  /**
   * The value that is written.
   */
  to: Json;
  /**
   * Of this run, or of the project (default).
   */
  scope?: "run" | "project";
}
/**
 * Runs another workflow. It sees only the inputs and secrets that it is given.
 */
export interface UsesStep {
  /**
   * The other workflow: a path that starts with `./` or `../`, relative to this file; or `owner/repo/path@SHA`, a file of another repository at a commit (40 hex digits).
   */
  uses: string;
  /**
   * Its inputs; expressions inside are evaluated.
   */
  with?: {
    [k: string]: Json;
  };
  /**
   * Its secrets: `inherit` for all that it declares, or a list of names.
   */
  secrets?: "inherit" | EnvironmentName[];
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * A group: steps of its own, so that `for_each` and `repeat` go over several steps. Its output is its `outputs`.
 */
export interface StepsStep {
  steps: StepMap;
  outputs?: ValueMap;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * Names with values.
 */
export interface ValueMap {
  [k: string]: Json;
}
/**
 * Waits for a person, without holding a slot. A rejection is a failure `refused`.
 */
export interface ApprovalStep {
  approval: Approval;
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * Sends a message to a session. With `wait` its output is the reply; without, it ends at once, and the session's turn is a step of its own, `ID-reply`, which the run ends with.
 */
export interface SendStep {
  /**
   * The message.
   */
  send: {
    to: Name;
    /**
     * The text.
     */
    message: string;
    wait?: Duration;
  };
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}
/**
 * Waits, without holding a slot.
 */
export interface WaitStep {
  /**
   * How long, or until when.
   */
  wait: {
    [k: string]: unknown;
  } & {
    for?: Duration;
    /**
     * A point in time: ISO 8601 with its zone, or an expression that gives one.
     */
    until?: string;
  };
  description?: StepDescription;
  needs?: Needs;
  if?: Condition;
  timeout?: Duration;
  retry?: Retry;
  on_error?: OnError;
  output?: Output;
  idempotent?: Idempotent;
  for_each?: ForEach;
  join?: Join;
  max_parallel?: MaxParallel;
  max_items?: MaxItems;
  fail_fast?: FailFast;
  item_key?: Expression;
  batch?: Batch;
  matrix?: Matrix;
  repeat?: Repeat;
  fallback?: Fallback;
  cache?: Cache;
  workspace?: Workspace;
  reads?: Files;
  writes?: Files;
  simulate?: Simulate;
}

import type { Json, JsonObject, JsonSchema } from "../util/json.ts";
import type { Backoff, Effort, FailureClass, HttpRequest, Shell } from "./types.ts";
import type { Pointer } from "./pointer.ts";
import type { NormalBreaker, NormalBudget, NormalRates } from "./pressure.ts";

/**
 * A manifest in one canonical spelling: short forms are written out, durations are milliseconds, `defaults` and the
 * defaults of the language are filled in. Templates and expressions are still text as written, names are not resolved.
 * A node is found in the document under the pointer at which the user wrote it, e.g.
 * `["steps", id, "task"]`, `["agents", name, "instructions"]`, `["outputs", name]`, `["steps", id, "on_error", "output"]`,
 * `["steps", group, "steps", id, "task"]`, `["finally", id, "run"]`.
 */
export interface NormalManifest {
  readonly name: string;
  readonly version: string | null;
  readonly description: string | null;
  readonly inputs: { readonly [name: string]: NormalInput };
  /** Text templates; for every `run` step. */
  readonly env: { readonly [name: string]: string };
  /** Names of environment variables, each once. */
  readonly secrets: readonly string[];
  /** Aliases, each with its fallback chain, never empty. */
  readonly models: { readonly [name: string]: readonly NormalModel[] };
  readonly agents: { readonly [name: string]: NormalAgent };
  readonly sessions: { readonly [name: string]: NormalSession };
  /** What an agent without `model` uses; null when nothing is written. Located under `["defaults", "model"]`. */
  readonly defaultModel: readonly Named[] | null;
  readonly limits: NormalLimits;
  /** The cap of the file with the keys that it leaves out denied; null = none is written. */
  readonly permissions: NormalPermissions | null;
  /** In the order of the file, those of `finally` last. Variants are steps too, of which a run has one. */
  readonly steps: readonly NormalStep[];
  /** null = the workflow has steps of its own. */
  readonly variants: readonly NormalVariant[] | null;
  /** A bare expression or `${{ expr }}`; null = it has no score. */
  readonly score: string | null;
  readonly roi: { readonly manualHours: number; readonly hourlyRate: number } | null;
  /** `events.otlp`; null = the manifest names no collector. */
  readonly telemetry: string | null;
  /** The audit copy; null = there is none. */
  readonly events: { readonly file: string; readonly keepMs: number | null } | null;
  /** Values with templates inside. */
  readonly outputs: { readonly [name: string]: Json };
  /** `artifacts.store`, without a `/` at its end; null = artifacts stay in the run's folder. */
  readonly artifactStore: string | null;
}

/** One of `variants`: its step has the same name, and is located under `["variants", name]`. */
export interface NormalVariant {
  readonly name: string;
  /** At least 0; one of them is above. */
  readonly weight: number;
}

/** A name that refers to something else, and where it is written. */
export interface Named {
  readonly name: string;
  readonly pointer: Pointer;
}

/** One declared input; `default` is null when it is required. The schema is as written, without `default`. */
export interface NormalInput {
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly default: Json;
}

/** One entry of a fallback chain. `model` is an id `provider/model`, or the name of another alias. */
export interface NormalModel {
  readonly model: Named;
  readonly baseUrl: string | null;
  /** The name in `${{ secrets.NAME }}`; whether it is declared is not checked yet. */
  readonly apiKeySecret: string | null;
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  readonly effort: Effort | null;
  /** USD per million tokens. */
  readonly price: {
    readonly input: number;
    readonly output: number;
    readonly cacheRead: number | null;
    readonly cacheWrite: number | null;
  } | null;
}

export interface NormalAgent {
  /** Ids or aliases in order of preference; null = `defaultModel`, else `auto`. */
  readonly model: readonly Named[] | null;
  /** A text template. */
  readonly instructions: string | null;
  /** Over the model's own `max_tokens`; null = that one. */
  readonly maxTokens: number | null;
  /** What it may spend in a run; null = nothing of its own bounds it. */
  readonly budget: NormalBudget | null;
  /** What a call is taken to cost where no price is known, USD; null = nothing is said. */
  readonly assumeUsd: number | null;
  /** The program that answers in place of a model; null = a model does. */
  readonly driver: NormalDriver | null;
  /** Text templates; for its programs. */
  readonly env: { readonly [name: string]: string };
  /** The first key that only says what tools may do; null = none is written. */
  readonly writtenForTools: string | null;
  /** As written. */
  readonly tools: readonly string[];
  /** MCP servers by their names. */
  readonly servers: { readonly [name: string]: NormalServer };
  /** What is not named is denied. */
  readonly permissions: NormalPermissions;
  readonly sandbox: "require" | "prefer" | "off";
  readonly resources: NormalResources;
  readonly maxTurns: number;
  /** Whom it may start; null = nobody. */
  readonly spawn: NormalSpawn | null;
}

/** Agents that an agent may start, as it is written. */
export interface NormalSpawn {
  readonly agents: readonly string[];
  /** In one task. */
  readonly maxChildren: number;
}

/** A durable conversation. */
export interface NormalSession {
  readonly agent: string;
  readonly pool: number;
  /** null = it never begins anew by itself. */
  readonly idleMs: number | null;
  readonly scope: "run" | "project";
}

/** What the tools of an agent may take. */
export interface NormalResources {
  readonly memoryBytes: number;
  readonly cpuMs: number;
  readonly processes: number;
  /** Of the text of one call. */
  readonly outputBytes: number;
}

/** A server that gives tools. The values of `env` and `headers` are text templates. */
export type NormalServer =
  | {
      readonly kind: "stdio";
      /** The program with its arguments: no templates. */
      readonly argv: readonly string[];
      readonly env: { readonly [name: string]: string };
      readonly sandbox: "require" | "prefer" | "off";
    }
  | { readonly kind: "http"; readonly url: string; readonly headers: { readonly [name: string]: string } };

/** A program that answers. `argv` are text templates. */
export type NormalDriver = {
  readonly argv: readonly string[];
} & (
  | {
      /** It is asked once, and what it prints is the answer. */
      readonly kind: "command";
      /** It reads the prompt from its standard input. */
      readonly readsPrompt: boolean;
    }
  /** A coding agent over the Agent Client Protocol. `mode` null = the one that it begins with. */
  | { readonly kind: "acp"; readonly mode: string | null }
);

/** What may be touched, as it is written; see `plan/permissions.ts` for what it means. */
export interface NormalPermissions {
  readonly files: "none" | "read" | "write";
  readonly network: readonly string[];
  readonly shell: "none" | "any" | readonly string[];
  readonly state: "none" | "read" | "write";
  /** Missing = none. */
  readonly sessions?: readonly string[];
}

/** Complete: the language's defaults are in. */
export interface NormalLimits {
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** `timeout` is written in the file. */
  readonly hasTimeout: boolean;
  readonly graceMs: number;
  /** How deep workflows may use others, and agents start others. */
  readonly depth: number;
  /** `depth` is written in the file. */
  readonly hasDepth: boolean;
  /** The most agents that agents may start in a run. */
  readonly agents: number;
  /** null = not written: these three. */
  readonly budget: NormalBudget | null;
  readonly rates: NormalRates | null;
  readonly breaker: NormalBreaker | null;
}

export interface NormalStep {
  readonly id: string;
  /** `["steps", id]` for a step at the top, `["finally", id]`, `["steps", group, "steps", id]`. */
  readonly pointer: Pointer;
  /** A text template. */
  readonly description: string | null;
  readonly body: NormalBody;
  /** null = no `needs` (edges come from references alone). `needs: []` has an empty `of` and requires 0. */
  readonly needs: NormalNeeds | null;
  /** `if` as written: a bare expression or `${{ expr }}`; `true`/`false` for a YAML boolean. */
  readonly condition: string | null;
  readonly fan: NormalFan | null;
  readonly retry: NormalRetry;
  /** null for a group, a sub-workflow and a wait that do not write one, and for an approval. */
  readonly timeoutMs: number | null;
  readonly onError: NormalOnError;
  /** null = text (a `value` step: its value unchecked). */
  readonly output: JsonSchema | null;
  /** `idempotent`; null = not written. */
  readonly idempotent: boolean | null;
  readonly isFinally: boolean;
  /** It stands for one that is wrong: nothing is known of what it gives. */
  readonly isUnknown?: true;
  readonly repeat: NormalRepeat | null;
  /** In order; empty when there is none. */
  readonly fallback: readonly NormalFallback[];
  readonly workspace: "repo" | "isolated" | "worktree" | { readonly path: string };
  /** Text templates, each a path, folder or glob. */
  readonly reads: readonly NormalPattern[];
  readonly writes: readonly NormalPattern[];
  /** null = not cached. */
  readonly cache: NormalCache | null;
  readonly simulate: { readonly output: Json } | null;
  /** Of a `handoff`: each stage, the step's own first, then those of `fallback`. Missing for all other steps. */
  readonly handoff?: readonly NormalHandoffStage[];
}

/** What a stage of a `handoff` has beside its agent and models. */
export interface NormalHandoffStage {
  readonly pointer: Pointer;
  /** An expression; null = every output is accepted. */
  readonly accept: string | null;
  /** A person in place of an agent. */
  readonly approval: NormalApproval | null;
}

/** One entry of `reads` or `writes`, and where it is written. */
export interface NormalPattern {
  readonly pattern: string;
  readonly pointer: Pointer;
}

export interface NormalCache {
  /** An expression, bare or `${{ expr }}`; null = all that the step reads. */
  readonly key: string | null;
  /** null = until it is pruned. */
  readonly ttlMs: number | null;
  /** Where the expression is written. */
  readonly pointer: Pointer;
}

export interface NormalRepeat {
  /** An expression, bare or `${{ expr }}`. */
  readonly until: string;
  readonly max: number;
  readonly delayMs: number;
}

/** One stage after the step's own; at least one of the two is written. */
export interface NormalFallback {
  readonly agent: Named | null;
  readonly models: readonly Named[] | null;
}

/** `required` of the steps `of` must succeed: all of them for a name or a list, 1 for `any`. */
export interface NormalNeeds {
  readonly of: readonly Named[];
  readonly required: number;
}

/** What kind of step it is. */
export type NormalBody =
  | {
      readonly kind: "agent";
      /** null = a person comes first, in a `handoff`. Of a session: who answers in it, "" where there is no such session. */
      readonly agent: string | null;
      /** The session that the task goes into; missing = none. */
      readonly session?: string;
      /** It was written as `send`; `waitMs` null = nobody waits for the reply. */
      readonly send?: { readonly waitMs: number | null };
      readonly task: string;
      readonly model: readonly Named[] | null;
      /** The key of the `matrix` in `model: ${{ matrix.KEY }}`; null when the model is written out or left out. */
      readonly modelKey: string | null;
      /** Through the provider's batch endpoint. */
      readonly batchApi: boolean;
    }
  | {
      readonly kind: "run";
      /** A script (never a template), or argv, each a text template or `${{ expr }}`. */
      readonly command: string | readonly string[];
      /** null = the default shell; only where `command` is a script. */
      readonly shell: Shell | null;
      /** Text templates. */
      readonly env: { readonly [name: string]: string };
      readonly stdin: string | null;
      readonly cwd: string | null;
    }
  | { readonly kind: "value"; readonly value: Json }
  | {
      readonly kind: "http";
      readonly method: NonNullable<HttpRequest["method"]>;
      /** A text template, or `${{ secrets.X }}`. */
      readonly url: string;
      /** Text templates. */
      readonly headers: { readonly [name: string]: string };
      /** Values whose texts are text templates. */
      readonly query: { readonly [name: string]: Json };
      /** A value whose texts are text templates; undefined = no body. */
      readonly body: Json | undefined;
      /** null = any of 200 to 299. */
      readonly expect: readonly number[] | null;
    }
  | {
      readonly kind: "sql";
      /** A text template, or `${{ secrets.X }}`. */
      readonly connection: string;
      /** Never a template. */
      readonly query: string;
      /** Values with templates inside. */
      readonly params: readonly Json[];
    }
  | {
      readonly kind: "state";
      readonly operation: StateOperation;
      /** A text template: the key, or the prefix of `list`. */
      readonly key: string;
      readonly scope: "run" | "project";
      /** `value` of `set`, `by` of `increment`, `from` and `to`: values with templates inside, by the name of the key. */
      readonly values: { readonly [name: string]: Json };
    }
  | {
      readonly kind: "steps";
      /** In the order of the file. */
      readonly steps: readonly NormalStep[];
      /** Values with templates inside. */
      readonly outputs: { readonly [name: string]: Json };
    }
  | {
      readonly kind: "uses";
      /** As written: it starts with `./` or `../`. */
      readonly path: string;
      /** Values with templates inside. */
      readonly with: { readonly [input: string]: Json };
      /** Names of the secrets that are passed, or all that the other workflow declares. */
      readonly secrets: "inherit" | readonly Named[];
    }
  | {
      readonly kind: "wait";
      readonly forMs: number | null;
      /** A text template or `${{ expr }}`; null where `forMs` says it. */
      readonly until: string | null;
    }
  | ({ readonly kind: "approval" } & NormalApproval);

/** A question to a person. */
export interface NormalApproval {
  /** A text template. */
  readonly prompt: string;
  /** Empty where anybody may answer. */
  readonly approvers: readonly string[];
  readonly notInitiator: boolean;
  /** null = it waits without an end. */
  readonly timeoutMs: number | null;
  readonly onTimeout: "reject" | "fail";
  /** null = nothing is filled in. */
  readonly input: JsonSchema | null;
}

/** What a `state` step does. */
export type StateOperation = "get" | "set" | "delete" | "increment" | "list" | "compare_and_set";

/** What the units of a step go over. */
export type NormalItems =
  /** A list (with templates inside), or one `${{ expr }}`. */
  | { readonly kind: "list"; readonly list: Json }
  /** A text template. */
  | { readonly kind: "glob"; readonly pattern: string }
  | { readonly kind: "matrix"; readonly matrix: NormalMatrix };

/** A matrix as it is written; `combinationsOf` of the plan multiplies it out. */
export interface NormalMatrix {
  readonly axes: { readonly [key: string]: readonly Json[] };
  readonly include: readonly JsonObject[];
  readonly exclude: readonly JsonObject[];
}

export interface NormalFan {
  readonly items: NormalItems;
  /** `for_each`, or `matrix`. */
  readonly pointer: Pointer;
  /** An expression that names an item; null = its content does. */
  readonly itemKey: string | null;
  readonly batch: { readonly size: number; readonly flatten: boolean } | null;
  readonly maxItems: number;
  /** null = no limit of its own. */
  readonly maxParallel: number | null;
  readonly failFast: boolean;
  readonly join: { readonly kind: "all" | "any" | "settled" } | { readonly kind: "at_least"; readonly count: number };
}

/** Complete, the step's own keys over those of `defaults.retry`. Without any `retry`: one attempt. */
export interface NormalRetry {
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: boolean;
  /** null = not written: the default classes, less what an unsafe effect forbids. */
  readonly on: readonly FailureClass[] | null;
}

export type NormalOnError =
  | { readonly kind: "fail" }
  | { readonly kind: "continue" }
  /** `pointer`: where the output is written, at the step or under `defaults`. */
  | { readonly kind: "output"; readonly output: Json; readonly pointer: Pointer };

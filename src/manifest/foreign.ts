import type { Json } from "../util/json.ts";

/** A word that another tool has for something: the key of ours it means (null = none), and what to write. */
export interface ForeignWord {
  readonly key: string | null;
  readonly help: string;
  /** The entry as it is written here, with its value: `needs: [a]`; null where the value says something else here. */
  readonly moved: string | null;
}

/** What a word of another tool says of itself where it stands with a value. */
interface Word {
  readonly key: string | null;
  readonly help: string;
  /** The key of ours with the value moved over, e.g. `needs: [a]`; null where the value says something else here. */
  readonly moved?: (value: Json, word: string) => string | null;
}

const called = (key: string, example?: string, moved: Word["moved"] = () => null): Word => ({
  key,
  help: calledHelp(key, example),
  moved,
});
const calledHelp = (key: string, example?: string): string =>
  `here it is called '${key}'${example ? `: \`${example}\`` : ""}`;
const inside = (path: string, key: string | null = null): Word => ({ key, help: `write it as \`${path}\`` });

/** Several words with one meaning. */
const words = (list: string, word: Word): [string, Word][] => list.split(" ").map((name) => [name, word]);
const table = (...groups: [string, Word][][]): ReadonlyMap<string, Word> => new Map(groups.flat());

/** Names of steps, in our form. */
const stepNames = (value: Json): string | null => {
  const written = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const names = written.filter((name) => typeof name === "string" && /^\w{1,40}$/.test(name));
  const areNames = names.length > 0 && names.length <= 5 && names.length === written.length;
  return areNames ? `needs: [${names.map(String).join(", ")}]` : null;
};
const isCount = (value: Json): value is number => typeof value === "number" && Number.isSafeInteger(value) && value > 0;
/** `timeout_minutes: 5` is `timeout: 5m`. */
const duration = (value: Json, word: string): string | null => {
  const unit = /_(ms|m|s)/.exec(word)?.[1];
  return isCount(value) && unit !== undefined ? `timeout: ${value}${unit}` : null;
};
/** The first try counts here: `retries: 2` is three attempts. */
const attempts = (value: Json, word: string): string | null =>
  isCount(value) ? `retry: { max_attempts: ${word.endsWith("attempts") ? value : value + 1} }` : null;
const count =
  (key: string) =>
  (value: Json): string | null =>
    isCount(value) ? `${key}: ${value}` : null;
/** A list in one expression, or of plain words and numbers. */
const list = (value: Json): string | null => {
  if (typeof value === "string") return /^\$\{\{.{1,60}\}\}$/.test(value) ? `for_each: ${value}` : null;
  if (!Array.isArray(value) || value.length > 5) return null;
  const isPlain = value.every(
    (item: Json) => typeof item === "number" || (typeof item === "string" && /^[\w.-]{1,20}$/.test(item)),
  );
  return isPlain ? `for_each: [${value.join(", ")}]` : null;
};

/** A failure that lets the run go on, or does not. */
const goesOn = (value: Json): string | null =>
  typeof value === "boolean" ? `on_error: ${value ? "continue" : "fail"}` : null;

const waitFor = "depends_on depends dependson dependencies depends_upon requires after wait_for upstream";
const minutes = "timeout_minutes timeout_seconds timeout_ms timeout_s timeout_sec";

/** Words of other tools by place, in snake_case (keys are compared in that form). */
const tables: { readonly [place: string]: ReadonlyMap<string, Word> } = {
  manifest: table(
    words("jobs tasks nodes stages pipeline workflow graph", called("steps")),
    words("args arguments parameters params variables vars input", called("inputs")),
    words("environment", called("env")),
    words("id title", called("name")),
    words("output result results", called("outputs")),
    words("team roles members crew", called("agents")),
    words("llm llms model", inside("defaults: { model: fast }")),
    words("triggers trigger", called("on")),
    words("schedule cron", inside("on: { schedule: { cron: ... } }", "on")),
    words("concurrency max_concurrency max_parallel parallelism", inside("limits: { concurrency: 5 }")),
    words(`timeout ${minutes}`, inside("limits: { timeout: 30m }")),
    words("budget max_cost", inside("limits: { budget: { usd: 2.50 } }")),
    words("retry retries on_error", inside("defaults: { retry: { max_attempts: 3 } }")),
    words("apiversion api_version schema_version language", called("muster", "muster: 1")),
  ),
  step: table(
    words(waitFor, called("needs", "needs: [outline]", stepNames)),
    words("when condition only_if cond run_if", called("if")),
    words(minutes, called("timeout", "timeout: 10m", duration)),
    words(
      "continue_on_error ignore_errors allow_failure continue_on_fail",
      called("on_error", "on_error: continue", goesOn),
    ),
    words("prompt instruction instructions message goal question user_prompt user query", called("task")),
    words("script command cmd exec bash sh shell_command", called("run")),
    words("working_directory workdir working_dir dir directory", called("cwd")),
    words("foreach for loop map each items with_items over", called("for_each", "for_each: ${{ inputs.sites }}", list)),
    words("parallel concurrency max_concurrency parallelism", called("max_parallel", undefined, count("max_parallel"))),
    words("retries max_retries attempts max_attempts", called("retry", "retry: { max_attempts: 3 }", attempts)),
    words("schema output_schema response_format json_schema output_type returns", called("output")),
    words("strategy", called("for_each")),
    words("llm", called("model")),
    words("input args arguments params parameters", {
      key: null,
      help: "a step has no inputs of its own: read values where they are used, with `{{ inputs.x }}` or `{{ steps.x.output }}`",
    }),
    words("name id", { key: null, help: "the key above the step is its name; a longer text goes under `description`" }),
    words("type kind", { key: null, help: "a step says what it is by one of the keys `agent`, `run` and `value`" }),
    words("system system_prompt", { key: null, help: "write it as `instructions` of the agent" }),
  ),
  agent: table(
    words("system system_prompt prompt role goal backstory persona description", called("instructions")),
    words("llm models model_name model_id", called("model")),
    words("max_output_tokens max_completion_tokens maxtokens", called("max_tokens")),
    words("temperature effort reasoning base_url api_key price", {
      key: null,
      help: "it belongs to the model: `models: { precise: { model: anthropic/claude-sonnet-5-5, temperature: 0 } }`",
    }),
    words("name id", { key: null, help: "the key above the agent is its name" }),
    words("retry timeout", { key: null, help: "it belongs to the step, or to `defaults`" }),
  ),
  model: table(
    words("id name model_name model_id", called("model")),
    words("url endpoint api_base host baseurl", called("base_url")),
    words("key token apikey secret", called("api_key", "api_key: ${{ secrets.TEAM_KEY }}")),
    words("provider", { key: null, help: "it is the first part of the id: `model: anthropic/claude-sonnet-5-5`" }),
    words("max_output_tokens max_completion_tokens", called("max_tokens")),
  ),
  limits: table(
    words("max_parallel parallelism max_concurrency parallel", called("concurrency", undefined, count("concurrency"))),
    words(`max_duration duration ${minutes}`, called("timeout", "timeout: 30m", duration)),
    words("max_cost cost usd", inside("budget: { usd: 2.50 }", "budget")),
  ),
  defaults: table(
    words(minutes, called("timeout", "timeout: 10m", duration)),
    words("retries max_retries max_attempts", called("retry", "retry: { max_attempts: 3 }", attempts)),
    words("continue_on_error", called("on_error", "on_error: continue", goesOn)),
  ),
  retry: table(
    words("attempts max limit count max_retries retries times", {
      key: "max_attempts",
      help: "here it is called 'max_attempts'; it counts the first try too",
    }),
    words("initial_delay interval wait delay_ms delay_seconds initial_interval", called("delay", "delay: 2s")),
    words("max_interval max_delay_ms max_wait", called("max_delay", "max_delay: 1m")),
    words("strategy policy type", called("backoff")),
    words("retry_on on_errors errors when", called("on")),
    words("factor multiplier backoff_factor", {
      key: null,
      help: "`backoff: exponential` doubles the delay each time",
    }),
  ),
  needs: table(
    words("any_of one_of or", called("any")),
    words("all all_of and", { key: null, help: "a plain list means all of them: `needs: [a, b]`" }),
    words("min minimum count", called("at_least")),
    words("steps from", called("of")),
  ),
  schema: table(
    words("optional", { key: null, help: "a key is optional unless `required`, beside `properties`, lists it" }),
    words("nullable", { key: null, help: 'let the type allow it: `type: [string, "null"]`' }),
    words("example", called("examples")),
    words("values options choices one_of_values", called("enum")),
    words("min", called("minimum")),
    words("max", called("maximum")),
    words("regex regexp", called("pattern")),
    words("desc", called("description")),
    words("fields", called("properties")),
    words("min_len", called("minLength")),
    words("max_len", called("maxLength")),
    words("$id $anchor $dynamicref $dynamicanchor id", {
      key: null,
      help: "parts of a schema are named under `$defs` and read with `$ref: '#/$defs/NAME'`",
    }),
  ),
};

/** `timeoutMinutes`, `timeout-minutes` and `timeout_minutes` are one word. */
export function snakeCase(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
}

/** What a key of another tool means at a place of the schema (`x-place`) with its value, or null. */
export function foreignWord(place: string, key: string, value: Json = null): ForeignWord | null {
  const word = tables[place]?.get(snakeCase(key));
  if (word === undefined) return null;
  const moved = word.moved?.(value, snakeCase(key)) ?? null;
  return { key: word.key, help: word.key === null || moved === null ? word.help : calledHelp(word.key, moved), moved };
}

/** Names of types in other languages, and the JSON type they mean. */
export const foreignTypes: ReadonlyMap<string, string> = new Map([
  ["str", "string"],
  ["text", "string"],
  ["markdown", "string"],
  ["int", "integer"],
  ["long", "integer"],
  ["float", "number"],
  ["double", "number"],
  ["decimal", "number"],
  ["bool", "boolean"],
  ["dict", "object"],
  ["map", "object"],
  ["json", "object"],
  ["list", "array"],
  ["none", "null"],
  ["nil", "null"],
]);

import type { Json, JsonObject } from "../../../src/util/json.ts";
import type { Draw } from "./draw.ts";

/** How a workflow is drawn. */
export interface Temper {
  /**
   * What comes out does not hang on what came first, nor on how often its runner died: no join `any`, no tight budget,
   * no circuit breaker, no effect that must not be repeated.
   */
  readonly isCalm: boolean;
  /** So large a part of the answers are failures. */
  readonly breaks: number;
}

/** A step that later ones may read. */
interface Seen {
  readonly id: string;
  /** Its output is a list of different texts. */
  readonly isList: boolean;
}

/** The steps of a scope, and an expression that gives an output of it. */
export interface WrittenScope {
  readonly steps: { readonly [id: string]: JsonObject };
  readonly last: string;
}

/** So many units one step of the text may come to, through all that is around it. */
const MOST_UNITS = 24;

/** Writes the steps of one file. Every choice is the dice's; every result is valid. */
export class Author {
  readonly #draw: Draw;
  readonly #temper: Temper;
  readonly #children: readonly string[];
  readonly #prefix: string;
  #count = 0;
  #left = 0;
  /** Units that may still come up by lists and rounds: a seed takes milliseconds, whatever the dice say. */
  #spare = 0;
  /** Units that each step comes to where the pen is now. */
  #units = 1;

  constructor(draw: Draw, temper: Temper, children: readonly string[], prefix: string) {
    this.#draw = draw;
    this.#temper = temper;
    this.#children = children;
    this.#prefix = prefix;
  }

  /** A scope with so many steps, those of its groups among them. */
  scope(count: number, isChild: boolean): WrittenScope {
    this.#left = count;
    this.#spare = 20 + count / 2;
    const steps: { [id: string]: JsonObject } = {};
    const seen: Seen[] = [];
    while (this.#left > 0) this.#add(steps, seen, seen, isChild ? " {{ inputs.topic }}" : "");
    return { steps, last: `\${{ steps.${seen.at(-1)?.id ?? ""}.output }}` };
  }

  /** Steps for `finally`. */
  finals(): { readonly [id: string]: JsonObject } {
    const id = this.#id();
    return { [id]: { ...this.#agent(id, "", []), on_error: "continue" }, [this.#id()]: { value: "the end" } };
  }

  #id(): string {
    this.#left -= 1;
    return `${this.#prefix}${this.#count++}`;
  }

  /** `siblings` may be named by `needs`; `seen` may be read. */
  #add(steps: { [id: string]: JsonObject }, siblings: Seen[], seen: readonly Seen[], more: string): void {
    const draw = this.#draw;
    const id = this.#id();
    const needs = this.#needs(siblings);
    const unsure = new Set(needs.isPartial ? needs.of : []);
    const sure = seen.filter((other) => !unsure.has(other.id));
    const reads = draw.chance(0.7) ? draw.some(sure.slice(-12), 2) : [];
    const lists = sure.filter((other) => other.isList);
    const text = `${more}${reads.map((other) => ` {{ json steps.${other.id}.output }}`).join("")}`;
    const { body, isList = false } = this.#body(id, text, sure, lists.at(-1)?.id ?? null);
    const conditions = [
      "always()",
      "always()",
      "success()",
      "inputs.flag",
      ...(draw.chance(0.3) ? ["failure()", "false"] : []),
    ];
    const condition = draw.one(conditions as [string, ...string[]]);
    const mayAsk = this.#prefix === "s" || condition !== "inputs.flag";
    steps[id] = { ...body, ...needs.json, ...(mayAsk && draw.chance(0.25) ? { if: condition } : {}) };
    siblings.push({ id, isList });
  }

  #needs(siblings: readonly Seen[]): {
    readonly json: JsonObject;
    readonly of: readonly string[];
    readonly isPartial: boolean;
  } {
    const draw = this.#draw;
    const of = draw.some(siblings.slice(-8), 3).map(({ id }) => id);
    if (of.length === 0 || draw.chance(0.5)) return { json: {}, of, isPartial: false };
    const kind = draw.among(6);
    if (kind === 1) return { json: { needs: { any: of } }, of, isPartial: true };
    if (kind === 2) return { json: { needs: { at_least: draw.among(of.length), of } }, of, isPartial: true };
    return { json: { needs: of }, of, isPartial: false };
  }

  #body(
    id: string,
    text: string,
    seen: readonly Seen[],
    list: string | null,
  ): { readonly body: JsonObject; readonly isList?: boolean } {
    const draw = this.#draw;
    const kind = draw.among(20);
    switch (kind) {
      case 1:
        if (draw.chance(0.5)) return { body: { value: `\${{ ${draw.among(9)} + ${draw.among(9)} }}` } };
        return { body: { value: this.#items(`${id}v`) }, isList: true };
      case 2:
        return { body: { state: { ...this.#change(id), scope: draw.one(["run", "project"]) } } };
      case 3:
        return { body: { wait: { for: `${draw.among(40)}s` } } };
      case 4:
      case 5:
        return { body: this.#approval(id, list) };
      case 6:
      case 7:
      case 8:
        return { body: this.#group(id, text, seen) };
      case 9:
        if (this.#children.length === 0) break;
        return { body: this.#uses(id, text, list) };
      case 10:
        return { body: this.#handoff(id, text, list) };
      case 11:
        return { body: { ...this.#batch(id, text, list), ...this.#ends() } };
      case 12:
      case 13: {
        const safe = this.#temper.isCalm || draw.chance(0.5) ? { idempotent: true } : {};
        return {
          body: this.#around(id, list, { run: "do", ...safe, ...this.#tries() }, text, (told) => ({
            env: { TEXT: told },
          })),
        };
      }
      case 14: {
        // Inside of a list two units could ask the same, and which of them asks first is nobody's promise.
        if (this.#units > 1 || this.#prefix !== "s") break;
        const cached = { ...this.#agent(id, text, []), cache: true, ...this.#tries() };
        return { body: { ...cached, ...this.#ends() } };
      }
      case 15:
        return { body: { agent: "handy", task: `${id} keeps${text}`, ...this.#tries(), ...this.#ends() } };
    }
    return { body: this.#around(id, list, { ...this.#asker(), ...this.#tries() }, text, (told) => ({ task: told })) };
  }

  /** Where several units may do it at once, what it gives must not hang on which is first. */
  #change(id: string): JsonObject {
    const isAlone = this.#units === 1 && this.#prefix === "s";
    return isAlone ? { increment: id, by: this.#draw.among(3) } : { set: id, value: this.#draw.among(9) };
  }

  #agent(id: string, text: string, more: readonly string[]): JsonObject {
    return { ...this.#asker(), task: `${[id, ...more].join(" ")}${text}` };
  }

  /** Who is asked, and what they answer: free text or a value. */
  #asker(): JsonObject {
    return { agent: this.#draw.chance(0.6) ? "one" : "other", ...(this.#draw.chance(0.25) ? { output: TYPED } : {}) };
  }

  /** One thing, or one for each item, or rounds of it, or other stages. `told` puts the text where the kind has it. */
  #around(
    id: string,
    list: string | null,
    body: JsonObject,
    text: string,
    told: (text: string) => JsonObject = () => ({}),
  ): JsonObject {
    const draw = this.#draw;
    const isAgent = "agent" in body;
    const fan = draw.chance(0.35) ? this.#fan(id, list, isAgent) : null;
    const isRepeated = draw.chance(0.15) && "agent" in body;
    const hasFallback = !isRepeated && isAgent && draw.chance(0.2);
    const item = fan === null ? "" : "matrix" in fan ? " {{ json matrix }}" : " {{ json item }}";
    const before = isRepeated || hasFallback ? " after {{ json previous }}" : "";
    return {
      ...fan,
      ...body,
      ...told(`${id}${item}${before}${text}`),
      ...("output" in body && isRepeated
        ? { repeat: { until: "output.n > 60", max: draw.among(4), ...(draw.chance(0.5) ? { delay: "3s" } : {}) } }
        : isRepeated
          ? { repeat: { until: "output.contains('a')", max: draw.among(4) } }
          : {}),
      ...(hasFallback ? { fallback: [{ agent: "other" }, ...(draw.chance(0.3) ? [{ agent: "one" }] : [])] } : {}),
      ...this.#ends(),
    };
  }

  #group(id: string, text: string, seen: readonly Seen[]): JsonObject {
    const draw = this.#draw;
    const units = this.#units;
    const isSmall = units <= 8 && this.#spare > 0;
    const fan = isSmall && draw.chance(0.5) ? this.#fan(id, null, false) : null;
    const rounds = isSmall && draw.chance(0.2) ? draw.among(3) : 1;
    const attempts = isSmall && draw.chance(0.25) ? 2 : 1;
    this.#units *= sizeOf(fan) * rounds * attempts;
    const inner: { [id: string]: JsonObject } = {};
    const siblings: Seen[] = [];
    const item = fan === null ? "" : "matrix" in fan ? " {{ json matrix }}" : " {{ json item }}";
    const before = rounds > 1 ? " {{ json previous }}" : "";
    const count = Math.min(this.#left, draw.among(6));
    const until = this.#left - count;
    do
      this.#add(
        inner,
        siblings,
        [...seen.slice(-4).map(({ id: name }) => ({ id: name, isList: false })), ...siblings],
        `${item}${before}${text}`,
      );
    while (this.#left > until);
    this.#units = units;
    return {
      ...fan,
      steps: inner,
      outputs: { last: `\${{ steps.${siblings.at(-1)?.id ?? ""}.output }}` },
      ...(rounds > 1 ? { repeat: { until: "false", max: rounds } } : {}),
      ...(attempts > 1
        ? { retry: { max_attempts: attempts, delay: "1s", on: ["server", "output", "refused", "timeout"] } }
        : {}),
      ...this.#ends(0.8),
    };
  }

  #uses(id: string, text: string, list: string | null): JsonObject {
    const draw = this.#draw;
    const fan = draw.chance(0.4) ? this.#fan(id, list, false) : null;
    const item = fan === null ? "" : "matrix" in fan ? " {{ json matrix }}" : " {{ json item }}";
    return {
      ...fan,
      uses: draw.one(this.#children as [string, ...string[]]),
      with: { topic: `\${{ '${id} of the top' }}` },
      ...(draw.chance(0.2) ? { retry: { max_attempts: 2, delay: "2s", on: ["server", "refused"] } } : {}),
      ...this.#ends(0.8),
      ...(text === "" && item === "" ? {} : { description: `about${item}${text}` }),
    };
  }

  #approval(id: string, list: string | null): JsonObject {
    const draw = this.#draw;
    const fan = draw.chance(0.2) ? this.#fan(id, list, false) : null;
    const item = fan === null ? "" : "matrix" in fan ? " {{ json matrix }}" : " {{ json item }}";
    const isLate = draw.chance(0.15);
    return {
      ...fan,
      approval: {
        prompt: `${isLate ? "Nobody" : "Somebody"} looks at ${id}${item}`,
        ...(isLate ? { timeout: draw.one(["1m", "26h"]), on_timeout: draw.one(["reject", "fail"]) } : {}),
      },
      ...this.#ends(0.8),
    };
  }

  #handoff(id: string, text: string, list: string | null): JsonObject {
    const draw = this.#draw;
    const fan = draw.chance(0.3) ? this.#fan(id, list, false) : null;
    const item = fan === null ? "" : "matrix" in fan ? " {{ json matrix }}" : " {{ json item }}";
    const last = draw.chance(0.25) ? { approval: { prompt: `Somebody takes ${id}` } } : { agent: "other" };
    return {
      ...fan,
      handoff: [{ agent: "one", accept: draw.one(["false", "true", "size(output) > 0"]) }, last],
      task: `${id}${item} {{ json previous }}${text}`,
      ...this.#tries(),
      ...this.#ends(),
    };
  }

  #batch(id: string, text: string, list: string | null): JsonObject {
    const { max_parallel: _, ...fan } = this.#fan(id, list, false);
    if ("matrix" in fan || fan["join"] === "any")
      return { agent: "one", ...fan, task: `${id} {{ json ${"matrix" in fan ? "matrix" : "item"} }}${text}` };
    return { agent: "one", ...fan, batch: this.#draw.among(3), task: `${id} {{ json items }}${text}` };
  }

  /** A list, one that another step gave, or combinations. */
  #fan(id: string, list: string | null, mayFailFast: boolean): JsonObject {
    const draw = this.#draw;
    const join = draw.one<Json>([
      "settled",
      "settled",
      "all",
      { at_least: 1 },
      ...(this.#temper.isCalm ? [] : ["any" as const]),
    ]);
    const shared = {
      join,
      ...(draw.chance(0.4) ? { max_parallel: draw.among(3) } : {}),
      ...(mayFailFast && join !== "settled" && draw.chance(0.3) ? { fail_fast: true } : {}),
    };
    const room = Math.min(MOST_UNITS, Math.max(0, this.#spare)) / this.#units;
    const size = Math.max(1, Math.min(draw.chance(0.1) ? 12 : 4, Math.floor(room)));
    this.#spare -= this.#units * size;
    if (size > 1 && draw.chance(0.2))
      return { matrix: { tone: ["dry", "wet"], ...(size > 3 ? { size: [1, 2] } : {}) }, ...shared };
    if (list !== null && draw.chance(0.4)) return { for_each: `\${{ steps.${list}.output }}`, ...shared };
    return { for_each: this.#items(id, size), ...shared };
  }

  #items(id: string, most = 4): string[] {
    return Array.from({ length: this.#draw.among(most) }, (_, index) => `${id}_${index}`);
  }

  #tries(): JsonObject {
    const draw = this.#draw;
    if (draw.chance(0.4)) return {};
    const backoff = draw.chance(0.5) ? {} : { backoff: "fixed" };
    return { retry: { max_attempts: 1 + draw.among(3), delay: draw.one(["0s", "1s", "5s"]), ...backoff } };
  }

  #ends(caught = 0.6): JsonObject {
    const draw = this.#draw;
    if (!draw.chance(caught)) return {};
    return draw.chance(0.7) ? { on_error: "continue" } : { on_error: { output: null } };
  }
}

/** Items of a list that is written out, or of combinations. */
function sizeOf(fan: JsonObject | null): number {
  if (fan === null) return 1;
  const { for_each: items, matrix } = fan;
  if (Array.isArray(items)) return items.length;
  return Object.values((matrix ?? {}) as JsonObject).reduce(
    (size: number, values) => size * (values as Json[]).length,
    1,
  );
}

/** What typed answers look like. */
const TYPED = {
  type: "object",
  properties: { n: { type: "integer" }, said: { type: "string" } },
  required: ["n", "said"],
  additionalProperties: false,
};

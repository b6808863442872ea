import { parseDuration } from "../util/duration.ts";
import type { Json } from "../util/json.ts";
import { addressesOf } from "./address.ts";
import type { Direction, FieldChange, Shift } from "./change.ts";

/** A shift, and which way it goes. */
export type DirectedShift = Shift & Pick<FieldChange, "direction">;

/** Whose field it is: a step's `command` is no agent's. */
export type FieldOwner = "workflow" | "agent" | "step";

type Rule = (before: Json | undefined, after: Json | undefined) => Direction;

/** More of it is wider; `absent` says what it means when nothing is said: no bound at all, or none of it. */
const amount =
  (absent: "unbounded" | "none"): Rule =>
  (before, after) => {
    const measure = (value: Json | undefined): number | null => {
      if (value === undefined) return absent === "unbounded" ? Number.POSITIVE_INFINITY : 0;
      if (typeof value === "number") return value;
      return typeof value === "string" ? quantity(value) : null;
    };
    const [was, is] = [measure(before), measure(after)];
    if (was === null || is === null || was === is) return null;
    return is > was ? "widened" : "narrowed";
  };

/** Words from the narrowest to the widest; nothing said is the first, or the one that is named. */
const scale =
  (words: readonly string[], absent: string): Rule =>
  (before, after) => {
    const rank = (value: Json | undefined): number => words.indexOf(typeof value === "string" ? value : absent);
    const [was, is] = [rank(before), rank(after)];
    if (was === -1 || is === -1 || was === is) return null;
    return is > was ? "widened" : "narrowed";
  };

/** More entries are wider. `*` holds all others. */
const entries: Rule = (before, after) => {
  const list = (value: Json | undefined): readonly string[] | null =>
    value === undefined || value === "none"
      ? []
      : value === "any"
        ? ["*"]
        : Array.isArray(value)
          ? value.map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)))
          : null;
  const [was, is] = [list(before), list(after)];
  if (was === null || is === null) return null;
  const isIn = (entry: string, among: readonly string[]): boolean => among.some((other) => covers(other, entry));
  if (is.some((entry) => !isIn(entry, was))) return "widened";
  return was.some((entry) => !isIn(entry, is)) ? "narrowed" : null;
};

/** More of it is narrower. */
function opposite(rule: Rule): Rule {
  const turned = { widened: "narrowed", narrowed: "widened" } as const;
  return (before, after) => {
    const direction = before === undefined || after === undefined ? null : rule(before, after);
    return direction === null ? null : turned[direction];
  };
}

/** A guard that goes away is wider. */
const guard: Rule = (before, after) => {
  const isThere = (value: Json | undefined): boolean =>
    value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  if (isThere(before) === isThere(after)) return null;
  return isThere(before) ? "widened" : "narrowed";
};

/** Nobody named: anybody. */
const whoMay: Rule = (before, after) => {
  const isNobody = (value: Json | undefined): boolean =>
    value === undefined || (Array.isArray(value) && value.length === 0);
  return entries(isNobody(before) ? ["*"] : before, isNobody(after) ? ["*"] : after);
};

/** A program in place of a model may do anything, and so may another one. */
const program: Rule = (_, after) => (after === undefined ? "narrowed" : "widened");

/** Another one, of which nobody knows what it may do. */
const another: Rule = () => "widened";

/** More than reading, or reading alone. */
const writes: Rule = (before, after) => {
  const isWrite = (value: Json | undefined): boolean =>
    value === true || (typeof value === "string" && !reads.test(value));
  if (isWrite(before) === isWrite(after)) return null;
  return isWrite(after) ? "widened" : "narrowed";
};
const reads = /^(?:GET|HEAD)$/;

/** Prompts that go to another host than those of before. */
const addresses: Rule = (before, after) => {
  const [was, is] = [addressesOf(before), addressesOf(after)];
  const isElsewhere = is.some(
    ({ id, at }) =>
      // A new model at its provider's own address is told as a new model.
      !was.some((each) => each.at === at && (at !== null || each.id === id)) &&
      (at !== null || was.some((each) => each.id === id)),
  );
  return isElsewhere ? "widened" : null;
};

/** What was unsafe is said to be harmless: it is repeated after a crash, and retried. */
const effect: Rule = (before, after) => (before === "unsafe" && after === "idempotent" ? "widened" : null);

/** Between two that are said; a program has none. */
const both =
  (rule: Rule): Rule =>
  (before, after) =>
    before === undefined || after === undefined ? null : rule(before, after);

/** By the end of a field's path, and whose it is where that matters; the first that matches counts. */
const rules: readonly (readonly [RegExp, Rule, FieldOwner?])[] = [
  [/(?:^|\.)budget\.(?:usd|tokens|calls)$/, amount("unbounded")],
  [/(?:^|\.)rate\..*window$/, opposite(amount("none"))],
  [/(?:^|\.)rate\./, amount("unbounded")],
  [/(?:^|\.)circuit_breaker\.failures$/, amount("unbounded")],
  [/(?:^|\.)limits\.(?:concurrency|timeout|agents|depth|grace)$/, amount("none")],
  [/(?:^|\.)(?:concurrency|max_items|max_attempts|max_turns|max_children)$/, amount("none")],
  // A step that says none has no end of its own, or as many at once as there are slots.
  [/(?:^|\.)(?:timeout|max_parallel)$/, amount("unbounded")],
  [/(?:^|\.)repeat\.max$/, amount("none")],
  [/(?:^|\.)resources\./, both(amount("unbounded"))],
  [/(?:^|\.)permissions\.(?:files|state)$/, scale(["none", "read", "write"], "none")],
  [/(?:^|\.)permissions\.(?:network|shell|sessions)$/, entries],
  [/(?:^|\.)sandbox$/, scale(["require", "prefer", "off"], "require")],
  [/(?:^|\.)(?:tools|mcp)$/, entries],
  [/(?:^|\.)spawn\.agents$/, entries],
  [/(?:^|\.)secrets$/, entries],
  [/(?:^|\.)approvers$/, whoMay],
  [/^(?:command\.argv|acp\.command)$/, program, "agent"],
  [/^acp\.mode$/, another, "agent"],
  [/^(?:origin|host)$/, both(another), "step"],
  [/^(?:method|is_write)$/, both(writes), "step"],
  [/(?:^|\.)models$/, both(addresses)],
  [/^mcp\.[^.]+\.(?:command|url)$/, program],
  [/^workspace$/, scale(["isolated", "worktree", "repo"], "repo")],
  [/^events\.file$/, guard],
  [/^otlp$/, entries],
  [/(?:^|\.)not_initiator$/, guard],
  [/(?:^|\.)effect$/, effect],
  [/(?:^|\.)on_exceeded$/, scale(["pause", "fail"], "fail")],
];

/** Whether a change of a field gives more than before. */
export function directionOf(
  field: string,
  before: Json | undefined,
  after: Json | undefined,
  owner: FieldOwner = "workflow",
): Direction {
  const rule = rules.find(([path, , only]) => path.test(field) && (only === undefined || only === owner))?.[1];
  return rule === undefined ? null : rule(before, after);
}

/** Whether one entry of a list holds another one: `*` all, `*.com` all hosts that end so. */
function covers(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === "*") return true;
  return wide.startsWith("*.") && narrow.endsWith(wide.slice(1));
}

/** A duration in milliseconds, a size in bytes, a rate a minute, or a plain number; null when it is none of them. */
function quantity(text: string): number | null {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  const [, figure, unit = ""] = /^(\d+(?:\.\d+)?)(k|M|KiB|MiB|GiB)?(?:\/m)?$/.exec(text) ?? [];
  if (figure === undefined) return null;
  const factors: { readonly [unit: string]: number } = {
    "": 1,
    k: 1e3,
    M: 1e6,
    KiB: 2 ** 10,
    MiB: 2 ** 20,
    GiB: 2 ** 30,
  };
  return Number(figure) * (factors[unit] ?? 1);
}

/** The entries that a list gained and lost, for people; null where the values are no lists. */
export function entryChanges(
  before: Json | undefined,
  after: Json | undefined,
): { readonly added: readonly Json[]; readonly removed: readonly Json[] } | null {
  const [was, is] = [listOf(before), listOf(after)];
  if (was === null || is === null) return null;
  const key = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));
  const [had, has] = [new Set(was.map(key)), new Set(is.map(key))];
  return { added: is.filter((entry) => !had.has(key(entry))), removed: was.filter((entry) => !has.has(key(entry))) };
}

function listOf(value: Json | undefined): readonly Json[] | null {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : null;
}

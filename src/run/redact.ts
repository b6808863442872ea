import { isJsonObject, type Json } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";
import { secretForms } from "./secret-form.ts";

/** A value with fewer bytes than this would be found by chance all over a text (SEMANTICS: secrets). */
export const SHORTEST_SECRET_BYTES = 6;

/** Takes secrets out of everything that is written. Pure; equal input gives equal output; applying it twice is harmless. */
export interface Redactor {
  /**
   * The text with every form of every secret replaced by `[secret:NAME]`; where forms overlap, all that they cover is
   * replaced by the markers of all of them. Time is linear in the text. A secret that is spread over two texts is
   * not seen: redact whole texts.
   */
  text(text: string): string;
  /** The value with its keys and strings redacted; a number whose digits hold a secret becomes a redacted string. */
  value(value: Json): Json;
  /** Finds secrets in what is kept as it is, such as files. */
  readonly finder: SecretFinder;
}

/** Finds secrets in bytes. */
export interface SecretFinder {
  /** Bytes of the longest form of a secret; 0 when there is none. */
  readonly longest: number;
  /** The name of a secret of which a form stands in these bytes, each given as one character (`latin1`); null = none. */
  findInBytes(bytes: string): string | null;
}

/** A secret that cannot be redacted because it is too short: its name, and the bytes it has without outer white space. */
export interface ShortSecret {
  readonly name: string;
  readonly bytes: number;
}

/** A redactor for secrets by name; the error lists all that are too short. */
export function createRedactor(secrets: ReadonlyMap<string, string>): Result<Redactor, readonly ShortSecret[]> {
  const short = [...secrets]
    .map(([name, value]) => ({ name, bytes: Buffer.byteLength(value.trim()) }))
    .filter(({ bytes }) => bytes < SHORTEST_SECRET_BYTES);
  if (short.length > 0) return err(short);
  if (secrets.size === 0) return ok({ text: (text) => text, value: (value) => value, finder: NO_SECRETS });

  const nameOf = new Map<string, string>();
  for (const [name, value] of secrets) {
    // The marker counts as a form of its secret, so that a marker stays as it is when a text is redacted again.
    for (const form of [marker(name), ...secretForms(value)]) {
      if (!nameOf.has(form)) nameOf.set(form, name);
    }
  }
  const longestFirst = [...nameOf.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapeRegExp).join("|"), "g");

  const text = (input: string): string => {
    let output = "";
    let copiedTo = 0;
    for (const { start, end, names } of hiddenRanges(input, pattern, nameOf)) {
      output += input.slice(copiedTo, start) + [...names].map(marker).join("");
      copiedTo = end;
    }
    return output + input.slice(copiedTo);
  };
  return ok({ text, value: (value) => redactValue(value, text), finder: finderOf(secrets) });
}

const NO_SECRETS: SecretFinder = { longest: 0, findInBytes: () => null };

function finderOf(secrets: ReadonlyMap<string, string>): SecretFinder {
  const forms = [...secrets].flatMap(([name, value]) =>
    [...secretForms(value)].map((form) => ({ name, bytes: Buffer.from(form, "utf8").toString("latin1") })),
  );
  return {
    longest: Math.max(...forms.map(({ bytes }) => bytes.length)),
    findInBytes: (text) => forms.find(({ bytes }) => text.includes(bytes))?.name ?? null,
  };
}

interface HiddenRange {
  readonly start: number;
  end: number;
  readonly names: Set<string>;
}

/** The parts of a text that forms of secrets cover, in order; forms that overlap share one range. */
function hiddenRanges(input: string, pattern: RegExp, nameOf: ReadonlyMap<string, string>): HiddenRange[] {
  const ranges: HiddenRange[] = [];
  let last: HiddenRange | undefined;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(input); match !== null; match = pattern.exec(input)) {
    const [form] = match;
    const start = match.index;
    const end = start + form.length;
    const name = nameOf.get(form) as string; // the pattern is made of the keys
    if (last === undefined || start >= last.end) {
      last = { start, end, names: new Set([name]) };
      ranges.push(last);
    } else if (end > last.end) {
      last.end = end;
      last.names.add(name);
    }
    // One further, not behind the match: another secret may start inside of it and reach beyond.
    pattern.lastIndex = start + 1;
  }
  return ranges;
}

function redactValue(value: Json, text: (text: string) => string): Json {
  if (typeof value === "string") return text(value);
  if (typeof value === "number") {
    const digits = String(value);
    const redacted = text(digits);
    return redacted === digits ? value : redacted;
  }
  if (Array.isArray(value)) return value.map((item: Json) => redactValue(item, text));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), redactValue(item, text)]));
}

function marker(name: string): string {
  return `[secret:${name}]`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

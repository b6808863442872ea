import type { JsonObject } from "../../util/json.ts";
import { simulatedMatch } from "./pattern.ts";
import { pick } from "./seed.ts";

/** No made-up text is longer, whatever `minLength` asks. UTF-16 units. */
const LONGEST = 64 * 1024;

/** Texts of the formats of JSON Schema; `n` is below 1000. */
const formats: { readonly [format: string]: (n: number) => string } = {
  "date-time": (n) => `2026-01-${day(n)}T12:00:00Z`,
  date: (n) => `2026-01-${day(n)}`,
  time: (n) => `12:00:${String(n % 60).padStart(2, "0")}Z`,
  duration: (n) => `PT${n + 1}M`,
  email: (n) => `person${n}@example.com`,
  "idn-email": (n) => `person${n}@example.com`,
  hostname: (n) => `host${n}.example.com`,
  "idn-hostname": (n) => `host${n}.example.com`,
  ipv4: (n) => `192.0.2.${n % 256}`,
  ipv6: (n) => `2001:db8::${n.toString(16)}`,
  uri: (n) => `https://example.com/${n}`,
  "uri-reference": (n) => `/${n}`,
  "uri-template": (n) => `https://example.com/${n}/{name}`,
  iri: (n) => `https://example.com/${n}`,
  "iri-reference": (n) => `/${n}`,
  url: (n) => `https://example.com/${n}`,
  uuid: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  "json-pointer": (n) => `/${n}`,
  "relative-json-pointer": (n) => `${n}`,
  regex: () => "^.*$",
  byte: () => "c2ltdWxhdGVk",
};

/** How many texts are made for a `pattern` until one has a length that is allowed too. */
const MOST_TRIES = 16;

/** A text that fits a string schema. `name` is what the text is for, and is shown in it where it may be anything. */
export function simulatedString(schema: JsonObject, name: string, seed: string): string {
  const { format } = schema;
  const make = typeof format === "string" && Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (make !== undefined) return make(pick(seed, 1000));
  const least = Math.min(lengthOf(schema["minLength"], 0), LONGEST);
  const most = lengthOf(schema["maxLength"], LONGEST);
  const { pattern } = schema;
  const match = typeof pattern === "string" ? matchOfLength(pattern, least, most, seed) : null;
  if (match !== null) return match;
  return `simulated ${name} ${pick(seed, 1000)}`.padEnd(least, ".").slice(0, most);
}

function matchOfLength(pattern: string, least: number, most: number, seed: string): string | null {
  for (let turn = 0; turn < MOST_TRIES; turn += 1) {
    const match = simulatedMatch(pattern, `${seed}#${turn}`);
    if (match === null) return null;
    const length = [...match].length;
    if (length >= least && length <= most) return match;
  }
  return null;
}

function lengthOf(value: unknown, otherwise: number): number {
  return typeof value === "number" && value >= 0 ? value : otherwise;
}

function day(n: number): string {
  return String((n % 28) + 1).padStart(2, "0");
}

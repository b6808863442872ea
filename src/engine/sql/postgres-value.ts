import type { Json } from "../../util/json.ts";

/** Numbers of types (`select oid, typname from pg_type`): permanent in PostgreSQL. */
const oid = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  jsonb: 3802,
} as const;

/** The types of arrays by those of their elements. */
const arrayOf: ReadonlyMap<number, number> = new Map([
  [199, oid.json],
  [1000, oid.bool],
  [1001, oid.bytea],
  [1005, oid.int2],
  [1007, oid.int4],
  [1016, oid.int8],
  [1021, oid.float4],
  [1022, oid.float8],
  [1028, oid.oid],
  [1115, oid.timestamp],
  [1182, oid.date],
  [1185, oid.timestamptz],
  [1187, oid.interval],
  [3807, oid.jsonb],
]);

/** The number of `text[]`: how an array of any type is taken apart. */
const TEXTS = 1009;

/** A list of lists of texts. */
type Texts = readonly (string | null | Texts)[];

/** A parser for the type, made with the driver's own (`driver`) for arrays and for types that we have no word for. */
export function jsonParser(type: number, driver: (type: number) => (text: string) => unknown): (text: string) => Json {
  const own = parserFor(type);
  if (own !== null) return own;
  const element = parserFor(arrayOf.get(type) ?? 0);
  if (element === null) return (text) => jsonOf(driver(type)(text));
  const each = (value: Texts[number]): Json =>
    value === null ? null : typeof value === "string" ? element(value) : value.map(each);
  return (text) => (driver(TEXTS)(text) as Texts).map(each);
}

/**
 * A value of PostgreSQL, given as its text, as JSON. Whole numbers are numbers where JSON keeps them exactly, else
 * texts; `numeric` is a text; times are ISO 8601, with `Z` where they have a zone; bytes are base64. null = all other
 * types, which are told by `jsonOf` what the driver makes of them.
 */
function parserFor(type: number): ((text: string) => Json) | null {
  switch (type) {
    case oid.bool:
      return (text) => text === "t";
    case oid.int2:
    case oid.int4:
    case oid.oid:
      return Number;
    case oid.int8:
      return (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);
    case oid.float4:
    case oid.float8:
      return (text) => (Number.isFinite(Number(text)) ? Number(text) : text);
    case oid.json:
    case oid.jsonb:
      return (text) => JSON.parse(text) as Json;
    case oid.bytea:
      return (text) => Buffer.from(text.replace(/^\\x/, ""), "hex").toString("base64");
    case oid.date:
    case oid.interval:
      return (text) => text;
    case oid.timestamp:
      return (text) => text.replace(" ", "T");
    case oid.timestamptz:
      return (text) => text.replace(" ", "T").replace(/\+00(?::00)?$/, "Z");
    default:
      return null;
  }
}

/** What the driver makes of arrays and other types, as JSON. */
export function jsonOf(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(jsonOf);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, jsonOf(entry)]));
}

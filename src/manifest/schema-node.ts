import type { Json } from "../util/json.ts";

/**
 * The part of JSON Schema that schemas/workflow.v1.json is written in, and all that the validator interprets.
 * `true` lets everything through. The `x-` keywords are ours:
 */
export type SchemaNode = true | SchemaObject;

export interface SchemaObject {
  /** `#/$defs/NAME`; keywords beside it hold too. */
  readonly $ref?: string;
  readonly $defs?: { readonly [name: string]: SchemaNode };
  readonly type?: string | readonly string[];
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: { readonly [key: string]: SchemaNode };
  /** Only `^x-`, which the validator lets through everywhere, and free keys inside JSON Schemas. */
  readonly patternProperties?: { readonly [pattern: string]: SchemaNode };
  readonly additionalProperties?: false | SchemaNode;
  readonly propertyNames?: SchemaNode;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  /** Alternatives: told apart by JSON type, or by `x-kind`; or at the top of an object, sets of required keys. */
  readonly anyOf?: readonly SchemaNode[];
  /** `later`: a word of the language that this version does not have yet. */
  readonly "x-since"?: string;
  /** Any JSON value. */
  readonly "x-any"?: boolean;
  /** The key that tells this alternative from the others. */
  readonly "x-kind"?: string;
  /** Where foreign words are looked up: `manifest`, `step`, `agent`, ... */
  readonly "x-place"?: string;
  /** What a text must be, for messages: "a duration such as 90s". */
  readonly "x-says"?: string;
  /** What the text is, where it gets checks or hints of its own. */
  readonly "x-text"?: string;
  /** Texts that match are words of the language that this version does not have yet. */
  readonly "x-later-pattern"?: string;
  /** What is written here may be a secret: messages do not repeat it. */
  readonly "x-sensitive"?: boolean;
}

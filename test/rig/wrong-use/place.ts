import type { Json, JsonObject } from "../../../src/util/json.ts";
import { isJsonObject } from "../../../src/util/json.ts";
import { around, base, better } from "./base.ts";

/** A node of the schema of manifests. */
export interface Node {
  readonly [key: string]: unknown;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly properties?: { readonly [key: string]: Node };
  readonly additionalProperties?: Node | boolean;
  readonly propertyNames?: Node;
  readonly examples?: readonly Json[];
}

/** Where the schema allows a value, in a manifest that is right. */
export interface Place {
  /** The keyword that the value belongs to: its own, or that of the list or map it is an entry of. */
  readonly keyword: string;
  /** From the top: `limits.budget.usd`, `steps.(run).retry`, `agents.NAME.tools[]`. */
  readonly path: string;
  /** What the place takes, one node for each form: no `$ref`, no `anyOf`, nothing that comes later. */
  readonly forms: readonly Node[];
  /** The manifest with a value there. */
  readonly at: (value: Json) => JsonObject;
  /** A right value. */
  readonly right: Json;
}

/** All places of the language of this version, each part of the schema once, in the order of the schema. */
export function placesOf(schema: Node): readonly Place[] {
  const definitions = schema["$defs"] as { readonly [name: string]: Node };
  const places: Place[] = [];
  const tasks: (() => void)[] = [];
  /** By keyword: one use of a definition under one name stands for all. */
  const seen = new Map<string, Set<Node>>();

  const resolve = (node: Node): Node => {
    if (node.$ref === undefined) return node;
    const { $ref, ...beside } = node;
    return { ...resolve(definitions[$ref.replace("#/$defs/", "")] as Node), ...beside };
  };
  const named = (node: Node): Node =>
    node.$ref === undefined ? node : named(definitions[node.$ref.replace("#/$defs/", "")] as Node);
  const isLater = (node: Node): boolean =>
    node["x-since"] === "later" || (node.$ref !== undefined && isLater(named(node)));
  const formsOf = (node: Node): readonly Node[] => {
    const { anyOf, ...one } = resolve(node);
    // Beside `properties`, `anyOf` lists sets of required keys.
    if (anyOf === undefined || one.properties !== undefined) return [resolve(node)];
    return anyOf.filter((form) => !isLater(form)).flatMap(formsOf);
  };

  const visit = (keyword: string, path: string, given: Node, at: Place["at"], example?: Json): void => {
    if (isLater(given)) return;
    const forms = formsOf(given);
    const examples = resolve(given).examples ?? [];
    const right =
      better[path] ??
      example ??
      examples[0] ??
      forms.flatMap(({ examples: own }) => own ?? [])[0] ??
      valueFor(forms[0]);
    const known = seen.get(keyword) ?? new Set();
    seen.set(keyword, known);
    if (known.has(named(given))) return;
    known.add(named(given));
    places.push({ keyword, path, forms, at, right });
    for (const form of forms)
      tasks.push(() => inside(keyword, path, form, at, [right, ...examples, ...(form.examples ?? [])]));
  };

  const inside = (keyword: string, path: string, form: Node, at: Place["at"], examples: readonly Json[]): void => {
    if (form.items !== undefined) {
      const list = examples.find((each) => Array.isArray(each) && each.length > 0) as readonly Json[] | undefined;
      visit(keyword, `${path}[]`, form.items, (value) => at([value]), list?.[0]);
    }
    const kind = form["x-kind"] as string | undefined;
    const where = kind === undefined ? path : `${path}.(${kind})`;
    const object = (better[where] ??
      examples.find(
        (each) => isJsonObject(each) && (kind === undefined || Object.hasOwn(each, kind)) && fits(form, each),
      ) ??
      form.examples?.[0] ??
      {}) as JsonObject;
    if (typeof form.additionalProperties === "object") {
      const [name = "name", entry] =
        Object.entries(object).findLast(([key]) => form.properties?.[key] === undefined) ?? [];
      visit(keyword, `${path}.NAME`, form.additionalProperties, (value) => at({ ...object, [name]: value }), entry);
    }
    for (const [key, node] of Object.entries(form.properties ?? {})) {
      const own = around[`${where}.${key}`] ?? object;
      visit(key, `${where}.${key}`, node, (value) => at({ ...own, [key]: value }), own[key]);
    }
  };

  inside("", "", schema, (value) => value as JsonObject, [base]);
  // Breadth first: what stands at several places is looked at where it is the least deep.
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  return places;
}

/** The keys of each kind of step that this version has. */
export function kindsOf(places: readonly Place[]): ReadonlyMap<string, ReadonlySet<string>> {
  const steps = places.find(({ path }) => path === ".steps.NAME");
  return new Map(steps?.forms.map((form) => [form["x-kind"] as string, new Set(Object.keys(form.properties ?? {}))]));
}

/** Whether an object has only keys of a form, and those that it needs. */
function fits({ properties = {}, additionalProperties, required = [] }: Node, object: JsonObject): boolean {
  return (
    required.every((key) => Object.hasOwn(object, key)) &&
    (additionalProperties !== false || Object.keys(object).every((key) => Object.hasOwn(properties, key)))
  );
}

/** Some value of a form that has no example. */
export function valueFor(form: Node | undefined): Json {
  const type = [form?.type ?? "string"].flat()[0];
  if (form?.enum !== undefined) return form.enum[0] as Json;
  if (type === "boolean") return true;
  if (type === "array") return [];
  if (type === "object") return {};
  return type === "string" ? "text" : 1;
}

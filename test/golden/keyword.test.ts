import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isPair, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { expect, it } from "vitest";
import schema from "../../schemas/workflow.v1.json" with { type: "json" };

// Every keyword of this version has a case, in the folders beside this file, of something wrong with it.

interface Node {
  readonly [key: string]: unknown;
  readonly properties?: { readonly [key: string]: Node };
}

const definitions = schema.$defs as unknown as { readonly [name: string]: Node };

/** Keys that the language has, and this version too; not those that only describe (`x-` and the like). */
function keywords(): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<Node>();
  const look = (given: unknown): void => {
    if (typeof given !== "object" || given === null) return;
    const { $ref } = given as { readonly $ref?: unknown };
    const node = typeof $ref === "string" ? (definitions[$ref.replace("#/$defs/", "")] as Node) : (given as Node);
    if (seen.has(node) || isLater(node)) return;
    seen.add(node);
    for (const [key, value] of Object.entries(node.properties ?? {})) {
      if (isLater(value)) continue;
      // What takes anything cannot be wrong.
      if (value["x-any"] !== true) found.add(key);
      look(value);
    }
    for (const key of ["additionalProperties", "items"]) look(node[key]);
    for (const key of ["anyOf", "oneOf", "allOf"]) for (const each of (node[key] ?? []) as readonly unknown[]) look(each);
  };
  look(schema);
  return found;
}

function isLater(node: Node): boolean {
  if (node["x-since"] === "later") return true;
  const { $ref } = node;
  return typeof $ref === "string" && isLater(definitions[$ref.replace("#/$defs/", "")] as Node);
}

/** The keys that the diagnostics of a case stand at, or name. */
function* keysIn(folder: string): Generator<string> {
  const text = readFileSync(`${folder}/workflow.yaml`, "utf8");
  const told = readFileSync(`${folder}/expected.txt`, "utf8");
  for (const [message] of told.matchAll(/^\S+ (?:error|warning) .*/gm))
    for (const [, named = ""] of message.matchAll(/['`]([\w$]+)['`]/g)) yield named;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  const places = [...told.matchAll(/^workflow\.yaml:(\d+):(\d+) (?:error|warning)/gm)].map(
    ([, line, column]) => (lines.lineStarts[Number(line) - 1] ?? 0) + Number(column) - 1,
  );
  for (const place of places) {
    let innermost: string | null = null;
    visit(document, (_, node) => {
      if (!isPair(node) || !isScalar(node.key)) return undefined;
      const value = node.value as { readonly range?: readonly [number, number, number] | null } | null;
      const [from = Infinity, keyEnd = 0] = node.key.range ?? [];
      if (from <= place && place <= Math.max(keyEnd, value?.range?.[1] ?? 0)) innermost = String(node.key.value);
      return undefined;
    });
    if (innermost !== null) yield innermost;
  }
}

it("every keyword has a case of something wrong with it", () => {
  const covered = new Set<string>();
  for (const suite of ["diagnostics", "graph-diagnostics"]) {
    const root = fileURLToPath(new URL(suite, import.meta.url));
    for (const name of readdirSync(root)) for (const key of keysIn(`${root}/${name}`)) covered.add(key);
  }
  const all = keywords();
  expect(all.size).toBeGreaterThan(100);
  expect([...all].filter((key) => !covered.has(key))).toEqual([]);
});

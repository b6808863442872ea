import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { failureClasses } from "../../../src/plan/types.ts";
import { eventTypes } from "../../../src/run/event.ts";

interface Node {
  readonly $ref?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly [keyword: string]: unknown;
}

const root = new URL("../../../", import.meta.url);

type Schema = Node & { readonly $id: string; readonly $defs: Readonly<Record<string, Node>> };

const readSchema = (name: string): Schema =>
  JSON.parse(readFileSync(new URL(`schemas/${name}.v1.json`, root), "utf8")) as Schema;

const schema = readSchema("workflow");

/** Every property of every object in a schema, with its JSON pointer and without `$ref`. */
function properties({ $defs }: Schema, node: unknown, place = ""): { place: string; property: Node }[] {
  const below = (child: unknown, key: string | number) => properties({ $defs } as Schema, child, `${place}/${key}`);
  if (Array.isArray(node)) return node.flatMap(below);
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, child]) => {
    // Conditions repeat what is declared elsewhere.
    if (["examples", "enum", "if", "then"].includes(key)) return [];
    if (key !== "properties") return below(child, key);
    return Object.entries(child as Record<string, Node>).flatMap(([name, property]) => [
      {
        place: `${place}/properties/${name}`,
        property: { ...(property.$ref ? $defs[property.$ref.slice(8)] : {}), ...property },
      },
      ...below(property, `properties/${name}`),
    ]);
  });
}

describe.each(["workflow", "event", "report", "recording"])("the schema of a %s", (name) => {
  const own = readSchema(name);
  const all = properties(own, own);

  test("says of every property what it is, and shows an example", () => {
    const silent = all.filter(({ property }) => !property.description || !property.examples?.length);
    expect(all.length).toBeGreaterThan(5);
    expect(silent.map(({ place }) => place)).toEqual([]);
  });

  test("has examples that fit", () => {
    const ajv = new Ajv2020({ strict: false, formats: { "date-time": true } });
    ajv.addSchema(own);
    const wrong = [{ place: "", property: own as Node }, ...all].flatMap(({ place, property }) => {
      const fits = ajv.compile({ $ref: `${own.$id}#${place}` });
      return (property.examples ?? []).filter((example) => !fits(example)).map((example) => ({ place, example }));
    });
    expect(wrong).toEqual([]);
  });
});

describe("the schema as editors read it", () => {
  const validate = new Ajv2020({ strict: false }).compile(schema);
  const manifest = (step: unknown) => ({ muster: 1, name: "a", steps: { a: step } });

  test.each([
    ["run", { run: "echo" }, true],
    ["a later kind", { http: { url: "https://example.com" } }, true],
    ["two kinds", { run: "echo", value: 1 }, false],
    ["no kind", { timeout: "5m" }, false],
    ["a key of another kind", { value: 1, stdin: "x" }, false],
    ["a free key", { run: "echo", "x-note": 1 }, true],
  ])("%s", (_, step, valid) => {
    expect(validate(manifest(step))).toBe(valid);
  });
});

test("the schema of events names every type that is written", () => {
  const type = (readSchema("event")["properties"] as Record<string, { anyOf: { enum?: string[] }[] }>)["type"];
  expect(type?.anyOf[0]?.enum).toEqual(expect.arrayContaining([...eventTypes]));
});

test("the failure classes of the schema are those of the plan", () => {
  expect(schema.$defs["failureClass"]?.["enum"]).toEqual([...failureClasses]);
});

test("what is generated from the schema is up to date", () => {
  const script = fileURLToPath(new URL("scripts/generate-types.mjs", root));
  expect(execFileSync(process.execPath, [script, "--check"], { encoding: "utf8" })).toBe("");
});

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { failureClasses } from "../../../src/plan/types.ts";

interface Node {
  readonly $ref?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly [keyword: string]: unknown;
}

const root = new URL("../../../", import.meta.url);
const schema = JSON.parse(readFileSync(new URL("schemas/workflow.v1.json", root), "utf8")) as Node & {
  $defs: Record<string, Node>;
};

/** Every property of every object in the schema, with its JSON pointer and without `$ref`. */
function properties(node: unknown, place: string): { place: string; property: Node }[] {
  if (Array.isArray(node)) return node.flatMap((child, index) => properties(child, `${place}/${index}`));
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, child]) => {
    if (key === "examples" || key === "enum") return [];
    if (key !== "properties") return properties(child, `${place}/${key}`);
    return Object.entries(child as Record<string, Node>).flatMap(([name, property]) => [
      {
        place: `${place}/properties/${name}`,
        property: { ...(property.$ref ? schema.$defs[property.$ref.slice(8)] : {}), ...property },
      },
      ...properties(property, `${place}/properties/${name}`),
    ]);
  });
}

const all = properties(schema, "");

test("every property says what it is and shows an example", () => {
  const silent = all.filter(({ property }) => !property.description || !property.examples?.length);
  expect(all.length).toBeGreaterThan(400);
  expect(silent.map(({ place }) => place)).toEqual([]);
});

test("every example fits its own schema", () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(schema, "manifest");
  const wrong = all.flatMap(({ place, property }) => {
    const fits = ajv.compile({ $ref: `${String(schema["$id"])}#${place}` });
    return (property.examples ?? [])
      .filter((example) => !fits(example))
      .map((example) => `${place}: ${JSON.stringify(example)}`);
  });
  expect(wrong).toEqual([]);
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

test("the failure classes of the schema are those of the plan", () => {
  expect(schema.$defs["failureClass"]?.["enum"]).toEqual([...failureClasses]);
});

test("what is generated from the schema is up to date", () => {
  const script = fileURLToPath(new URL("scripts/generate-types.mjs", root));
  expect(execFileSync(process.execPath, [script, "--check"], { encoding: "utf8" })).toBe("");
});

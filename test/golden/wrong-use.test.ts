import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import schema from "../../schemas/workflow.v1.json" with { type: "json" };
import { base } from "../rig/wrong-use/base.ts";
import { misplaced, mistakesAt } from "../rig/wrong-use/mistake.ts";
import { kindsOf, placesOf, type Place } from "../rig/wrong-use/place.ts";
import { told, toldAnew, type Told } from "../rig/wrong-use/tell.ts";

// Every wrong use of every keyword, made from the schema itself, and what its writer is told: one file a keyword.
// A keyword that comes new has its cases at once; UPDATE_GOLDEN=1 writes its file. Where its example in the schema does
// not stand in a manifest that is right, `rig/wrong-use/base.ts` says what does.

const folder = join(import.meta.dirname, "wrong-use");
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";
const places = placesOf(schema);
const kinds = kindsOf(places);
const top = new Set(Object.keys(schema.properties));
const byKeyword = Map.groupBy(places, ({ keyword }) => keyword);
const before = told(base);

/** What is said of each wrong use of a place, and which of them are not told exactly once. */
function casesOf(place: Place): { readonly text: string; readonly odd: readonly string[] } {
  const odd: string[] = [];
  const right = told(place.at(place.right));
  const wrong = right.diagnostics.filter(({ severity }) => severity === "error");
  if (wrong.length > 0) odd.push(`${place.path} is not right to begin with: ${wrong[0]?.message ?? ""}`);
  const sections = [...mistakesAt(place), ...misplaced(place, kinds, top)].map(({ what, manifest }) => {
    const { diagnostics, text }: Told = toldAnew(manifest, before);
    if (diagnostics.length !== 1) odd.push(`${place.path}, ${what}: told ${diagnostics.length} times`);
    return `# ${place.path.slice(1)}: ${what}\n${text}`;
  });
  return { text: sections.join("\n"), odd };
}

describe("a wrong use is told once, with its place and what to do", () => {
  it.each([...byKeyword.keys()])("%s", (keyword) => {
    const cases = (byKeyword.get(keyword) ?? []).map(casesOf);
    expect(cases.flatMap(({ odd }) => odd)).toEqual([]);
    const text = cases.flatMap((one) => (one.text === "" ? [] : [one.text])).join("\n");
    const file = join(folder, `${keyword.replace("$", "_")}.txt`);
    if (isUpdate) {
      mkdirSync(folder, { recursive: true });
      if (text !== "") writeFileSync(file, text);
    }
    if (text !== "") expect(text).toBe(existsSync(file) ? readFileSync(file, "utf8") : "");
  });

  it("of every keyword, and of no other", () => {
    const names = new Set([...byKeyword.keys()].map((keyword) => `${keyword.replace("$", "_")}.txt`));
    const left = readdirSync(folder).filter((name) => !names.has(name));
    if (isUpdate) for (const name of left) rmSync(join(folder, name));
    else expect(left).toEqual([]);
    // What takes anything cannot be wrong.
    const without = [...byKeyword].filter(([keyword]) => !existsSync(join(folder, `${keyword.replace("$", "_")}.txt`)));
    expect(without.flatMap(([, all]) => all).filter(({ forms }) => !forms.some((form) => form["x-any"]))).toEqual([]);
    expect(byKeyword.size).toBeGreaterThan(150);
  });
});

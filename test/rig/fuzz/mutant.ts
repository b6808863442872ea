import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import type { Json } from "../../../src/util/json.ts";
import { mutateData, type DataEdit } from "./mutate-data.ts";
import { mutateText, textEdits, type TextEdit } from "./mutate-text.ts";

const root = resolve(import.meta.dirname, "../../..");

/** Valid manifests to start from: the examples, and every case that has a plan. */
function seeds(): readonly string[] {
  const cases = ["test/golden/plan", "test/golden/run"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name, "workflow.yaml")),
  );
  const examples = readdirSync(join(root, "workflows"))
    .filter((name) => name.endsWith(".yaml") && !name.endsWith(".test.yaml"))
    .map((name) => join("workflows", name));
  return ["test/golden/diagnostics/valid-everything/workflow.yaml", ...examples, ...cases].map((path) =>
    readFileSync(join(root, path), "utf8"),
  );
}

const at = fc.nat(1_000_000);
const dataEdit: fc.Arbitrary<DataEdit> = fc.record({
  kind: fc.constantFrom("value", "value", "key", "drop", "add", "graft", "wrap"),
  at,
  pick: at,
});
const textEdit: fc.Arbitrary<TextEdit> = fc.record({ kind: fc.constantFrom(...textEdits), at, pick: at });

/** The text of a valid manifest with one to a few things wrong: in its data, in its YAML, or in both. */
export function mutant(): fc.Arbitrary<string> {
  return fc
    .record({
      seed: fc.constantFrom(...seeds()),
      data: fc.array(dataEdit, { maxLength: 2 }),
      flow: fc.boolean(),
      text: fc.array(textEdit, { maxLength: 2 }),
    })
    .filter(({ data, text }) => data.length + text.length > 0)
    .map(({ seed, data, flow, text }) =>
      text.reduce(mutateText, data.length === 0 ? seed : rewritten(seed, data, flow)),
    );
}

function rewritten(seed: string, edits: readonly DataEdit[], flow: boolean): string {
  const data = edits.reduce(mutateData, parse(seed) as Json);
  return flow ? JSON.stringify(data, null, 1) : stringify(data, { aliasDuplicateObjects: false });
}

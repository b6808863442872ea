import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { renderDiagnostics } from "../../../src/diagnostic/render.ts";
import { normalise } from "../../../src/manifest/normalise.ts";
import { readDocument } from "../../../src/manifest/read.ts";
import { validateManifest } from "../../../src/manifest/validate.ts";

/** Reads, validates, normalises and renders; what matters is that each ends, and that no diagnostic is outside. */
function compile(text: string): void {
  const source = { path: "w.yaml", text };
  const document = readDocument(source);
  const result = document.ok ? validateManifest(document.value) : document;
  if (result.ok) {
    normalise(result.value);
    return;
  }
  const lines = text.split("\n").length;
  expect(result.error.length).toBeGreaterThan(0);
  for (const { span } of result.error) {
    expect(span.line).toBeGreaterThanOrEqual(1);
    expect(span.line).toBeLessThanOrEqual(lines + 1);
    expect(span.endLine).toBeGreaterThanOrEqual(span.line);
  }
  const shown = renderDiagnostics(result.error, [source]);
  // oxlint-disable-next-line no-control-regex -- these must not pass
  expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
}

const words =
  "muster name steps agents models inputs limits defaults outputs secrets env a b run " +
  "agent task value needs any at_least of for_each join retry if output type properties " +
  "items $ref enum default on_error timeout model http x-y __proto__ constructor depends_on";
const keys = fc.constantFrom(...words.split(" "));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom(
      1,
      0,
      -1,
      1.5,
      true,
      null,
      "a",
      "b",
      "5m",
      "echo",
      "${{ inputs.a }}",
      "{{ x }}",
      "#/$defs/a",
      "object",
    ),
    fc.dictionary(keys, tie("tree"), { maxKeys: 6 }),
    fc.array(tie("tree"), { maxLength: 3 }),
  ),
}));

test("any data made of our words is answered", () => {
  fc.assert(
    fc.property(fc.dictionary(keys, tree, { maxKeys: 8 }), (data) =>
      compile(stringify({ ...data, muster: 1, name: "a" })),
    ),
    { numRuns: 500 },
  );
});

const alphabet = [
  "a",
  ":",
  " ",
  "\n",
  "  ",
  "- ",
  "'",
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  "&a ",
  "*a",
  "|",
  ">",
  "#",
  "!",
  "\t",
  "\\",
  "?",
  "%",
  "\r\n",
  "é",
  "😀",
  "\u001b",
  "---\n",
  "muster: 1\n",
  "steps:\n",
  "<<",
];

test("any text is answered", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...alphabet), { maxLength: 60 }), (parts) => compile(parts.join(""))),
    { numRuns: 2000 },
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCommonText } from "../../src/expression/text/common-text.ts";
import { parseAnyText } from "../../src/expression/text/parse.ts";

const seed = Number(process.env["FC_SEED"] ?? 20_261_128);
const scale = Number(process.env["FC_SCALE"] ?? 1);

const name = fc.constantFrom(
  "a",
  "steps",
  "x1",
  "_b",
  "item",
  "json",
  "lines",
  "artifact",
  "this",
  "true",
  "else",
  "as",
);
const path = fc.oneof(
  { weight: 6, arbitrary: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join(".")) },
  fc.constantFrom(
    "../a",
    "a.[0]",
    "a/b",
    "@index",
    "null",
    "undefined",
    "a b",
    "json a",
    "",
    "a-b",
    "é",
    "a.",
    "a..b",
    "1",
  ),
);
const tag = fc
  .tuple(
    fc.constantFrom("{{", "{{", "{{ ", "{{  ", "{{{", "{{~", "{{#if ", "{{> ", "{{!", "\\{{", "{{\n"),
    path,
    fc.constantFrom("}}", "}}", " }}", "  }}", "}}}", "~}}", "}", "\t}}"),
  )
  .map((parts) => parts.join(""));
const content = fc.constantFrom(
  "text",
  "a\nb",
  "\r\n",
  "\r",
  " ",
  "{",
  "}",
  "}}",
  "\\",
  "\n\n",
  "é 😀",
  "{{/if}}",
  "\0",
);
const plain = fc
  .tuple(fc.constantFrom("", " "), name, fc.constantFrom("", " "))
  .map((parts) => `{{${parts.join("")}}}`);

test(`what is read of a text without Handlebars, Handlebars reads the same (FC_SEED=${seed})`, () => {
  let common = 0;
  const texts = fc.array(fc.oneof(content, plain, plain, tag), { maxLength: 6 }).map((parts) => parts.join(""));
  const property = fc.property(texts, (source) => {
    const read = parseCommonText(source);
    if (read === null) return;
    common += 1;
    expect(parseAnyText(source)).toEqual(read);
  });
  fc.assert(property, { seed, numRuns: 5000 * scale });
  expect(common).toBeGreaterThan(500 * scale);
});

import { expect, test } from "vitest";
import { decodeSource } from "../../../src/manifest/decode.ts";
import { answer } from "../../rig/fuzz/answer.ts";
import { compile } from "../../../src/plan/compile.ts";

const manifest = 'muster: 1\nname: a\nsteps:\n  one: { value: 1 }\n  two: { value: "${{ steps.one.output }}" }\n';

/** Codes of all problems, with their lines; none = a valid manifest. */
function told(text: string): string[] {
  answer(text);
  const compiled = compile({ path: "w.yaml", text });
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value.diagnostics.map(({ code, span }) => `${span.line} ${code}`);
}

test.each([
  ["as it is", manifest],
  ["CRLF", manifest.replaceAll("\n", "\r\n")],
  ["a byte order mark", `\uFEFF${manifest}`],
  ["a byte order mark and CRLF", `\uFEFF${manifest.replaceAll("\n", "\r\n")}`],
  ["no line feed at the end", manifest.trimEnd()],
  ["500 KB of comments", `${"# ".padEnd(99, "x")}\n`.repeat(5000) + manifest],
  ["500 KB of one text", `${manifest}  long: { value: "${"x".repeat(500_000)}" }\n`],
  [
    "500 KB of steps",
    manifest + Array.from({ length: 12_000 }, (_, i) => `  s${i}: { value: "${i} ${"x".repeat(12)}" }\n`).join(""),
  ],
])("a valid manifest is valid with %s", (_, text) => {
  expect(told(text)).toEqual([]);
});

test.each([
  ["a tab", manifest.replace("  one", "\tone"), ["4 WF1002"]],
  ["two documents", `${manifest}---\n${manifest}`, ["6 WF1003"]],
  ["an alias in itself", `${manifest}x-loop: &loop [*loop]\n`, ["6 WF1007"]],
  ["two aliases in each other", `${manifest}x-a: &a { b: &b { a: *a } }\nx-c: *b\n`, ["6 WF1007"]],
  [
    "lists in lists, in a value",
    manifest.replace("value: 1", `value: ${"[".repeat(5000)}${"]".repeat(5000)}`),
    ["4 WF1008"],
  ],
])("%s is one clear problem", (_, text, problems) => {
  expect(told(text)).toEqual(problems);
});

test.each(["utf-16le", "utf-16be"] as const)("%s is one clear problem, with and without its mark", (encoding) => {
  for (const text of [manifest, `\uFEFF${manifest}`]) {
    const bytes = Buffer.from(text, "utf16le");
    const source = decodeSource("w.yaml", encoding === "utf-16le" ? bytes : bytes.swap16());
    expect(source.ok ? [] : source.error.map(({ code }) => code)).toEqual(["WF1010"]);
  }
});

import { describe, expect, it } from "vitest";
import { isManifest, isYamlName } from "../../../src/manifest/is-manifest.ts";
import { readDocument } from "../../../src/manifest/read.ts";

const REST = "\nname: flow\nsteps: {}\n";

const spellings: readonly (readonly [string, string])[] = [
  ["plain", `muster: 1${REST}`],
  ["not the first key", "name: flow\nmuster: 1\n"],
  ["byte order mark", `\uFEFFmuster: 1${REST}`],
  ["byte order mark and comment", `\uFEFF# hello\nmuster: 1${REST}`],
  ["carriage returns", "name: flow\r\nmuster: 1\r\n"],
  ["double quotes", `"muster": 1${REST}`],
  ["single quotes", `'muster': 1${REST}`],
  ["space before the colon", `muster : 1${REST}`],
  ["question mark", `? muster\n: 1${REST}`],
  ["question mark and quotes", `? "muster"\n: 1${REST}`],
  ["question mark and a block", `? >-\n  muster\n: 1${REST}`],
  ["escapes", `"m\\u0075ster": 1${REST}`],
  ["only escapes", `"\\x6d\\x75\\x73\\x74\\x65\\x72": 1${REST}`],
  ["folded quotes", `? "mus\\\n  ter"\n: 1${REST}`],
  ["flow", "{ muster: 1, name: flow }"],
  ["flow, folded quotes", `{ "mus\\\nter": 1, name: flow }`],
  ["flow after a marker", "--- {name: flow, 'muster': 1}\n"],
  ["after a marker", `%YAML 1.2\n---\nmuster: 1${REST}`],
  ["indented", "  muster: 1\n  name: flow\n"],
  ["tag", `!!str muster: 1${REST}`],
  ["anchor", `&key muster: 1${REST}`],
];

const others: readonly (readonly [string, string])[] = [
  ["empty", ""],
  ["a list", "- muster: 1\n"],
  ["below another key", "tool:\n  muster: 1\n"],
  ["in a flow map below", "{ tool: { muster: 1 } }"],
  ["a value", "run: muster validate\n"],
  ["a longer word", "muster_test: 1\nmusters: 2\n"],
  ["in a text", 'run: |\n  muster: 1\nname: "m\\x75ster"\n'],
  ["broken, and the key is not at the top", "a: [muster: 1\nb: {\n"],
  ["deeper than anything goes", `muster ${"[".repeat(100_000)}`],
];

describe("isManifest", () => {
  it.each(spellings)("finds the key: %s", (_, text) => {
    expect(isManifest(text)).toBe(true);
  });

  it.each(others)("is no manifest: %s", (_, text) => {
    expect(isManifest(text)).toBe(false);
  });

  it.each([
    ["plain", "muster: 1\nsteps: [\n"],
    ["question mark", "? muster\n: 1\nsteps: [\n"],
    ["twice", "? muster\n: 1\n? muster\n: 2\n"],
  ])("a broken one is a manifest, too: %s", (_, text) => {
    expect(readDocument({ path: "w.yaml", text }).ok).toBe(false);
    expect(isManifest(text)).toBe(true);
  });

  it("takes the endings of YAML in any case", () => {
    expect(["w.yaml", "w.yml", "a/w.YML", "w.Yaml", "w.json", "yaml"].filter(isYamlName)).toEqual([
      "w.yaml",
      "w.yml",
      "a/w.YML",
      "w.Yaml",
    ]);
  });
});

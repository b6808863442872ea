import { describe, expect, it } from "vitest";
import { partsOf } from "../../../src/plan/text-part.ts";

function read(source: string): [string, number, string | null][] {
  return partsOf(source).map((part) => [source.slice(part.start, part.end), part.depth, part.opens]);
}

describe("the parts of a text", () => {
  it("are what is written and the tags, with the depth of the blocks around them", () => {
    expect(read("a {{ x }}{{#each xs}}b{{~#if y}}c{{else}}d{{/if}}{{/each}} e")).toEqual([
      ["a ", 0, null],
      ["{{ x }}", 0, null],
      ["{{#each xs}}", 0, "each"],
      ["b", 1, null],
      ["{{~#if y}}", 1, "if"],
      ["c", 2, null],
      ["{{else}}", 2, null],
      ["d", 2, null],
      ["{{/if}}", 1, null],
      ["{{/each}}", 0, null],
      [" e", 0, null],
    ]);
  });

  it("are all of the text, without gaps", () => {
    const source = "{{{ raw }}} { {{ never closed";
    expect(
      read(source)
        .map(([text]) => text)
        .join(""),
    ).toBe(source);
  });
});

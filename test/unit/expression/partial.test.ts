import { describe, expect, it, test } from "vitest";
import { createEvaluator } from "../../../src/expression/evaluate.ts";
import { fileCallsOf } from "../../../src/expression/text/file-call.ts";
import { Partials, pieceAt } from "../../../src/expression/text/partial.ts";
import { err, ok } from "../../../src/util/result.ts";

const texts: { readonly [name: string]: string } = {
  voice: "Be kind.\n",
  row: "- {{ this }}\n",
  list: "{{#each inputs.names}}\n{{> row}}\n{{/each}}",
  circle: "{{> round}}",
  round: "{{> circle}}",
  open: "{{#if inputs.x}}",
};
const partials = (): Partials =>
  new Partials((name) => (Object.hasOwn(texts, name) ? ok(texts[name] as string) : err(`there is no ${name}`)));

describe("partials", () => {
  it("are put in with their own partials, without the line feed at the end of their files", () => {
    const { source, problems } = partials().expand("{{> voice}} Names:\n{{> list}}\n");
    expect(problems).toEqual([]);
    expect(source).toBe("Be kind. Names:\n{{#each inputs.names}}\n- {{ this }}\n{{/each}}\n");
    const value = createEvaluator().evaluate({ kind: "text", source }, { inputs: { names: ["a", "b"] } });
    expect(value).toEqual({ ok: true, value: "Be kind. Names:\n- a\n- b\n" });
  });

  it("leave a text without any as it is, in one piece", () => {
    const written = "{{!-- {{> voice}} --}} \\{{> voice}} {{ inputs.x }}";
    expect(partials().expand(written)).toEqual({
      source: written,
      pieces: [{ start: 0, offset: 0, partial: null }],
      problems: [],
    });
  });

  it("tell where each character was written", () => {
    const { source, pieces } = partials().expand("ab {{> voice}} cd");
    expect(source).toBe("ab Be kind. cd");
    expect(pieceAt(pieces, 1)).toEqual({ start: 0, offset: 0, partial: null });
    expect(pieceAt(pieces, 5)).toEqual({ start: 3, offset: 3, partial: { name: "voice", length: 11 } });
    expect(pieceAt(pieces, 12)).toEqual({ start: 11, offset: 14, partial: null });
  });

  it.each([
    ["x {{> nobody}}", "there is no nobody", 2, 12],
    [
      "{{> circle}}",
      "the partial 'circle' cannot be used: the partial 'round' cannot be used: the partial 'circle' is inside of itself",
      0,
      12,
    ],
    ["{{> open}}", "the partial 'open' cannot be used: the block 'if' is not closed", 0, 10],
    ["{{> voice tone=1}}", "a partial is a name alone: {{> name}}", 0, 18],
    ["{{#> voice}}x{{/voice}}", "a partial is a name alone: {{> name}}", 0, 23],
  ])("that cannot be put in say why: %s", (written, message, offset, length) => {
    expect(partials().expand(written).problems).toEqual([{ code: "WF4014", message, help: null, offset, length }]);
  });

  it("that multiply stay within what a text may be, and cost no more than their length", () => {
    const doubling = new Partials((name) =>
      ok(Number(name.slice(1)) > 60 ? "word ".repeat(100) : `{{> p${Number(name.slice(1)) + 1}}}`.repeat(2)),
    );
    const [problem] = doubling.expand("{{> p1}}").problems;
    expect(problem?.message).toContain("with its partials the text is longer than");
  });
});

describe("files in a text", () => {
  test("that the plan has are data, whatever is in them", () => {
    const template = {
      kind: "text",
      source: '{{ file "a.md" }}!',
      files: { "a.md": "{{ inputs.secret }} {{#each" },
    } as const;
    expect(createEvaluator().evaluate(template, {})).toEqual({ ok: true, value: "{{ inputs.secret }} {{#each!" });
  });

  test("that an item names are read when the text is printed", () => {
    const template = { kind: "text", source: "{{#each items}}{{ file this }};{{/each}}" } as const;
    const read: string[] = [];
    const file = (path: string) => (read.push(path), path === "gone" ? err("gone is not there") : ok(`<${path}>`));
    const evaluator = createEvaluator();
    expect(evaluator.evaluate(template, { items: ["a", "b"] }, undefined, { file, artifact: file })).toEqual({
      ok: true,
      value: "<a>;<b>;",
    });
    expect(read).toEqual(["a", "b"]);
    expect(evaluator.evaluate(template, { items: ["gone"] }, undefined, { file, artifact: file })).toEqual({
      ok: false,
      error: { code: "file", message: "gone is not there" },
    });
    expect(evaluator.evaluate(template, { items: ["a"] })).toEqual({
      ok: false,
      error: { code: "file", message: "the file 'a' cannot be read here" },
    });
  });

  test("are found wherever they are named", () => {
    const source =
      '{{ file "a" }}{{#if x}}{{ indent (file "b") 2 }}{{else}}{{#each (lines (file "c"))}}{{/each}}{{/if}}{{ file item }}';
    expect(
      fileCallsOf(source).map(({ path, offset, length }) => [path, source.slice(offset, offset + length)]),
    ).toEqual([
      ["a", '"a"'],
      ["b", '"b"'],
      ["c", '"c"'],
    ]);
  });
});

import { expect, test } from "vitest";
import { textOf } from "./fixture.ts";

const context = {
  inputs: { topic: "tea & <cake>", n: 3, yes: true, nothing: null, list: ["x", "y"], empty: [], obj: { b: 1, a: [2] } },
  steps: {
    research: {
      output: [
        { site: "a.com", themes: ["one", "two"], lines: 5 },
        { site: "b.com", themes: [], lines: 6 },
      ],
    },
  },
};
const text = (source: string) => textOf(source, context);

test("values print as text: null is nothing, no HTML is escaped, objects are JSON", () => {
  expect(
    text("{{ inputs.topic }}|{{{ inputs.topic }}}|{{&inputs.topic}}|{{inputs.n}}|{{inputs.yes}}|{{inputs.nothing}}|"),
  ).toBe("tea & <cake>|tea & <cake>|tea & <cake>|3|true||");
  expect(text("{{ inputs.obj }} {{ inputs.list }} {{ inputs.list.[1] }} {{ inputs.nothing.deeper }}")).toBe(
    '{"b":1,"a":[2]} ["x","y"] y ',
  );
  expect(text('{{ "a literal" }} \\{{ not.replaced }}')).toBe("a literal {{ not.replaced }}");
});

test("#each goes over the items of a list, whose fields have names of their own", () => {
  const source = [
    "{{#each steps.research.output}}",
    '- {{ site }}: {{ join themes ", " }} ({{@index}}{{#if @first}} first{{/if}}{{#if @last}} last{{/if}}) {{ inputs.n }}',
    "{{/each}}",
  ].join("\n");
  expect(text(source)).toBe("- a.com: one, two (0 first) 3\n- b.com:  (1 last) 3\n");
});

test("#each over an object, block params, nesting, else", () => {
  expect(text("{{#each inputs.obj}}{{@key}}={{this}};{{/each}}")).toBe("b=1;a=[2];");
  expect(
    text(
      "{{#each steps.research.output as |s i|}}{{i}}{{s.site}}:{{#each s.themes as |t|}}{{t}}{{i}}{{@../index}}{{../site}} {{/each}}{{/each}}",
    ),
  ).toBe("0a.com:one00a.com two00a.com 1b.com:");
  expect(text("{{#each inputs.empty}}x{{else}}none{{/each}}{{#each inputs.nothing}}x{{else}}none{{/each}}")).toBe(
    "nonenone",
  );
});

test("#if, #unless, else if, #with, and what counts as true", () => {
  expect(
    text(
      "{{#if inputs.empty}}1{{else if inputs.n}}2{{else}}3{{/if}}{{#unless inputs.nothing}}4{{/unless}}{{^if inputs.n}}5{{/if}}",
    ),
  ).toBe("24");
  expect(
    text(
      "{{#with inputs.obj as |o|}}{{b}}{{o.b}}{{this.a.[0]}}{{../inputs.n}}{{/with}}{{#with inputs.nothing}}{{else}}-{{/with}}",
    ),
  ).toBe("1123-");
});

test("white space control and comments", () => {
  expect(text("a  {{~ inputs.n ~}}  b{{! no }}{{!-- {{ no }} --}}")).toBe("a3b");
});

test.each([
  ["{{ json inputs.list }}", '["x","y"]'],
  ["{{ json inputs.obj.a indent=2 }}", "[\n  2\n]"],
  ["{{ json inputs.topic }}", '"tea & <cake>"'],
  ["{{ join inputs.list }}|{{ join inputs.list '/' }}|{{ join inputs.nothing }}", "x, y|x/y|"],
  ["{{ lines inputs.list }}", "x\ny"],
  ["{{#each (lines 'a')}}{{this}}{{/each}}", "a"],
  ["{{ truncate inputs.topic 4 }}|{{ truncate inputs.topic 99 }}", "tea…|tea & <cake>"],
  ["{{ indent (lines inputs.list) 2 }}", "  x\n  y"],
  ["{{ default inputs.nothing 'd' }}{{ default inputs.nope.deeper 'e' }}{{ default inputs.n 'f' }}", "de3"],
  ["{{ eq inputs.n 3 }} {{ ne inputs.list inputs.list }} {{ lt 1 2 }} {{ gt 'a' 'b' }}", "true false true false"],
  ["{{#if (and inputs.yes (or inputs.nothing (not inputs.empty)))}}y{{/if}}", "y"],
])("helper %s", (source, printed) => {
  expect(text(source)).toBe(printed);
});

test("what is missing is an error that names it, except where the text asks for it", () => {
  expect(text("{{ inputs.topc }}")).toBe(
    "missing: inputs has no field 'topc': it has topic, n, yes, nothing, list, empty, obj; where it may be missing write {{ default inputs.topc \"...\" }} or {{#if inputs.topc}}",
  );
  expect(text("{{#each steps.research.output}}{{ sit }}{{/each}}")).toMatch(
    /^missing: the item has no field 'sit': it has site, themes, lines/,
  );
  expect(text("{{#if inputs.nope}}y{{else}}n{{/if}}{{#unless nope}}n{{/unless}}")).toBe("nn");
  expect(text("{{ nope }}")).toBe("missing: there is no 'nope' here");
  expect(text("{{#each inputs.topic}}{{/each}}")).toBe(
    "type: #each takes a list or an object, and inputs.topic is a string",
  );
});

test("a field with the name of a helper needs this.", () => {
  expect(text("{{#each steps.research.output}}{{ lines }}{{/each}}")).toBe(
    "syntax: 'lines' is the name of a helper, which needs an argument",
  );
  expect(text("{{#each steps.research.output}}{{ this.lines }}{{/each}}")).toBe("56");
});

test("a field that an item brings along does not take the place of an outer name unseen", () => {
  const hostile = { inputs: { topic: "tea" }, steps: { x: { output: [{ inputs: { topic: "poison" } }] } } };
  expect(textOf("{{#each steps.x.output}}{{ inputs.topic }}{{/each}}", hostile)).toBe(
    "ambiguous: 'inputs' is a field of the item and a name outside of the block: write this.inputs or @root.inputs",
  );
  expect(textOf("{{#each steps.x.output}}{{ @root.inputs.topic }} {{ this.inputs.topic }}{{/each}}", hostile)).toBe(
    "tea poison",
  );
});

test("what a value contains is never read as a template", () => {
  const values = { inputs: { a: "{{ inputs.b }} ${{ inputs.b }} {{#if}}", b: "secret" } };
  expect(textOf("{{ inputs.a }} {{ truncate inputs.a 8 }}", values)).toBe(
    "{{ inputs.b }} ${{ inputs.b }} {{#if}} {{ inpu…",
  );
});

test("nothing of a prototype is printed, called or asked", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "__defineGetter__"]) {
    expect(text(`{{ inputs.${name} }}`)).toMatch(/^missing: inputs has no field/);
    expect(text(`{{ ${name} }}`)).toMatch(/^missing: /);
    expect(text(`{{ ${name} inputs }}`)).toMatch(/^syntax: there is no helper/);
    expect(text(`{{#with inputs.obj}}{{ this.${name} }}{{/with}}`)).toMatch(/^missing: /);
    expect(text(`{{#each inputs.list}}{{ this.${name} }}{{ @${name} }}{{/each}}`)).toMatch(/^missing: /);
    expect(text(`{{#if inputs.${name}}}y{{else}}n{{/if}}{{ default inputs.topic.${name} '-' }}`)).toBe("n-");
  }
});

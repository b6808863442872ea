import { expect, test } from "vitest";
import { problemsOf } from "./fixture.ts";

const problems = (source: string) => problemsOf(source, "text");

test("what is right has no problem", () => {
  const source = `{{!-- notes --}}{{ inputs.topic }} {{{inputs.topic}}} {{inputs.sites.[0]}}
    {{#each inputs.tags as |tag i|}}
      {{~name}} {{tag.name}} {{i}} {{@index}} {{@first}} {{this.lines}} {{../inputs.topic}} {{@root.inputs.count}}
      {{#if note}}{{note}}{{else}}{{default note "none"}}{{/if}}
    {{else}}nothing{{/each}}
    {{#with steps.triage.output}}{{kind}} {{steps.draft.output}}{{/with}}
    {{#unless (and inputs.topic (eq inputs.count 3))}}{{json inputs.anything.deep indent=2}}{{/unless}}
    {{#each (lines inputs.topic)}}{{this}}{{/each}} \\{{ not.a.name }}`;
  expect(problems(source)).toEqual([]);
});

test("unknown names are found in paths, helper arguments, options and blocks", () => {
  expect(problems("{{ inputs.topc }}")).toEqual(["WF4004 [topc] inputs has no field 'topc' | did you mean 'topic'?"]);
  expect(problems('{{ join inputs.sits ", " }}')).toEqual([
    "WF4004 [sits] inputs has no field 'sits' | did you mean 'sites'?",
  ]);
  expect(problems("{{#if (eq inputs.coun 1)}}{{/if}}")).toEqual([
    "WF4004 [coun] inputs has no field 'coun' | did you mean 'count'?",
  ]);
  expect(problems("{{json inputs indent=inputs.nope}}")).toHaveLength(1);
  expect(problems("a\r\n{{#each inputs.tags as |t|}}\n  {{ t.nam }}{{/each}}")).toEqual([
    "WF4004 [nam] t has no field 'nam' | did you mean 'name'?",
  ]);
  expect(problems("{{ draft.output }}")).toEqual(["WF4004 [draft] unknown name 'draft' | in reach: inputs, steps"]);
  expect(problems("{{ secrets.KEY }}")).toEqual([
    "WF4005 [secrets] 'secrets' cannot be read here | secrets go into `env`, headers and connections",
  ]);
  expect(problems("{{ steps.draft.outputs.x }}")).toEqual([
    "WF4009 [outputs] a step has one `output`, not `outputs` | write steps.draft.output.x",
  ]);
});

test("inside #each a name is a field of the item, else an outer name", () => {
  const inside = (body: string) => problems(`{{#each inputs.tags}}${body}{{/each}}`);
  expect(inside("{{name}} {{steps.draft.output}}")).toEqual([]);
  expect(inside("{{nam}}")).toEqual(["WF4004 [nam] unknown name 'nam' | did you mean 'name'?"]);
  expect(inside("{{this.steps}}")).toEqual([
    "WF4004 [steps] the item has no field 'steps' | it has name, note, lines, inputs",
  ]);
  expect(inside("{{inputs}}")).toEqual([
    "WF4011 [inputs] 'inputs' is a field of the item and a name outside of the block | write this.inputs for the field, or @root.inputs",
  ]);
  expect(inside("{{../../x}}")).toEqual(["WF4004 [../../x] ../../x leads outside of all blocks"]);
  expect(problems("{{#each inputs.sites}}{{name}}{{/each}}")).toHaveLength(1);
  expect(problems("{{@index}} {{this}}")).toEqual([
    "WF4004 [@index] @index has a meaning inside #each only",
    "WF4004 [this] this has a meaning inside #each and #with only",
  ]);
});

test("a field that a helper hides is an error that says this.", () => {
  expect(problems("{{#each inputs.tags}}{{ lines }}{{/each}}")).toEqual([
    "WF4011 [lines] 'lines' is the name of a helper, which needs an argument | for a field of that name write {{ this.lines }}",
  ]);
});

test("a field that the schema does not require is printed only where it has been asked for", () => {
  const note = (body: string) => problems(`{{#each inputs.tags}}${body}{{/each}}`);
  expect(note("{{ note }}")).toEqual([
    'WF4013 [note] note may be missing: its schema does not require it | add it to `required`, or write {{ default note "..." }} or {{#if note}}',
  ]);
  expect(note("{{#if note}}{{note}}{{/if}}{{#unless note}}-{{else}}{{note}}{{/unless}}{{default note ''}}")).toEqual(
    [],
  );
  expect(note("{{#if note}}{{else}}{{note}}{{/if}}")).toHaveLength(1);
});

test("helpers are checked for their number and kind of arguments", () => {
  expect(problems("{{ jion inputs.sites }}")).toEqual([
    "WF4006 [jion] there is no helper 'jion' | did you mean 'json'?",
  ]);
  expect(problems("{{ truncate inputs.topic }}")).toEqual([
    "WF4007 [truncate] truncate takes 2 arguments, and gets 1 | write {{ truncate text 200 }}",
  ]);
  expect(problems("{{ join inputs.topic }}")).toEqual([
    'WF4007 [inputs.topic] join takes a list here, and gets a text | write {{ join list ", " }}',
  ]);
  expect(problems("{{ json inputs pretty=true }}")).toHaveLength(1);
  expect(problems("{{#each inputs.topic}}{{/each}}")).toEqual([
    "WF4007 [inputs.topic] #each takes a list or an object, and inputs.topic is a text | one line each: {{#each (lines inputs.topic)}}",
  ]);
});

test("what never comes is refused", () => {
  expect(problems('{{> header}} {{file "a.md"}} {{#if (artifact "x")}}{{/if}}')).toEqual([
    "WF4014 [{{> header}}] a partial cannot be put in here",
  ]);
  expect(problems("{{* d}}{{#list inputs.sites}}{{/list}}{{lookup inputs 'a'}}{{{{raw}}}}{{{{/raw}}}}")).toHaveLength(
    4,
  );
});

test("syntax errors are found where they are", () => {
  expect(problems("a\n{{#if inputs.topic}}\nb")).toEqual([
    "WF4002 [{{#if] the block 'if' is not closed | close it with {{/if}}",
  ]);
  expect(problems("x {{ inputs.topic")).toEqual(["WF4002 [{{] a {{ is not closed | close it with }}"]);
  expect(problems("{{#if inputs.topic}}{{/each}}")).toEqual(["WF4002 [if] {{#if}} is closed by {{/each}}"]);
  expect(problems("a\n{{ a == b }}")).toEqual([
    "WF4002 [{{ a == b }}] the {{ }} on this line cannot be read | compare with a helper: {{#if (eq a b)}}",
  ]);
  expect(problems("{{ a | upper }}")[0]).toContain("there are no filters");
  expect(problems("{{ inputs.sites.0 }}")[0]).toContain("an item of a list is written list.[0]");
  expect(problems("{{#if inputs.topic inputs.count}}{{/if}}")[0]).toContain("compare with a helper: {{#if (eq a b)}}");
});

test("too deep and too long texts are refused before the parser sees them", () => {
  const sources = [
    "{{#if a}}".repeat(20_000),
    `{{#if a}}${"{{else if b}}".repeat(5000)}{{/if}}`,
    `{{a ${"(a ".repeat(20_000)}`,
    `{{a}}${"x".repeat(1_100_000)}`,
  ];
  for (const source of sources) {
    const start = performance.now();
    expect(problems(source)[0]).toMatch(/^WF4010 /);
    expect(performance.now() - start).toBeLessThan(200);
  }
});

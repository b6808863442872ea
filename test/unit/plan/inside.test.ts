import { describe, expect, it } from "vitest";
import { noChoice, parseModelChoice } from "../../../src/plan/model-choice.ts";
import { compile } from "../../../src/plan/compile.ts";
import { estimate } from "../../../src/plan/estimate.ts";
import { modelsOf, staticFingerprint } from "../../../src/plan/step-digest.ts";
import { noFiles, type SourceFiles } from "../../../src/plan/source-files.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { err, ok } from "../../../src/util/result.ts";

const head = `muster: 1
name: w
inputs: { names: { type: array, items: { type: string }, default: [a, b, c] } }
agents: { a: { model: anthropic/claude-haiku-5-5 } }
steps:
`;

function filesOf(files: { readonly [path: string]: string }): SourceFiles {
  return {
    ...noFiles,
    read: (path) =>
      Object.hasOwn(files, path)
        ? ok({ path, text: files[path] as string })
        : err({ isMissing: true, message: "is not there" }),
  };
}

function planOf(steps: string, files: { readonly [path: string]: string } = {}, choice = noChoice): Plan {
  const compiled = compile({ path: "w.yaml", text: head + steps }, choice, filesOf(files));
  if (!compiled.ok) throw new Error(compiled.error);
  const { plan, diagnostics } = compiled.value;
  if (plan === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return plan;
}

const child = `muster: 1
name: child
inputs: { names: { type: array, items: { type: string } } }
agents: { a: { model: anthropic/claude-opus-5-5 } }
steps:
  each: { for_each: "\${{ inputs.names }}", agent: a, task: "{{ item }}" }
outputs: { all: "\${{ steps.each.output }}" }
`;

describe("what waits for what across groups", () => {
  it("is a group for what its steps read outside, at the level where both have an ancestor", () => {
    const { scopes } = planOf(`
  first: { value: 1 }
  outer:
    steps:
      second: { value: 2 }
      inner:
        steps:
          deep: { value: "\${{ steps.first.output + steps.second.output }}" }
        outputs: { sum: "\${{ steps.deep.output + steps.first.output }}" }
    outputs: { sum: "\${{ steps.inner.output.sum }}" }
  last: { value: "\${{ steps.outer.output.sum }}" }`);
    expect(scopes.map(({ steps }) => steps.map(({ id, needs }) => [id, needs.map(({ of }) => of)]))).toEqual([
      [
        ["first", []],
        ["outer", [[0]]],
        ["last", [[1]]],
      ],
      [
        ["second", []],
        ["inner", [[0]]],
      ],
      [["deep", []]],
    ]);
  });

  it("is nothing for `finally`, which runs when all has ended", () => {
    const [scope] = planOf(`
  work: { value: 1 }
finally:
  tell: { value: "\${{ [string(steps.work.output), run.status] }}" }
  after: { value: "\${{ steps.tell.output }}" }`).scopes;
    expect(
      scope?.steps.map(({ id, needs, isFinally, whenSettled }) => [id, needs.length, isFinally, whenSettled]),
    ).toEqual([
      ["work", 0, false, false],
      ["tell", 0, true, true],
      ["after", 1, true, true],
    ]);
  });
});

describe("calls inside of steps", () => {
  const callsOf = (steps: string, files = {}) => estimate(planOf(steps, files)).calls;

  it("count for every unit, round and attempt of all groups around them", () => {
    const calls = callsOf(`
  g:
    for_each: \${{ inputs.names }}
    repeat: { until: "true", max: 4 }
    retry: { max_attempts: 2 }
    steps:
      h: { for_each: [1, 2], steps: { ask: { agent: a, task: "{{ item }}", retry: { max_attempts: 5 } } } }`);
    expect(calls).toEqual({ floor: 3 * 2, ceiling: 3 * 4 * 2 * 2 * 5 });
  });

  it("follow what is passed to a sub-workflow, as far as it is known", () => {
    expect(callsOf(`  u: { uses: ./c.yaml, with: { names: [x, y] } }`, { "c.yaml": child })).toEqual({
      floor: 2,
      ceiling: 2,
    });
    expect(callsOf(`  u: { uses: ./c.yaml, with: { names: "\${{ inputs.names }}" } }`, { "c.yaml": child })).toEqual({
      floor: 3,
      ceiling: 3,
    });
    const unknown = `
  v: { value: "\${{ [inputs.names[0]] }}" }
  u: { uses: ./c.yaml, with: { names: "\${{ steps.v.output }}" } }`;
    expect(callsOf(unknown, { "c.yaml": child })).toEqual({ floor: 0, ceiling: 1000 });
  });

  it("count every stage of a fallback, and each combination's own models", () => {
    expect(
      callsOf(
        `  s: { agent: a, task: Go., retry: { max_attempts: 3 }, fallback: [{ model: anthropic/x }, { agent: a }] }`,
      ),
    ).toEqual({ floor: 1, ceiling: 9 });
    const matrix = `  s: { matrix: { m: [anthropic/x, anthropic/y], n: [1, 2] }, model: "\${{ matrix.m }}", agent: a, task: Go. }`;
    expect(callsOf(matrix)).toEqual({ floor: 4, ceiling: 4 });
    expect(estimate(planOf(matrix)).models.map(({ id, maxCalls }) => [id, maxCalls])).toEqual([
      ["anthropic/x", 2],
      ["anthropic/y", 2],
    ]);
  });

  it("count a batch as one", () => {
    expect(callsOf(`  s: { for_each: "\${{ inputs.names }}", batch: 2, agent: a, task: "{{ items }}" }`)).toEqual({
      floor: 2,
      ceiling: 2,
    });
    expect(
      callsOf(`  s: { for_each: { glob: "*.md" }, max_items: 25, batch: 10, agent: a, task: "{{ items }}" }`),
    ).toEqual({ floor: 0, ceiling: 3 });
  });
});

describe("the static fingerprint of what is inside", () => {
  const digest = (steps: string, files = {}) => staticFingerprint(planOf(steps, files), 0, 0);
  const group = (inner: string, more = "") =>
    `  g: { ${more} steps: { ${inner} }, outputs: { x: "\${{ steps.i.output }}" } }`;
  const base = digest(group("i: { agent: a, task: Hi. }"));

  it("is the same for a group whatever its steps' retries and timeouts", () => {
    expect(digest(group("i: { agent: a, task: Hi., timeout: 1m, retry: { max_attempts: 2 } }", "timeout: 1h,"))).toBe(
      base,
    );
  });

  it.each([
    ["a task", group("i: { agent: a, task: Ho. }")],
    ["another step", group("i: { agent: a, task: Hi. }, j: { value: 1 }")],
    ["a condition", group("i: { agent: a, task: Hi., if: inputs.names.size() > 1 }")],
    ["what is done with a failure", group("i: { agent: a, task: Hi., on_error: continue }")],
    ["rounds", group("i: { agent: a, task: Hi. }", 'repeat: { until: "true" },')],
  ])("changes with %s of its steps", (_, steps) => {
    expect(digest(steps)).not.toBe(base);
  });

  it("changes with the workflow that a step uses, and with what stands in its files", () => {
    const uses = `  u: { uses: ./c.yaml, with: { names: [x] } }`;
    const one = digest(uses, { "c.yaml": child });
    expect(digest(uses, { "c.yaml": `# a comment\n${child}` })).toBe(one);
    expect(digest(uses, { "c.yaml": child.replace("{{ item }}", "{{ item }}!") })).not.toBe(one);
    const reads = `  s: { agent: a, task: '{{ file "notes.md" }} {{> rules}}' }`;
    const files = { "notes.md": "a", "prompts/rules.md": "b" };
    const two = digest(reads, files);
    expect(digest(reads, { ...files, "notes.md": "A" })).not.toBe(two);
    expect(digest(reads, { ...files, "prompts/rules.md": "B" })).not.toBe(two);
  });

  it("is each combination's own where a matrix names the models", () => {
    const plan = planOf(
      `  s: { matrix: { m: [anthropic/x, anthropic/y] }, model: "\${{ matrix.m }}", agent: a, task: Go. }`,
    );
    const other = planOf(
      `  s: { matrix: { m: [anthropic/x, anthropic/z] }, model: "\${{ matrix.m }}", agent: a, task: Go. }`,
    );
    expect(staticFingerprint(plan, 0, 0, 0)).toBe(staticFingerprint(other, 0, 0, 0));
    expect(staticFingerprint(plan, 0, 0, 1)).not.toBe(staticFingerprint(other, 0, 0, 1));
    const [step] = plan.scopes[0]?.steps ?? [];
    expect(step && modelsOf(plan, step, 1).map(({ id }) => id)).toEqual(["anthropic/y"]);
  });
});

describe("--model", () => {
  it("reaches the agents of sub-workflows, and aliases that only they have", () => {
    const aliased = child
      .replace("agents:", "models: { smart: anthropic/claude-opus-5-5 }\nagents:")
      .replace("model: anthropic/claude-opus-5-5 } }\nsteps", "model: smart } }\nsteps");
    const uses = `  u: { uses: ./c.yaml, with: { names: [x] } }`;
    const idsOf = (values: readonly string[]) => {
      const choice = parseModelChoice(values);
      if (!choice.ok) throw new Error(choice.error);
      const { agents } = planOf(uses, { "c.yaml": aliased }, choice.value);
      return Object.fromEntries(Object.entries(agents).map(([name, { models }]) => [name, models.map(({ id }) => id)]));
    };
    expect(idsOf(["smart=anthropic/z"])).toEqual({ a: ["anthropic/claude-haiku-5-5"], "c.yaml#a": ["anthropic/z"] });
    expect(idsOf(["anthropic/z"])).toEqual({ a: ["anthropic/z"], "c.yaml#a": ["anthropic/z"] });
  });
});

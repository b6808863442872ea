import { describe, expect, it } from "vitest";
import { estimate } from "../../../src/plan/estimate.ts";
import type { Plan, PlannedFan, PlannedModel, PlannedStep } from "../../../src/plan/types.ts";
import { planOfText } from "../../rig/engine/story.ts";
import { modelOf, planOf, stepOf, wholeFan } from "./fixture.ts";

/** One dollar a million tokens in, two out, nothing special for caches: figures that can be checked by hand. */
const price = { input: 1, output: 2, cacheRead: 1, cacheWrite: 1 };
const model = modelOf("anthropic/test", { price, maxTokens: 1000 });

const text = (source: string) => ({ kind: "text", source }) as const;
const words = (value: string) => ({ kind: "literal", value }) as const;
const cel = (source: string) => ({ kind: "cel", source }) as const;

function ask(id: string, task: string, step: Partial<PlannedStep> = {}): PlannedStep {
  const template = task.includes("{{") ? text(task) : words(task);
  return stepOf({ id, body: { kind: "agent", agent: "a", task: template, models: null, modelsByItem: null }, ...step });
}

function fanOf(items: PlannedFan["items"], fan: Partial<PlannedFan> = {}): PlannedFan {
  return { ...wholeFan, items, ...fan };
}

function planWith(
  steps: readonly PlannedStep[],
  models: readonly PlannedModel[] = [model],
  plan: Partial<Plan> = {},
): Plan {
  return planOf(steps, { agents: { a: { instructions: null, models } }, ...plan });
}

const after = (...of: number[]) => [{ of, required: of.length }];

describe("calls", () => {
  it("are units times attempts times turns times models at most, and one a unit at least", () => {
    const step = ask("a", "Hi", {
      fan: fanOf({ kind: "literal", value: ["x", "y"] }, { size: 2 }),
      retry: { ...stepOf({ id: "x" }).retry, maxAttempts: 3 },
      output: { type: "object" },
    });
    const { calls, models } = estimate(planWith([step], [model, modelOf("anthropic/other")]));
    expect(calls).toEqual({ floor: 2, ceiling: 2 * 3 * 2 * 2 });
    expect(models.map(({ id, maxCalls }) => [id, maxCalls])).toEqual([
      ["anthropic/test", 12],
      ["anthropic/other", 12],
    ]);
  });

  it("are max_items at most and none at least for a list that nobody knows yet", () => {
    const step = ask("a", "Hi", { fan: fanOf(cel("steps.plan.output.topics"), { maxItems: 20 }) });
    const [sums] = estimate(planWith([step])).steps;
    expect(sums).toMatchObject({
      isSizeKnown: false,
      units: { floor: 0, ceiling: 20 },
      calls: { floor: 0, ceiling: 20 },
    });
  });

  it("follow an input, given or by default, and say which", () => {
    const inputs = { sites: { schema: { type: "array" }, required: false, default: ["a", "b", "c"] } } as const;
    const plan = planWith([ask("a", "Hi", { fan: fanOf(cel("inputs.sites"), { maxItems: 5 }) })], [model], { inputs });
    expect(estimate(plan)).toMatchObject({ calls: { floor: 3, ceiling: 3 }, assumedInputs: ["sites"] });
    expect(estimate(plan, { sites: ["a"] })).toMatchObject({ calls: { floor: 1, ceiling: 1 }, assumedInputs: [] });
    expect(estimate(plan, { sites: [1, 2, 3, 4, 5, 6] })).toMatchObject({
      calls: { floor: 0, ceiling: 0 },
      steps: [{ isTooLarge: true }],
    });
  });

  it("have one success as their floor where any item is enough", () => {
    const fan = fanOf({ kind: "literal", value: [1, 2, 3] }, { size: 3, join: { kind: "any" } });
    expect(estimate(planWith([ask("a", "Hi", { fan })])).calls).toEqual({ floor: 1, ceiling: 3 });
  });

  it("have no floor behind an `if`, but for steps that run in any case", () => {
    const steps = [
      ask("triage", "Hi"),
      ask("fix", "Hi", { condition: "steps.triage.output == 'bug'", needs: after(0) }),
      ask("test", "Hi", { needs: after(1) }),
      ask("close", "Hi", { needs: [{ of: [0, 2], required: 1 }] }),
      ask("tidy", "Hi", { needs: after(2), condition: "always()", whenSettled: true }),
    ];
    expect(estimate(planWith(steps)).steps.map((step) => step.calls.floor)).toEqual([1, 0, 0, 1, 1]);
  });
});

describe("agents that write to each other", () => {
  /** `count` agents, each of which may write to all the others, in two turns. */
  const mesh = (count: number): Plan => {
    const names = Array.from({ length: count }, (_, index) => `m${index}`);
    const others = (name: string): string => names.filter((other) => other !== name).join(", ");
    const agent = (name: string): string =>
      `  ${name}: { model: anthropic/claude-haiku-5-5, tools: [send_message], max_turns: 2, permissions: { sessions: [${others(name)}] } }`;
    return planOfText(`muster: 1
name: mesh
permissions: { sessions: [${names.join(", ")}] }
agents:
${names.map(agent).join("\n")}
sessions:
${names.map((name) => `  ${name}: { agent: ${name} }`).join("\n")}
steps:
  start: { agent: m0, task: Go }
`);
  };

  it("are asked along the longest way through them at most", () => {
    // Two turns of the first, and for each a message to the second: three turns, the last of which sends no more.
    expect(estimate(mesh(2)).calls.ceiling).toBe(2 + 2 * 3);
    expect(estimate(mesh(3)).calls.ceiling).toBe(2 + 2 * (3 + 2 * 3));
  });

  it("may be so many that nobody could go each way by itself", () => {
    expect(estimate(mesh(24)).calls.ceiling).toBeGreaterThan(2 ** 23);
  });
});

describe("cost", () => {
  it("is at most each byte of the prompt as a token, the frame of a request, and the whole answer", () => {
    const { costUsd } = estimate(planWith([ask("a", "12345678")]));
    expect(costUsd?.ceiling).toBeCloseTo((8 + 512 + 2 * 1000) / 1e6, 12);
    expect(costUsd?.floor).toBeCloseTo((1 + 2 * 1) / 1e6, 12);
  });

  it("counts the repair turn of a typed answer, which shows the schema and the first answer again", () => {
    const output = { type: "object" }; // 17 bytes as JSON
    const { costUsd } = estimate(planWith([ask("a", "12345678", { output })]));
    const first = 8 + 512 + 17;
    expect(costUsd?.ceiling).toBeCloseTo((first + 2000 + (first + 17 + 1000 + 4096) + 2000) / 1e6, 12);
  });

  it("bounds what one agent reads of another by what that one may write", () => {
    const many = { fan: fanOf({ kind: "literal", value: [1, 2, 3] }, { size: 3 }) };
    const steps = [
      ask("one", "Hi"),
      ask("all", "Hi", many),
      ask("sum", "{{ steps.one.output }}{{ steps.all.output }}", { needs: after(0, 1) }),
    ];
    const sum = estimate(planWith(steps)).steps[2];
    const read = Buffer.byteLength("{{ steps.one.output }}{{ steps.all.output }}") + 1000 + 3000;
    expect(sum?.costUsd?.ceiling).toBeCloseTo((read + 512 + 2000) / 1e6, 12);
  });

  it("counts what stands inside a loop once for each item", () => {
    const many = { fan: fanOf({ kind: "literal", value: [1, 2, 3] }, { size: 3 }) };
    const task = "{{#each steps.all.output}}12345678{{/each}}";
    const steps = [ask("all", "Hi", many), ask("sum", task, { needs: after(0) })];
    const sum = estimate(planWith(steps)).steps[1];
    const read = Buffer.byteLength("{{#each steps.all.output}}") + 3 * 8 + Buffer.byteLength("{{/each}}") + 3000;
    expect(sum?.costUsd?.ceiling).toBeCloseTo((read + 512 + 2000) / 1e6, 12);
  });

  it("names what it leaves out: input of unknown size, and models without a price", () => {
    const run = stepOf({ id: "facts", body: { kind: "run", command: { argv: [] }, env: {}, stdin: null, cwd: null } });
    const steps = [
      run,
      ask("a", "{{ steps.facts.output }} {{ steps.facts.output }} {{ inputs.topic }}", { needs: after(0) }),
    ];
    const found = estimate(planWith(steps, [modelOf("anthropic/nobody-knows"), model]));
    expect(found.unknownInput).toEqual(["steps.facts", "inputs.topic"]);
    expect(found.unpriced).toEqual(["anthropic/nobody-knows"]);
    expect(found.costUsd).toMatchObject({ floor: 0 });
  });

  it("names a chain of computed values by its last step only", () => {
    const value = (id: string, source: string, need: number[]) =>
      stepOf({ id, body: { kind: "value", value: cel(source) }, needs: need.length > 0 ? after(...need) : [] });
    const steps = [
      value("v1", "inputs.x", []),
      value("v2", "steps.v1.output", [0]),
      ask("a", "{{ steps.v2.output }}", { needs: after(1) }),
    ];
    expect(estimate(planWith(steps)).unknownInput).toEqual(["steps.v2"]);
  });
});

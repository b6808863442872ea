import { describe, expect, it } from "vitest";
import { staticFingerprint } from "../../../src/plan/step-digest.ts";
import type { Plan, PlannedModel, PlannedStep } from "../../../src/plan/types.ts";
import { modelOf, planOf, stepOf, wholeFan } from "./fixture.ts";

const text = (source: string) => ({ kind: "text", source }) as const;

const draft = stepOf({
  id: "draft",
  body: { kind: "agent", agent: "writer", task: text("Draft {{ inputs.topic }}"), models: null, modelsByItem: null },
});
const build = stepOf({
  id: "build",
  body: { kind: "run", command: { script: "make", shell: "sh" }, env: {}, stdin: null, cwd: null },
});

function planWith(step: PlannedStep, models: readonly PlannedModel[], plan: Partial<Plan> = {}): Plan {
  return planOf([step], { agents: { writer: { instructions: text("You write."), models } }, ...plan });
}

const base = staticFingerprint(planWith(draft, [modelOf("anthropic/a")]), 0, 0);

describe("the static fingerprint of a step", () => {
  it("is the same whatever decides only on when, how often and at what price it is asked", () => {
    const other = {
      ...draft,
      id: "renamed",
      description: text("new words"),
      needs: [{ of: [0], required: 1 }],
      condition: "true",
      retry: { ...draft.retry, maxAttempts: 9 },
      timeoutMs: 1,
      onError: { kind: "continue" },
      fan: { ...wholeFan, items: text("x"), maxItems: 1, maxParallel: 1, failFast: true, join: { kind: "any" } },
    } as const satisfies PlannedStep;
    const price = { input: 1, output: 2, cacheRead: null, cacheWrite: null };
    const plan = planWith(other, [modelOf("anthropic/a", { price, apiKeySecret: "KEY" })], {
      limits: { concurrency: 1, timeoutMs: 1, graceMs: 1 },
    });
    expect(staticFingerprint(plan, 0, 0)).toBe(base);
  });

  it.each<[string, Plan]>([
    [
      "its task",
      planWith(
        { ...draft, body: { kind: "agent", agent: "writer", task: text("Write"), models: null, modelsByItem: null } },
        [modelOf("anthropic/a")],
      ),
    ],
    ["its output schema", planWith({ ...draft, output: { type: "object" } }, [modelOf("anthropic/a")])],
    [
      "the agent's instructions",
      planWith(draft, [], { agents: { writer: { instructions: null, models: [modelOf("anthropic/a")] } } }),
    ],
    ["the model", planWith(draft, [modelOf("anthropic/b")])],
    ["the model's settings", planWith(draft, [modelOf("anthropic/a", { temperature: 0.5 })])],
    ["the address of the model", planWith(draft, [modelOf("anthropic/a", { baseUrl: "https://gateway.example" })])],
    ["a fallback behind the model", planWith(draft, [modelOf("anthropic/a"), modelOf("anthropic/b")])],
  ])("changes with %s", (_, plan) => {
    expect(staticFingerprint(plan, 0, 0)).not.toBe(base);
  });

  it("tells the order of a fallback chain", () => {
    const [a, b] = [modelOf("anthropic/a"), modelOf("anthropic/b")];
    expect(staticFingerprint(planWith(draft, [a, b]), 0, 0)).not.toBe(staticFingerprint(planWith(draft, [b, a]), 0, 0));
  });

  it("covers the file's environment for a run step, and not for an agent", () => {
    const env = { LANG: { kind: "literal", value: "C" } } as const;
    expect(staticFingerprint(planOf([build], { env }), 0, 0)).not.toBe(staticFingerprint(planOf([build]), 0, 0));
    expect(staticFingerprint(planWith(draft, [modelOf("anthropic/a")], { env }), 0, 0)).toBe(base);
  });
});

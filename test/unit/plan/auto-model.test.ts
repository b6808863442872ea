import { expect, it } from "vitest";
import { autosOf, withAutoModels, type AutoChoice } from "../../../src/plan/auto-model.ts";
import { buildPlan } from "../../../src/plan/build.ts";
import { modelsOf, staticFingerprint } from "../../../src/plan/step-digest.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { load } from "../../golden/load.ts";

const choice: AutoChoice = {
  because: "Ollama answers",
  provider: "ollama",
  baseUrl: "http://127.0.0.1:11434",
  models: { default: "usual", fast: "small", strong: "large" },
};

function planOf(first: string, second: string, third: string): Plan {
  const { document, manifest } = load(`muster: 1
name: w
models: { fast: ${first} }
agents:
  clerk: { model: fast }
  judge: ${second}
steps:
  a: { agent: clerk, task: A. }
  b: { agent: judge, task: B. }
  c: { agent: clerk, model: ${third}, task: C. }
`);
  const built = buildPlan(document, manifest);
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value.plan;
}

const plan = planOf(
  "{ model: auto/fast, temperature: 0.5 }",
  "{ max_tokens: 77 }",
  "[auto/strong, anthropic/claude-haiku-5-5]",
);

it("lists each kind of auto that a step may ask", () => {
  expect(autosOf(plan)).toEqual(["auto", "auto/fast", "auto/strong"]);
  expect(autosOf(withAutoModels(plan, choice))).toEqual([]);
});

it("puts the models of the choice in place of auto, with the settings that were written beside it", () => {
  const resolved = withAutoModels(plan, choice);
  const models = (resolved.scopes[0]?.steps ?? []).map((step) => modelsOf(resolved, step));
  const address = { provider: "ollama", baseUrl: "http://127.0.0.1:11434" };
  expect(models).toMatchObject([
    [{ id: "ollama/small", model: "small", temperature: 0.5, ...address }],
    [{ id: "ollama/usual", model: "usual", maxTokens: 77, ...address }],
    [
      { id: "ollama/large", model: "large", ...address },
      { id: "anthropic/claude-haiku-5-5", baseUrl: null },
    ],
  ]);
});

it("is a plan like one that names the models: another digest, and fingerprints that hold while the choice does", () => {
  const resolved = withAutoModels(plan, choice);
  const fingerprints = (of: Plan): string[] => [0, 1, 2].map((step) => staticFingerprint(of, 0, step));
  expect(resolved.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(resolved.digest).not.toBe(plan.digest);
  expect(withAutoModels(plan, structuredClone(choice))).toEqual(resolved);
  expect(fingerprints(withAutoModels(plan, { ...choice, because: "otherwise" }))).toEqual(fingerprints(resolved));
  const other = fingerprints(withAutoModels(plan, { ...choice, models: { ...choice.models, fast: "tiny" } }));
  expect(other.map((fingerprint, step) => fingerprint === fingerprints(resolved)[step])).toEqual([false, true, true]);
});

import { describe, expect, it } from "vitest";
import { buildPlan } from "../../../src/plan/build.ts";
import { chooseModels, noChoice, parseModelChoice, unknownAlias } from "../../../src/plan/model-choice.ts";
import { modelsOf } from "../../../src/plan/step-digest.ts";
import { load } from "../../golden/load.ts";

describe("--model", () => {
  it("is one model for all agents, or models behind aliases", () => {
    expect(parseModelChoice([])).toEqual({ ok: true, value: noChoice });
    expect(parseModelChoice(["fast=anthropic/a", "anthropic/b", "smart=openai/org/c=d"])).toEqual({
      ok: true,
      value: { all: "anthropic/b", aliases: { fast: "anthropic/a", smart: "openai/org/c=d" } },
    });
  });

  it.each([
    [["haiku"], "--model haiku: a model is written PROVIDER/MODEL, e.g. anthropic/claude-haiku-5-5"],
    [["fast=haiku"], "--model fast=haiku: a model is written PROVIDER/MODEL, e.g. anthropic/claude-haiku-5-5"],
    [["a/b", "a/c"], "--model: only one model can stand for all agents"],
  ])("%j is refused", (values, error) => {
    expect(parseModelChoice(values)).toEqual({ ok: false, error });
  });
});

const { document, manifest } = load(`muster: 1
name: w
models:
  fast: anthropic/claude-haiku-5-5
  exact: { model: anthropic/claude-opus-5-5, base_url: https://gateway.example.com, price: { input: 1, output: 2 }, max_tokens: 500 }
agents:
  clerk: { model: fast }
  expert: { model: [exact, fast] }
steps:
  a: { agent: clerk, task: A. }
  b: { agent: expert, task: B. }
  c: { agent: clerk, model: exact, task: C. }
`);

/** The models of each step under a choice. */
function chosen(values: readonly string[]) {
  const choice = parseModelChoice(values);
  if (!choice.ok) throw new Error(choice.error);
  const unknown = unknownAlias(choice.value, [manifest]);
  if (unknown !== null) return unknown;
  const built = buildPlan(document, chooseModels(manifest, choice.value));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  const { plan } = built.value;
  return Object.fromEntries(
    (plan.scopes[0]?.steps ?? []).map((step) => [
      step.id,
      modelsOf(plan, step).map(({ id, baseUrl, maxTokens, price }) => [id, baseUrl, maxTokens, price?.input ?? null]),
    ]),
  );
}

describe("the models of a workflow", () => {
  const haiku = ["anthropic/claude-haiku-5-5", null, 8192, null];
  const exact = ["anthropic/claude-opus-5-5", "https://gateway.example.com", 500, 1];

  it("are those of the manifest without a choice", () => {
    expect(chosen([])).toEqual({ a: [haiku], b: [exact, haiku], c: [exact] });
  });

  it("are another behind an alias, without the address and price that belong to the one written", () => {
    const other = ["anthropic/claude-sonnet-5-5", null, 500, null];
    expect(chosen(["exact=anthropic/claude-sonnet-5-5"])).toEqual({ a: [haiku], b: [other, haiku], c: [other] });
  });

  it("are one and the same for all, a step's own word included", () => {
    const one = [["anthropic/claude-sonnet-5-5", null, 8192, null]];
    expect(chosen(["anthropic/claude-sonnet-5-5"])).toEqual({ a: one, b: one, c: one });
  });

  it("are not guessed: an alias that is none is an error", () => {
    expect(chosen(["fats=anthropic/x"])).toBe(
      "--model fats=anthropic/x: the workflow has no model 'fats'; did you mean 'fast'?",
    );
    expect(chosen(["toString=anthropic/x"])).toBe("--model toString=anthropic/x: the workflow has no model 'toString'");
  });
});

import { EMPTY_SCOPE } from "../../../src/plan/types.ts";
import { expect, it } from "vitest";
import { failure } from "../../../src/run/failure.ts";
import { report } from "../../../src/run/report.ts";
import { errorJson, stepOutput, stepResults } from "../../../src/run/step-value.ts";
import { scopeRecord, type ItemRecord, type ScopeRecord, type StepRecord } from "../../../src/run/state.ts";
import type { ValueRef } from "../../../src/run/value-ref.ts";
import type { Json } from "../../../src/util/json.ts";
import { planOfText } from "../../rig/engine/story.ts";
import { scopeOf } from "../plan/fixture.ts";

const read = (ref: ValueRef): Json => ("inline" in ref ? ref.inline : `blob ${ref.blob}`);
const usage = { inputTokens: 10, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4, calls: 1 };

function stepOf(more: Partial<StepRecord>): StepRecord {
  return { ...(scopeRecord(scopeOf({ a: [] })).steps[0] as StepRecord), ...more };
}

const item = (status: ItemRecord["status"], output: Json): ItemRecord => ({
  item: "i",
  name: "i.0",
  status,
  attempts: 1,
  output: output === null ? null : { inline: output },
  artifacts: null,
  failure: null,
  inner: null,
});

const plan = planOfText(
  "muster: 1\nname: small\nversion: 1.0.0\ninputs: { n: { type: integer, default: 1 } }\nsteps:\n  a: { run: echo, idempotent: true }\n",
);
const info = { runId: "R", plan, startedAt: 0, inputs: { n: 1 } };
const end = {
  status: "succeeded",
  finishedAt: 2000,
  durationMs: 1999.7,
  outputs: { x: 1 },
  failure: null,
  budgets: [],
  spend: { usage, costUsd: 0.1 + 0.2 },
  simulated: false,
  replayed: "scripted",
} as const;

it("the report of a run, word for word", () => {
  const scope = scopeRecord(plan.scopes[0] ?? EMPTY_SCOPE);
  Object.assign(scope.steps[0] as StepRecord, {
    status: "failed",
    caught: true,
    attempts: 2,
    startedAt: 1000,
    endedAt: 1500.4,
    usage,
    costUsd: 0.1 + 0.2,
    askedModel: "p/m",
    model: "p/n",
    failure: failure("exit", "exit_1", "it ended"),
    reused: 1,
  });
  const usageJson = { input_tokens: 10, output_tokens: 2, cache_read_tokens: 3, cache_write_tokens: 4, calls: 1 };
  expect(report(info, scope, end, read)).toEqual({
    version: 1,
    run_id: "R",
    workflow: "small",
    workflow_version: "1.0.0",
    manifest_digest: plan.digest,
    status: "succeeded",
    simulated: false,
    replayed: "scripted",
    started_at: "1970-01-01T00:00:00.000Z",
    finished_at: "1970-01-01T00:00:02.000Z",
    duration_ms: 2000,
    inputs: { n: 1 },
    outputs: { x: 1 },
    usage: usageJson,
    cost_usd: 0.3,
    error: null,
    variant: null,
    score: null,
    roi: null,
    steps: {
      a: {
        status: "failed",
        kind: "run",
        attempts: 2,
        started_at: "1970-01-01T00:00:01.000Z",
        duration_ms: 500,
        model: "p/n",
        model_asked: "p/m",
        output: null,
        error: { class: "exit", code: "exit_1", message: "it ended" },
        caught: true,
        usage: usageJson,
        cost_usd: 0.3,
        from_cache: false,
        reused: 1,
        results: null,
      },
    },
  });
});

it("an output is the step's own, else those of the items that succeeded, else the winner's", () => {
  expect(stepOutput(stepOf({ output: { blob: "ab", bytes: 9 } }), read)).toBe("blob ab");
  expect(stepOutput(stepOf({ status: "skipped" }), read)).toBe(null);
  const items = [item("failed", null), item("succeeded", 1), item("succeeded", null), item("cancelled", null)];
  expect(stepOutput(stepOf({ status: "succeeded", items }), read)).toEqual([1, null]);
  expect(stepOutput(stepOf({ status: "succeeded", items, winner: 1 }), read)).toBe(1);
  expect(stepOutput(stepOf({ status: "failed", items }), read)).toBe(null);
  expect(stepOutput(stepOf({ status: "failed", items, output: { inline: "caught" } }), read)).toBe("caught");
});

it("an entry of `results` and an error tell no more than there is", () => {
  const failed = { ...item("failed", null), failure: failure("output", "x", "y", { partial: "z" }) };
  expect(stepResults(stepOf({ items: [item("succeeded", 1), failed] }), read)[1]).toEqual({
    item: "i",
    index: 1,
    status: "failed",
    output: null,
    error: { class: "output", code: "x", message: "y", partial: "z" },
    attempts: 1,
  });
  expect(errorJson(null)).toBe(null);
});

const withSteps = (...steps: StepRecord[]): ScopeRecord => ({ ...scopeRecord(scopeOf({})), steps });

it("the steps inside of a unit stand with its result, those of a batch with the first of its items", () => {
  const inner = withSteps(stepOf({ id: "inner", path: "a[0]/inner", status: "succeeded" }));
  const batch = (...items: string[]): ItemRecord => ({
    ...item(
      "succeeded",
      items.map((one) => one.toUpperCase()),
    ),
    item: items,
    inner,
  });
  const stepsOf = (more: Partial<StepRecord>): unknown[] => {
    const record = withSteps(stepOf({ status: "succeeded", ...more }));
    const { steps } = report(info, record, end, read) as { steps: { a: { results: { steps?: object }[] } } };
    return steps.a.results.map(({ steps: inside }) => inside && Object.keys(inside));
  };
  const items = [batch("x", "y"), batch("z")];
  expect(stepsOf({ items, batch: { size: 2, flatten: true } })).toEqual([["a[0]/inner"], undefined, ["a[0]/inner"]]);
  expect(stepsOf({ items, batch: { size: 2, flatten: false } })).toEqual([["a[0]/inner"], ["a[0]/inner"]]);
});

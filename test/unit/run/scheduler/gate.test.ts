import { expect, test } from "vitest";
import { story } from "../../../rig/scheduler/story.ts";

test("a step starts when all that it needs has succeeded", () => {
  const run = story({ a: {}, b: {}, c: { needs: ["a", "b"] } });
  expect(run.start()).toEqual(["start a", "start b"]);
  expect(run.succeed("b")).toEqual(["b succeeded"]);
  expect(run.succeed("a")).toEqual(["a succeeded", "start c"]);
  expect(run.succeed("c")).toEqual(["c succeeded", "run succeeded"]);
});

test("an uncaught failure skips what depends on it, to the last step, and fails the run; other branches go on", () => {
  const run = story({ a: {}, b: { needs: "a" }, c: { needs: "b" }, other: {}, more: { needs: "other" } });
  run.start();
  expect(run.fail("a")).toEqual(["a failed (exit)", "b skipped (upstream)", "c skipped (upstream)"]);
  expect(run.succeed("other")).toEqual(["other succeeded", "start more"]);
  expect(run.succeed("more")).toEqual(["more succeeded", "run failed"]);
});

test("a caught failure counts as success for those who depend on it", () => {
  const run = story({ a: { caught: true }, b: { needs: "a", gated: true } });
  run.start();
  expect(run.fail("a")).toEqual(["a failed (exit), caught", "gate b (success)"]);
  expect(run.run("b")).toEqual(["start b"]);
  expect(run.succeed("b")).toEqual(["b succeeded", "run succeeded"]);
});

test("a failure for lack of budget is not caught", () => {
  const run = story({ a: { caught: true }, b: { needs: "a" } });
  run.start();
  expect(run.fail("a", "budget")).toEqual(["a failed (budget)", "b skipped (upstream)", "run failed"]);
});

test("a step that its own `if` skipped carries no failure: dependants are skipped for the condition", () => {
  const run = story({ a: { gated: true }, b: { needs: "a" }, c: { needs: "b", settled: true, gated: true } });
  expect(run.start()).toEqual(["gate a (success)"]);
  expect(run.skip("a")).toEqual(["a skipped (condition)", "b skipped (condition)", "gate c ()"]);
  expect(run.skip("c")).toEqual(["c skipped (condition)", "run succeeded"]);
});

test("failure() holds for a step whose need was skipped because of a failure upstream", () => {
  const run = story({ a: {}, b: { needs: "a" }, c: { needs: "b", settled: true, gated: true } });
  run.start();
  expect(run.fail("a")).toEqual(["a failed (exit)", "b skipped (upstream)", "gate c (failure)"]);
});

test("when one need failed and another was skipped by its `if`, the failure is the cause", () => {
  const run = story({ a: {}, b: { gated: true }, c: { needs: ["a", "b"] } });
  run.start();
  run.fail("a");
  expect(run.skip("b")).toEqual(["b skipped (condition)", "c skipped (upstream)", "run failed"]);
});

test("an error in `if` is failure `invalid` of the step, which `on_error` may catch", () => {
  const run = story({ a: { gated: true, caught: true, retry: { maxAttempts: 3 } }, b: { needs: "a" } });
  run.start();
  expect(run.failGate("a")).toEqual(["a failed (invalid), caught", "start b"]);
});

test("`any` is ready at the first success; the others go on", () => {
  const run = story({ deep: {}, fast: {}, report: { needs: [{ any: ["deep", "fast"] }] } });
  run.start();
  expect(run.succeed("fast")).toEqual(["fast succeeded", "start report"]);
  expect(run.succeed("report")).toEqual(["report succeeded"]);
  expect(run.fail("deep")).toEqual(["deep failed (exit)", "run failed"]);
});

test("`any` with no success is skipped only when all have ended", () => {
  const run = story({ deep: {}, fast: {}, report: { needs: [{ any: ["deep", "fast"] }] } });
  run.start();
  expect(run.fail("fast")).toEqual(["fast failed (exit)"]);
  expect(run.fail("deep")).toEqual(["deep failed (exit)", "report skipped (upstream)", "run failed"]);
});

test("`at_least: 2` is ready at the second success, not at the first, and a caught failure is one", () => {
  const needs = [{ atLeast: 2, of: ["a", "b", "c"] }];
  const run = story({ a: {}, b: { caught: true }, c: {}, d: { needs } });
  run.start();
  expect(run.succeed("a")).toEqual(["a succeeded"]);
  expect(run.fail("b")).toEqual(["b failed (exit), caught", "start d"]);
});

test("every group must hold, and a step may be in several", () => {
  const run = story({
    a: {},
    b: {},
    c: {},
    d: { needs: ["c", { any: ["a", "b"] }, { atLeast: 2, of: ["a", "b", "c"] }] },
  });
  run.start();
  expect(run.succeed("a")).toEqual(["a succeeded"]);
  expect(run.succeed("c")).toEqual(["c succeeded", "start d"]);
});

test("a step that looks at failures waits until all its needs have ended, `any` or not", () => {
  const run = story({ a: {}, b: {}, c: { needs: [{ any: ["a", "b"] }], settled: true, gated: true } });
  run.start();
  expect(run.succeed("a")).toEqual(["a succeeded"]);
  expect(run.fail("b")).toEqual(["b failed (exit)", "gate c (success, failure)"]);
});

test("a chain of ten thousand skipped steps is told without deep calls", () => {
  const chain = Array.from({ length: 10_000 }, (_, i) => [`s${i}`, i === 0 ? {} : { needs: `s${i - 1}` }] as const);
  const run = story(Object.fromEntries(chain));
  run.start();
  const lines = run.fail("s0");
  expect(lines).toHaveLength(10_001);
  expect(lines.slice(-2)).toEqual(["s9999 skipped (upstream)", "run failed"]);
});

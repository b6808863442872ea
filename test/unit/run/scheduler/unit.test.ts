import { expect, test } from "vitest";
import { story } from "../../../rig/scheduler/story.ts";

test("a step without `retry` is tried once", () => {
  const run = story({ a: {} });
  run.start();
  expect(run.fail("a", "network")).toEqual(["a failed (network)", "run failed"]);
});

test("`max_attempts` counts the first try", () => {
  const run = story({ a: { retry: { maxAttempts: 3 } } });
  run.start();
  expect(run.fail("a", "network")).toEqual(["delay a 1000ms"]);
  expect(run.fire("a")).toEqual(["start a try 2"]);
  expect(run.fail("a", "timeout")).toEqual(["delay a 1000ms"]);
  expect(run.fire("a")).toEqual(["start a try 3"]);
  expect(run.fail("a", "network")).toEqual(["a failed (network)", "run failed"]);
});

test("a class that `retry.on` does not name is final at once", () => {
  const run = story({ a: { retry: { maxAttempts: 3 } } });
  run.start();
  expect(run.fail("a", "auth")).toEqual(["a failed (auth)", "run failed"]);
});

test("the delay doubles, is bounded, and is never shorter than the other side asked for", () => {
  const retry = { maxAttempts: 5, backoff: "exponential", delayMs: 1000, maxDelayMs: 3000 } as const;
  const run = story({ a: { retry } });
  run.start();
  expect(run.fail("a", "network")).toEqual(["delay a 1000ms"]);
  run.fire("a");
  expect(run.fail("a", "network")).toEqual(["delay a 2000ms"]);
  run.fire("a");
  expect(run.fail("a", "network")).toEqual(["delay a 3000ms"]);
  run.fire("a");
  expect(run.fail("a", "network", 9000)).toEqual(["delay a 9000ms"]);
});

test("no delay, no timer", () => {
  const run = story({ a: { retry: { maxAttempts: 2, delayMs: 0 } } });
  run.start();
  expect(run.fail("a", "network")).toEqual(["start a try 2"]);
});

test("`fallback` follows when the retries are spent, and has retries of its own", () => {
  const run = story({ a: { stages: 2, retry: { maxAttempts: 2, delayMs: 0 } } });
  run.start();
  expect(run.fail("a", "network")).toEqual(["start a try 2"]);
  expect(run.fail("a", "network")).toEqual(["start a stage 1"]);
  expect(run.fail("a", "network")).toEqual(["start a stage 1 try 2"]);
  expect(run.fail("a", "refused")).toEqual(["a failed (refused)", "run failed"]);
});

test("a stage whose breaker is open is left at once, whatever retries it has", () => {
  const run = story({ a: { stages: 2, retry: { maxAttempts: 5, delayMs: 0, on: new Set(["server"]) } } });
  run.start();
  expect(run.fail("a", "server")).toEqual(["start a try 2"]);
  expect(run.leaveStage("a")).toEqual(["start a stage 1"]);
  expect(run.leaveStage("a")).toEqual(["a failed (server)", "run failed"]);
});

test.each(["cancelled", "budget", "internal"] as const)("no `fallback` after failure %s", (failureClass) => {
  const run = story({ a: { stages: 2, judged: true } });
  run.start();
  expect(run.fail("a", failureClass)).toEqual([`a failed (${failureClass})`, "run failed"]);
});

test("a `handoff` passes on what fails and what is not accepted, until one is accepted", () => {
  const run = story({ a: { stages: 3, judged: true } });
  run.start();
  expect(run.fail("a", "refused")).toEqual(["start a stage 1"]);
  expect(run.succeed("a")).toEqual(["judge a"]);
  expect(run.reject("a")).toEqual(["start a stage 2"]);
  expect(run.succeed("a")).toEqual(["judge a"]);
  expect(run.accept("a")).toEqual(["a succeeded", "run succeeded"]);
});

test.each(["fail", "reject"] as const)("after the last entry of a `handoff` (%s): handoff_exhausted", (last) => {
  const run = story({ a: { stages: 2, judged: true, caught: true } });
  run.start();
  run.fail("a", "refused");
  if (last === "reject") run.succeed("a");
  expect(run[last]("a")).toEqual(["unit a failed: handoff_exhausted", "a failed (output), caught", "run succeeded"]);
});

test("an `accept` or `until` that cannot be evaluated is failure `invalid`, not retried", () => {
  const run = story({ a: { stages: 2, judged: true, retry: { maxAttempts: 3 } } });
  run.start();
  run.succeed("a");
  expect(run.failJudge("a")).toEqual(["unit a failed: judge_error", "a failed (invalid)", "run failed"]);
});

test("`repeat` goes round until `until` holds; each round starts afresh with the primary and all its tries", () => {
  const run = story({ a: { repeat: { max: 3, delayMs: 50 }, stages: 2, retry: { maxAttempts: 2, delayMs: 0 } } });
  run.start();
  run.fail("a", "network");
  expect(run.fail("a", "network")).toEqual(["start a stage 1"]);
  expect(run.succeed("a")).toEqual(["judge a"]);
  expect(run.reject("a")).toEqual(["delay a 50ms"]);
  expect(run.fire("a")).toEqual(["start a round 2"]);
  expect(run.fail("a", "network")).toEqual(["start a round 2 try 2"]);
  expect(run.succeed("a")).toEqual(["judge a"]);
  expect(run.accept("a")).toEqual(["a succeeded", "run succeeded"]);
});

test("`repeat` at its `max`: repeat_exhausted, not retried, no fallback", () => {
  const run = story({ a: { repeat: { max: 2 }, stages: 2, retry: { maxAttempts: 3, on: new Set(["output"]) } } });
  run.start();
  run.succeed("a");
  expect(run.reject("a")).toEqual(["start a round 2"]);
  run.succeed("a");
  expect(run.reject("a")).toEqual(["unit a failed: repeat_exhausted", "a failed (output)", "run failed"]);
});

test("a failed round fails the unit", () => {
  const run = story({ a: { repeat: { max: 3 } } });
  run.start();
  expect(run.fail("a", "exit")).toEqual(["a failed (exit)", "run failed"]);
});

test("a lost attempt is started again three times, uses up no try, and then fails", () => {
  const run = story({ a: { retry: { maxAttempts: 2 }, stages: 2 } });
  run.start();
  for (let i = 0; i < 3; i += 1) expect(run.lose("a")).toEqual(["start a"]);
  expect(run.lose("a")).toEqual(["unit a failed: lost_too_often", "a failed (internal)", "run failed"]);
});

test("every item has its own tries", () => {
  const run = story({ each: { each: {}, retry: { maxAttempts: 2 } } });
  run.start();
  run.run("each", 2);
  expect(run.fail("each[0]", "network")).toEqual(["delay each[0] 1000ms"]);
  expect(run.fail("each[1]", "network")).toEqual(["delay each[1] 1000ms"]);
  expect(run.fire("each[1]")).toEqual(["start each[1] try 2"]);
  expect(run.succeed("each[1]")).toEqual(["unit each[1] succeeded"]);
  run.fire("each[0]");
  expect(run.fail("each[0]", "network")).toEqual(["unit each[0] failed", "each failed (network)", "run failed"]);
});

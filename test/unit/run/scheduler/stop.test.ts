import { expect, test } from "vitest";
import { story } from "../../../rig/scheduler/story.ts";
import { atLeast } from "../../../rig/scheduler/workflow.ts";

test("cancel: what waits is cancelled, what runs is stopped, then `finally` has its turn", () => {
  const run = story({ a: {}, b: { needs: "a" }, asked: { gated: true }, clean: { finally: true, gated: true } });
  run.start();
  expect(run.cancel()).toEqual(["abort a", "b cancelled", "asked cancelled"]);
  expect(run.run("asked")).toEqual([]);
  expect(run.fail("a", "cancelled")).toEqual(["a cancelled", "gate clean (cancelled)"]);
  expect(run.run("clean")).toEqual(["start clean"]);
  expect(run.succeed("clean")).toEqual(["clean succeeded", "run cancelled"]);
});

test("a run that is stopped because it failed (its time is over) says failure() in `finally`, not cancelled()", () => {
  const run = story({ a: {}, clean: { finally: true, gated: true } });
  run.start();
  expect(run.cancel("failed")).toEqual(["abort a"]);
  expect(run.fail("a", "cancelled")).toEqual(["a cancelled", "gate clean (failure)"]);
  expect(run.skip("clean")).toEqual(["clean skipped (condition)", "run failed"]);
});

test("a stopped attempt is not retried and has no fallback, whatever it says; a success that came first stands", () => {
  const retry = { maxAttempts: 3 };
  const run = story({ a: { retry, stages: 2 }, b: { retry }, c: { repeat: { max: 3 } } });
  run.start();
  run.succeed("c");
  run.cancel();
  expect(run.fail("a", "network")).toEqual(["a cancelled"]);
  expect(run.succeed("b")).toEqual(["b succeeded"]);
  expect(run.reject("c")).toEqual(["c cancelled", "run cancelled"]);
});

test("a blocked attempt is stopped too, and gets no slot any more", () => {
  const run = story({ a: {}, b: {}, c: {} }, { slots: 1 });
  run.start();
  run.block("a");
  run.unblock("a");
  expect(run.cancel()).toEqual(["abort a", "abort b", "c cancelled"]);
  expect(run.unblock("a")).toEqual([]);
  expect(run.fail("b", "cancelled")).toEqual(["b cancelled"]);
  expect(run.fail("a", "cancelled")).toEqual(["a cancelled", "run cancelled"]);
});

test("a fan-out that is cancelled is cancelled, unless its failures alone had decided it", () => {
  const run = story({
    lost: { each: {} },
    open: { each: { join: atLeast(1) } },
    settled: { each: { join: { kind: "settled" } } },
  });
  run.start();
  for (const step of ["lost", "open", "settled"]) {
    run.run(step, 2);
    run.fail(`${step}[0]`);
  }
  expect(run.cancel()).toEqual(["abort lost[1]", "abort open[1]", "abort settled[1]"]);
  expect(run.fail("lost[1]", "cancelled")).toEqual(["unit lost[1] cancelled", "lost failed (exit)"]);
  expect(run.fail("open[1]", "cancelled")).toEqual(["unit open[1] cancelled", "open cancelled"]);
  expect(run.fail("settled[1]", "cancelled")).toEqual([
    "unit settled[1] cancelled",
    "settled cancelled",
    "run cancelled",
  ]);
});

test("cancel goes through groups: every step inside ends, its `finally` runs, then the group ends", () => {
  const run = story({ group: { steps: { x: {}, y: { needs: "x" }, clean: { finally: true } } } });
  run.start();
  run.enter("group");
  expect(run.cancel()).toEqual(["abort group/x", "group/y cancelled"]);
  expect(run.fail("group/x", "cancelled")).toEqual(["group/x cancelled", "start group/clean"]);
  expect(run.succeed("group/clean")).toEqual(["group/clean succeeded", "group cancelled", "run cancelled"]);
});

test("a group that was stopped before it was entered opens nothing", () => {
  const run = story({ group: { steps: { x: {} } } });
  run.start();
  expect(run.cancel()).toEqual(["abort group"]);
  expect(run.enter("group")).toEqual(["group cancelled", "run cancelled"]);
});

test("a second cancel changes nothing", () => {
  const run = story({ a: {} });
  run.start();
  run.cancel();
  expect(run.cancel("failed")).toEqual([]);
  expect(run.fail("a", "cancelled")).toEqual(["a cancelled", "run cancelled"]);
});

test("kill: failure `cancelled` of that step alone, no retry, and dependants are skipped", () => {
  const run = story({
    a: { retry: { maxAttempts: 3, on: new Set(["cancelled"]) }, stages: 2 },
    b: { needs: "a" },
    c: {},
  });
  run.start();
  expect(run.kill("a")).toEqual(["abort a"]);
  expect(run.fail("a", "cancelled")).toEqual(["a failed (cancelled)", "b skipped (upstream)"]);
  expect(run.succeed("c")).toEqual(["c succeeded", "run failed"]);
});

test("`on_error` applies to a killed step", () => {
  const run = story({ a: { caught: true }, b: { needs: "a" } });
  run.start();
  run.kill("a");
  expect(run.fail("a", "cancelled")).toEqual(["a failed (cancelled), caught", "start b"]);
});

test("a step that has not started is killed at once; one that is over stays as it is", () => {
  const run = story({ a: {}, b: { needs: "a" }, c: { gated: true } });
  run.start();
  expect(run.kill("b")).toEqual(["b failed (cancelled)"]);
  expect(run.kill("c")).toEqual(["c failed (cancelled)"]);
  expect(run.run("c")).toEqual([]);
  expect(run.succeed("a")).toEqual(["a succeeded", "run failed"]);
  expect(run.kill("a")).toEqual([]);
});

test("a killed fan-out fails though its join would hold", () => {
  const run = story({ each: { each: { join: { kind: "settled" }, maxParallel: 1 } } });
  run.start();
  run.run("each", 3);
  run.succeed("each[0]");
  expect(run.kill("each")).toEqual(["abort each[1]"]);
  expect(run.fail("each[1]", "cancelled")).toEqual(["unit each[1] failed", "each failed (cancelled)", "run failed"]);
});

test("a killed group waits for what is inside; a step inside can be killed alone", () => {
  const run = story({ group: { steps: { x: {}, y: {} } } });
  run.start();
  run.enter("group");
  expect(run.kill("group/x")).toEqual(["abort group/x"]);
  expect(run.fail("group/x", "cancelled")).toEqual(["group/x failed (cancelled)"]);
  expect(run.kill("group")).toEqual(["abort group/y"]);
  expect(run.fail("group/y", "cancelled")).toEqual(["group/y cancelled", "group failed (cancelled)", "run failed"]);
});

test("interrupt: nothing new starts, nothing is cancelled, `finally` does not run", () => {
  const run = story({
    a: { retry: { maxAttempts: 2, delayMs: 0 } },
    b: {},
    c: { needs: "b" },
    clean: { finally: true },
  });
  run.start();
  expect(run.interrupt()).toEqual([]);
  expect(run.succeed("b")).toEqual(["b succeeded"]);
  expect(run.fail("a", "network")).toEqual([]);
  expect(run.state.phase).toBe("running");
});

test("the run breaker: so many units in a row that failed for good stop the run, whatever `on_error` says", () => {
  const run = story(
    { each: { each: {}, caught: true }, b: { needs: "each" }, clean: { finally: true } },
    { breakerFailures: 2, slots: 2 },
  );
  run.start();
  run.run("each", 6);
  expect(run.fail("each[0]")).toEqual(["unit each[0] failed", "start each[2]"]);
  expect(run.succeed("each[1]")).toEqual(["unit each[1] succeeded", "start each[3]"]);
  expect(run.fail("each[2]")).toEqual(["unit each[2] failed", "start each[4]"]);
  expect(run.fail("each[3]")).toEqual(["unit each[3] failed", "abort each[4]", "b cancelled"]);
  expect(run.fail("each[4]", "cancelled")).toEqual([
    "unit each[4] cancelled",
    "each failed (exit), caught",
    "start clean",
  ]);
  expect(run.succeed("clean")).toEqual(["clean succeeded", "run failed"]);
});

test("the run breaker does not count again what failed before the run was resumed", () => {
  const run = story({ each: { each: { maxParallel: 1 }, caught: true } }, { breakerFailures: 2 });
  run.start();
  run.run("each", 4);
  run.failRecalled("each[0]");
  run.failRecalled("each[1]");
  expect(run.fail("each[2]")).toEqual(["unit each[2] failed", "start each[3]"]);
  expect(run.fail("each[3]")).toEqual(["unit each[3] failed", "each failed (exit), caught", "run failed"]);
});

test("a try that fails is not a unit that failed: the breaker does not count it", () => {
  const run = story({ a: { retry: { maxAttempts: 3, delayMs: 0 } } }, { breakerFailures: 2 });
  run.start();
  run.fail("a", "network");
  run.fail("a", "network");
  expect(run.succeed("a")).toEqual(["a succeeded", "run succeeded"]);
});

test("a breaker that opens deep inside stops every scope around it before anything else begins there", () => {
  const inner = { x: {}, tidy: { finally: true, gated: true } };
  const run = story(
    { outer: { steps: { inner: { steps: inner }, next: { needs: "inner" } } } },
    { breakerFailures: 1 },
  );
  run.start();
  run.enter("outer");
  run.enter("outer/inner");
  expect(run.fail("outer/inner/x")).toEqual([
    "outer/next cancelled",
    "outer/inner/x failed (exit)",
    "gate outer/inner/tidy (failure)",
  ]);
  expect(run.skip("outer/inner/tidy")).toEqual([
    "outer/inner/tidy skipped (condition)",
    "outer/inner cancelled",
    "outer cancelled",
    "run failed",
  ]);
});

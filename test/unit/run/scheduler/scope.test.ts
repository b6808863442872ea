import { expect, test } from "vitest";
import { story } from "../../../rig/scheduler/story.ts";

test("a group's steps run in their own order, and its unit ends with the answer to `leave`", () => {
  const run = story({ group: { steps: { x: {}, y: { needs: "x" } } }, after: { needs: "group" } });
  expect(run.start()).toEqual(["start group"]);
  expect(run.enter("group")).toEqual(["enter group", "start group/x"]);
  expect(run.succeed("group/x")).toEqual(["group/x succeeded", "start group/y"]);
  expect(run.succeed("group/y")).toEqual(["group/y succeeded", "leave group"]);
  expect(run.succeed("group")).toEqual(["group succeeded", "start after"]);
});

test("items of a group go through its steps without a barrier between them", () => {
  const run = story({ group: { each: {}, steps: { x: {}, y: { needs: "x" } } } });
  run.start();
  expect(run.run("group", 2)).toEqual(["start group[0]", "start group[1]"]);
  expect(run.enter("group[0]")).toEqual(["enter group[0]", "start group[0]/x"]);
  expect(run.enter("group[1]")).toEqual(["enter group[1]", "start group[1]/x"]);
  expect(run.succeed("group[1]/x")).toEqual(["group[1]/x succeeded", "start group[1]/y"]);
  expect(run.succeed("group[1]/y")).toEqual(["group[1]/y succeeded", "leave group[1]"]);
  expect(run.succeed("group[1]")).toEqual(["unit group[1] succeeded"]);
});

test("a failure inside is the group's to answer for, and its retry starts all inside afresh", () => {
  const run = story({
    group: { retry: { maxAttempts: 2, on: new Set(["exit"]), delayMs: 0 }, steps: { x: {}, y: { needs: "x" } } },
  });
  run.start();
  run.enter("group");
  expect(run.fail("group/x")).toEqual(["group/x failed (exit)", "group/y skipped (upstream)", "leave group (failed)"]);
  expect(run.fail("group", "exit")).toEqual(["start group try 2"]);
  expect(run.enter("group")).toEqual(["enter group", "start group/x"]);
  expect(run.succeed("group/x")).toEqual(["group/x succeeded", "start group/y"]);
});

test("a caught failure inside does not fail the group", () => {
  const run = story({ group: { steps: { x: { caught: true } } } });
  run.start();
  run.enter("group");
  expect(run.fail("group/x")).toEqual(["group/x failed (exit), caught", "leave group"]);
});

test("a group without steps is left at once; so is a workflow", () => {
  const run = story({ group: { steps: {} } });
  run.start();
  expect(run.enter("group")).toEqual(["enter group", "leave group"]);
  expect(run.succeed("group")).toEqual(["group succeeded", "run succeeded"]);
  expect(story({}).start()).toEqual(["run succeeded"]);
});

test("a group that ends early (its timeout) stops what is inside, waits for it, and is then tried again", () => {
  const group = { retry: { maxAttempts: 2, delayMs: 0 }, steps: { x: {}, y: { needs: "x" } } };
  const run = story({ group });
  run.start();
  run.enter("group");
  expect(run.fail("group", "timeout")).toEqual(["abort group/x", "group/y cancelled"]);
  expect(run.fail("group/x", "cancelled")).toEqual(["group/x cancelled", "start group try 2"]);
});

test("a group may be refused at its door: its inputs do not stand", () => {
  const run = story({ group: { steps: { x: {} } } });
  run.start();
  expect(run.fail("group", "invalid")).toEqual(["group failed (invalid)", "run failed"]);
});

test("`finally` waits for every step, however it ended, and sees how the run went", () => {
  const run = story({ a: {}, b: {}, tell: { finally: true, gated: true }, clean: { finally: true } });
  expect(run.start()).toEqual(["start a", "start b"]);
  expect(run.fail("a")).toEqual(["a failed (exit)"]);
  expect(run.succeed("b")).toEqual(["b succeeded", "gate tell (failure)", "start clean"]);
  expect(run.run("tell")).toEqual(["start tell"]);
  expect(run.succeed("clean")).toEqual(["clean succeeded"]);
  expect(run.succeed("tell")).toEqual(["tell succeeded", "run failed"]);
});

test("after a good run success() holds in `finally`, and a failure there fails the run", () => {
  const run = story({ a: {}, tell: { finally: true, gated: true } });
  run.start();
  expect(run.succeed("a")).toEqual(["a succeeded", "gate tell (success)"]);
  run.run("tell");
  expect(run.fail("tell")).toEqual(["tell failed (exit)", "run failed"]);
});

test("steps of `finally` may need each other, and run though one of them failed", () => {
  const run = story({ a: {}, first: { finally: true }, second: { finally: true, needs: "first" } });
  run.start();
  expect(run.succeed("a")).toEqual(["a succeeded", "start first"]);
  expect(run.fail("first")).toEqual(["first failed (exit)", "start second"]);
  expect(run.succeed("second")).toEqual(["second succeeded", "run failed"]);
});

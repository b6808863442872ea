import { expect, test } from "vitest";
import { story } from "../../../rig/scheduler/story.ts";

test("no more attempts hold a slot than there are slots; steps take turns in the order in which they became ready", () => {
  const run = story({ a: {}, b: {}, c: {} }, { slots: 2 });
  expect(run.start()).toEqual(["start a", "start b"]);
  expect(run.succeed("b")).toEqual(["b succeeded", "start c"]);
  expect(run.state.heldSlots).toBe(2);
});

test("a long list does not keep other steps waiting: one item a turn", () => {
  const run = story({ many: { each: {} }, a: { gated: true }, b: { gated: true } }, { slots: 1 });
  run.start();
  expect(run.run("many", 3)).toEqual(["start many[0]"]);
  run.run("a");
  run.run("b");
  expect(run.succeed("many[0]")).toEqual(["unit many[0] succeeded", "start a"]);
  expect(run.succeed("a")).toEqual(["a succeeded", "start b"]);
  expect(run.succeed("b")).toEqual(["b succeeded", "start many[1]"]);
});

test("`max_parallel` bounds one step's items, whatever slots there are", () => {
  const run = story({ each: { each: { maxParallel: 2 } } });
  run.start();
  expect(run.run("each", 4)).toEqual(["start each[0]", "start each[1]"]);
  expect(run.succeed("each[1]")).toEqual(["unit each[1] succeeded", "start each[2]"]);
  expect(run.fail("each[0]")).toEqual(["unit each[0] failed", "start each[3]"]);
});

test("an item that waits for its next try is still one of `max_parallel`, but holds no slot", () => {
  const run = story(
    { each: { each: { maxParallel: 1 }, retry: { maxAttempts: 2 } }, b: { gated: true } },
    { slots: 1 },
  );
  run.start();
  run.run("each", 2);
  run.run("b");
  expect(run.fail("each[0]", "network")).toEqual(["delay each[0] 1000ms", "start b"]);
  expect(run.fire("each[0]")).toEqual([]);
  expect(run.succeed("b")).toEqual(["b succeeded", "start each[0] try 2"]);
});

test("a blocked attempt gives its slot back, and goes on ahead of new work", () => {
  const run = story({ a: {}, b: {}, c: {} }, { slots: 1 });
  expect(run.start()).toEqual(["start a"]);
  expect(run.block("a")).toEqual(["start b"]);
  expect(run.unblock("a")).toEqual([]);
  expect(run.succeed("b")).toEqual(["b succeeded", "continue a"]);
  expect(run.succeed("a")).toEqual(["a succeeded", "start c"]);
});

test("an attempt that goes on is the same attempt: it may be blocked again, and uses up no try", () => {
  const run = story({ a: { retry: { maxAttempts: 2 } } });
  run.start();
  for (let i = 0; i < 3; i += 1) {
    expect(run.block("a")).toEqual([]);
    expect(run.state.heldSlots).toBe(0);
    expect(run.unblock("a")).toEqual(["continue a"]);
    expect(run.state.heldSlots).toBe(1);
  }
  expect(run.fail("a", "network")).toEqual(["delay a 1000ms"]);
});

test("an attempt may end while it is blocked, and while it waits for its slot", () => {
  const run = story({ a: { retry: { maxAttempts: 2 } }, b: {} }, { slots: 1 });
  run.start();
  expect(run.block("a")).toEqual(["start b"]);
  expect(run.fail("a", "timeout")).toEqual(["delay a 1000ms"]);
  run.fire("a");
  expect(run.block("b")).toEqual(["start a try 2"]);
  expect(run.unblock("b")).toEqual([]);
  expect(run.succeed("b")).toEqual(["b succeeded"]);
  expect(run.succeed("a")).toEqual(["a succeeded", "run succeeded"]);
  expect(run.state.heldSlots).toBe(0);
});

test("steps in a group that was begun go ahead of new steps", () => {
  const run = story({ group: { steps: { x: {}, y: { needs: "x" } } }, b: {}, c: {} }, { slots: 1 });
  expect(run.start()).toEqual(["start group", "start b"]);
  expect(run.enter("group")).toEqual(["enter group"]);
  expect(run.succeed("b")).toEqual(["b succeeded", "start group/x"]);
  expect(run.succeed("group/x")).toEqual(["group/x succeeded", "start group/y"]);
  expect(run.succeed("group/y")).toEqual(["group/y succeeded", "leave group", "start c"]);
});

test("a group holds no slot: groups in groups cannot starve what is inside them", () => {
  const run = story({ outer: { steps: { inner: { steps: { leaf: {} } } } } }, { slots: 1 });
  run.start();
  expect(run.enter("outer")).toEqual(["enter outer", "start outer/inner"]);
  expect(run.enter("outer/inner")).toEqual(["enter outer/inner", "start outer/inner/leaf"]);
});

import { expect, test } from "vitest";
import type { Join } from "../../../../src/plan/types.ts";
import { story } from "../../../rig/scheduler/story.ts";
import { atLeast } from "../../../rig/scheduler/workflow.ts";

const all: Join = { kind: "all" };
const any: Join = { kind: "any" };
const settled: Join = { kind: "settled" };

/** The last lines of a `for_each` whose items answered so, all started before the first answer. */
function outcomeOf(join: Join, answers: string): string | undefined {
  const run = story({ each: { each: { join } } });
  run.start();
  let lines = run.run("each", answers.length);
  [...answers].forEach(
    (answer, item) => (lines = answer === "+" ? run.succeed(`each[${item}]`) : run.fail(`each[${item}]`)),
  );
  return lines.find((line) => line.startsWith("each "));
}

test.each([
  [all, "", "each succeeded"],
  [all, "+++", "each succeeded"],
  [all, "++-", "each failed (exit)"],
  [settled, "", "each succeeded"],
  [settled, "---", "each succeeded"],
  [any, "", "each failed (output)"],
  [any, "---", "each failed (exit)"],
  [atLeast(2), "", "each failed (output)"],
  [atLeast(2), "+-+", "each succeeded"],
  [atLeast(2), "-+-", "each failed (exit)"],
  [atLeast(3), "++", "each failed (output)"],
])("join %o of items that ended '%s': %s", (join, answers, expected) => {
  expect(outcomeOf(join, answers)).toBe(expected);
});

test("a budget that is used up shows, whatever the join and `on_error` let through; who has won has won", () => {
  for (const join of [settled, atLeast(1)]) {
    const run = story({ each: { each: { join }, caught: true } });
    run.start();
    run.run("each", 2);
    run.succeed("each[0]");
    expect(run.fail("each[1]", "budget")).toEqual(["unit each[1] failed", "each failed (budget)", "run failed"]);
  }
  const run = story({ each: { each: { join: any } } });
  run.start();
  run.run("each", 2);
  run.fail("each[0]", "budget");
  expect(run.succeed("each[1]")).toEqual(["unit each[1] succeeded", "each succeeded, won by [1]", "run succeeded"]);
});

test("`all`, `settled` and `at_least` wait for every item, even when the result is certain", () => {
  for (const join of [all, settled, atLeast(1)]) {
    const run = story({ each: { each: { join } } });
    run.start();
    run.run("each", 3);
    expect(run.succeed("each[0]")).toEqual(["unit each[0] succeeded"]);
    expect(run.fail("each[1]")).toEqual(["unit each[1] failed"]);
    expect(run.succeed("each[2]")[1]).toMatch(/^each (succeeded|failed)/);
  }
});

test("`any` ends at the first success: the rest is stopped, and items that had not started never do", () => {
  const run = story({ each: { each: { join: any, maxParallel: 3 } } });
  run.start();
  expect(run.run("each", 5)).toEqual(["start each[0]", "start each[1]", "start each[2]"]);
  expect(run.fail("each[0]")).toEqual(["unit each[0] failed", "start each[3]"]);
  expect(run.succeed("each[2]")).toEqual(["unit each[2] succeeded", "abort each[1]", "abort each[3]"]);
  expect(run.fail("each[1]", "cancelled")).toEqual(["unit each[1] cancelled"]);
  // Too late to be stopped: it is a success too, but the first one has won.
  expect(run.succeed("each[3]")).toEqual(["unit each[3] succeeded", "each succeeded, won by [2]", "run succeeded"]);
});

test("without `fail_fast` a lost join still lets every item have its turn", () => {
  const run = story({ each: { each: { maxParallel: 1 } } });
  run.start();
  run.run("each", 2);
  expect(run.fail("each[0]")).toEqual(["unit each[0] failed", "start each[1]"]);
  expect(run.succeed("each[1]")).toEqual(["unit each[1] succeeded", "each failed (exit)", "run failed"]);
});

test("`fail_fast` with `all` stops the rest at the first failure", () => {
  const run = story({ each: { each: { failFast: true, maxParallel: 2 } } });
  run.start();
  run.run("each", 4);
  expect(run.fail("each[1]")).toEqual(["unit each[1] failed", "abort each[0]"]);
  expect(run.fail("each[0]", "cancelled")).toEqual(["unit each[0] cancelled", "each failed (exit)", "run failed"]);
});

test("`fail_fast` with `at_least` stops only when too few are left", () => {
  const run = story({ each: { each: { failFast: true, join: atLeast(2) } } });
  run.start();
  run.run("each", 4);
  expect(run.fail("each[0]")).toEqual(["unit each[0] failed"]);
  expect(run.fail("each[1]")).toEqual(["unit each[1] failed"]);
  expect(run.fail("each[2]")).toEqual(["unit each[2] failed", "abort each[3]"]);
  expect(run.fail("each[3]", "cancelled")).toEqual(["unit each[3] cancelled", "each failed (exit)", "run failed"]);
});

test("an item that waits for its next try is stopped at once, its timer too", () => {
  const run = story({ each: { each: { failFast: true }, retry: { maxAttempts: 2 } } });
  run.start();
  run.run("each", 2);
  expect(run.fail("each[0]", "network")).toEqual(["delay each[0] 1000ms"]);
  expect(run.fail("each[1]", "exit")).toEqual([
    "unit each[1] failed",
    "undelay each[0]",
    "unit each[0] cancelled",
    "each failed (exit)",
    "run failed",
  ]);
});

test("the class of the step is that of the first failure, but lack of budget shows in any case and is not caught", () => {
  const run = story({ each: { each: {}, caught: true } });
  run.start();
  run.run("each", 3);
  run.fail("each[0]", "exit");
  run.fail("each[2]", "budget");
  expect(run.fail("each[1]", "auth").at(-2)).toBe("each failed (budget)");
});

test("a failed join is caught once, at the step", () => {
  const run = story({ each: { each: {}, caught: true }, next: { needs: "each" } });
  run.start();
  run.run("each", 1);
  expect(run.fail("each[0]")).toEqual(["unit each[0] failed", "each failed (exit), caught", "start next"]);
});

test("`fail_fast` starts nothing when the list is too short for the join", () => {
  const run = story({ each: { each: { failFast: true, join: atLeast(2) } } });
  run.start();
  expect(run.run("each", 1)).toEqual(["each failed (output)", "run failed"]);
});

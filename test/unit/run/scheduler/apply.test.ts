import { expect, test } from "vitest";
import type { SchedulerEvent } from "../../../../src/run/scheduler/event.ts";
import { story } from "../../../rig/scheduler/story.ts";

test("answers that come twice change nothing", () => {
  const run = story({ a: { retry: { maxAttempts: 2 } }, b: { gated: true, repeat: { max: 2 } } });
  const twice = (event: SchedulerEvent): string[] => {
    const lines = run.tell(event);
    expect(run.tell(event)).toEqual([]);
    return lines;
  };
  expect(twice({ type: "started" })).toEqual(["gate b (success)", "start a"]);
  twice({ type: "gated", scope: 0, step: 1, verdict: { kind: "run", items: null } });
  const [a, b] = [run.handle("a"), run.handle("b")];
  twice({ type: "blocked", ...a });
  twice({ type: "unblocked", ...a });
  twice({ type: "ended", ...a, outcome: { kind: "failed", class: "network", retryAfterMs: null } });
  expect(twice({ type: "fired", ...a })).toEqual(["start a try 2"]);
  expect(twice({ type: "ended", ...b, outcome: { kind: "succeeded" } })).toEqual(["judge b"]);
  expect(twice({ type: "judged", ...b, verdict: "reject" })).toEqual(["start b round 2"]);
});

test("an answer of an earlier attempt does not touch the present one", () => {
  const run = story({ a: { retry: { maxAttempts: 3, delayMs: 0 } } });
  run.start();
  const first = run.handle("a");
  run.fail("a", "network");
  expect(run.tell({ type: "ended", ...first, outcome: { kind: "succeeded" } })).toEqual([]);
  expect(run.tell({ type: "blocked", ...first })).toEqual([]);
  expect(run.state.heldSlots).toBe(1);
});

test("an answer for a unit that is over, or that never was, changes nothing", () => {
  const run = story({ a: {}, b: {} });
  run.start();
  const a = run.handle("a");
  run.succeed("a");
  expect(run.tell({ type: "ended", ...a, outcome: { kind: "failed", class: "exit", retryAfterMs: null } })).toEqual([]);
  expect(run.tell({ type: "ended", unit: 99, serial: 1, outcome: { kind: "succeeded" } })).toEqual([]);
  expect(run.tell({ type: "gated", scope: 7, step: 0, verdict: { kind: "skip" } })).toEqual([]);
});

test("nothing follows the end of the run", () => {
  const run = story({ a: {} });
  run.start();
  run.succeed("a");
  expect(run.start()).toEqual([]);
  expect(run.cancel()).toEqual([]);
  expect(run.kill("a")).toEqual([]);
});

test("a finished run remembers no unit and no inner scope", () => {
  const run = story({ group: { each: {}, steps: { x: {} } } });
  run.start();
  run.run("group", 2);
  for (const group of ["group[0]", "group[1]"]) {
    run.enter(group);
    run.succeed(`${group}/x`);
    run.succeed(group);
  }
  expect(run.state.units.size).toBe(0);
  expect(run.state.scopes.size).toBe(1);
  expect(run.state.scopes.get(0)?.id).toBe(0);
});

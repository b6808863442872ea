import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../../../src/plan/compile.ts";
import { apply } from "../../../../src/run/scheduler/apply.ts";
import type { SchedulerEvent } from "../../../../src/run/scheduler/event.ts";
import { graphOf } from "../../../../src/run/scheduler/plan-graph.ts";
import { initialState } from "../../../../src/run/scheduler/state.ts";

const seed = Number(process.env["FC_SEED"] ?? 20_261_128);

/** A run of steps that are one attempt each, and of attempts that these start. */
function around(slots: number, steps: readonly string[]) {
  const text = `muster: 1\nname: x\nsteps: { ${steps.map((id) => `${id}: { run: echo }`).join(", ")} }`;
  const compiled = compile({ path: "flow.yaml", text });
  if (!compiled.ok || compiled.value.plan === null) throw new Error("no plan");
  const graph = graphOf(compiled.value.plan, slots);
  const state = initialState();
  const tell = (event: SchedulerEvent): string[] =>
    apply(graph, state, event).flatMap((command) =>
      command.type === "attempt" || command.type === "continue" ? [`${command.type} ${command.unit}`] : [],
    );
  return { state, tell };
}

describe("an attempt that another one has started", () => {
  it("takes a slot when its leader gives one back, and the leader goes on before a new step", () => {
    const { state, tell } = around(1, ["lead", "other"]);
    expect(tell({ type: "started" })).toEqual(["attempt 0"]);
    expect(tell({ type: "joined", unit: -1, serial: 1 })).toEqual([]);
    expect(tell({ type: "joined", unit: -2, serial: 1 })).toEqual([]);
    expect(tell({ type: "blocked", unit: 0, serial: 1 })).toEqual(["continue -1"]);
    expect(tell({ type: "left", unit: -1, serial: 1 })).toEqual(["continue -2"]);
    // Both have ended: the leader is ahead of the step that never began.
    expect(tell({ type: "unblocked", unit: 0, serial: 1 })).toEqual([]);
    expect(tell({ type: "left", unit: -2, serial: 1 })).toEqual(["continue 0"]);
    expect(tell({ type: "ended", unit: 0, serial: 1, outcome: { kind: "succeeded" } })).toEqual(["attempt 1"]);
    expect(state.guests.size).toBe(0);
  });

  it("gives its slot back while it waits; late, repeated and unknown answers change nothing", () => {
    const { state, tell } = around(1, ["lead"]);
    tell({ type: "started" });
    tell({ type: "joined", unit: -1, serial: 1 });
    tell({ type: "joined", unit: -1, serial: 1 });
    expect(tell({ type: "blocked", unit: 0, serial: 1 })).toEqual(["continue -1"]);
    tell({ type: "blocked", unit: -1, serial: 1 });
    expect(state.heldSlots).toBe(0);
    expect(tell({ type: "unblocked", unit: -1, serial: 1 })).toEqual(["continue -1"]);
    tell({ type: "left", unit: -1, serial: 1 });
    for (const type of ["left", "blocked", "unblocked"] as const)
      expect(tell({ type, unit: -1, serial: 1 })).toEqual([]);
    expect(tell({ type: "unblocked", unit: -7, serial: 3 })).toEqual([]);
    expect(state.heldSlots).toBe(0);
  });

  it("gets no slot once the run is interrupted", () => {
    const { tell } = around(2, ["lead"]);
    tell({ type: "started" });
    tell({ type: "interrupt" });
    expect(tell({ type: "joined", unit: -1, serial: 1 })).toEqual([]);
  });

  it("invariants 4 and 5: slots held are those of who runs, and none is free while somebody waits for one", () => {
    const event = fc.record({
      type: fc.constantFrom("joined", "blocked", "unblocked", "left"),
      unit: fc.integer({ min: -5, max: 2 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(event, { maxLength: 60 }), (slots, events) => {
        const { state, tell } = around(slots, ["a", "b", "c"]);
        tell({ type: "started" });
        for (const { type, unit } of events) {
          tell({ type, unit, serial: 1 });
          const guests = [...state.guests.values()];
          const units = [...state.units.values()];
          const running =
            guests.filter(({ phase }) => phase === "running").length +
            units.filter(({ holdsSlot }) => holdsSlot).length;
          expect(state.heldSlots).toBe(running);
          expect(running).toBeLessThanOrEqual(slots);
          const isWaited = [...guests, ...units].some(({ phase }) => phase === "ready");
          if (isWaited) expect(state.heldSlots).toBe(slots);
        }
      }),
      { seed, numRuns: 300 },
    );
  });
});

import { describe, expect, it } from "vitest";
import { Recorder } from "../../../../src/engine/local/recorder.ts";
import { createMemoryStore } from "../../../../src/store/memory/memory-store.ts";
import { StoreError, type Batch } from "../../../../src/store/store.ts";
import { createFakeClock, FAKE_START_MS } from "../../../rig/clock.ts";
import { factOf } from "../../run/fixture.ts";

function setUp() {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  const record = {
    runId: "R",
    workflow: "w",
    workflowVersion: null,
    manifestPath: "w.yaml",
    startedAt: 0,
    frozen: null,
  };
  const lease = store.createRun(record, { host: "h", pid: 1, processStart: null, renewedAt: 0 });
  return { clock, store, lease };
}

describe("the recorder", () => {
  it("hands out events once they are durable, numbered on from those of earlier starts", () => {
    const { clock, store, lease } = setUp();
    store.commit(lease, { events: [{ seq: 1, at: 5, type: "run.started" }], facts: [] });
    const recorder = new Recorder(store, lease, () => clock.now());
    recorder.event({ type: "step.started", step: "a" });
    recorder.fact(factOf());
    recorder.event({ type: "step.succeeded", step: "a" });
    expect(store.lastSeq("R")).toBe(1);

    const told = recorder.commit();
    expect(told).toEqual([
      { seq: 2, at: FAKE_START_MS, type: "step.started", step: "a" },
      { seq: 3, at: FAKE_START_MS, type: "step.succeeded", step: "a" },
    ]);
    expect([...store.readEvents("R", { after: 1 })]).toEqual(told);
    expect([...store.readFacts("R")]).toEqual([factOf()]);
  });

  it("writes nothing when there is nothing to write, and what is asked for beside events", () => {
    const { clock, store, lease } = setUp();
    const batches: Batch[] = [];
    const recorder = new Recorder({ ...store, commit: (_, batch) => void batches.push(batch) }, lease, () =>
      clock.now(),
    );
    expect(recorder.commit()).toEqual([]);
    expect(batches).toEqual([]);
    recorder.commit({ status: "failed", activeMs: 7 });
    expect(batches).toEqual([{ events: [], facts: [], status: "failed", activeMs: 7 }]);
  });

  it("hands out nothing of what the store refused", () => {
    const { clock, store, lease } = setUp();
    const refuse = (): never => {
      throw new StoreError("full", "no space left");
    };
    const recorder = new Recorder({ ...store, commit: refuse }, lease, () => clock.now());
    recorder.event({ type: "log" });
    expect(() => recorder.commit()).toThrow(new StoreError("full", "no space left"));
    expect(store.lastSeq("R")).toBe(0);
  });
});

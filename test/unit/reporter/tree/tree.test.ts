import picocolors from "picocolors";
import { describe, expect, it } from "vitest";
import { Painter, type Screen } from "../../../../src/reporter/tree/painter.ts";
import { createTreeReporter } from "../../../../src/reporter/tree/tree.ts";
import type { Clock } from "../../../../src/util/clock.ts";
import { planOf, START, Teller } from "../../../rig/progress.ts";

const plan = planOf(`  one: { run: "true" }\n  two: { needs: one, run: "true" }\n`);

/** A screen that remembers each write; a clock whose timers fire by hand, and in which painting may take time. */
function rig() {
  const writes: string[] = [];
  const timers = new Map<() => void, number>();
  const time = { now: 0, paintMs: 0 };
  const size = { width: 80, height: 24 };
  const screen: Screen = {
    size: () => size,
    write(text) {
      writes.push(text);
      time.now += time.paintMs;
    },
  };
  const clock: Clock = {
    now: () => START + time.now,
    monotonic: () => time.now,
    after(delayMs, callback) {
      const timer = (): void => callback();
      timers.set(timer, time.now + delayMs);
      return () => void timers.delete(timer);
    },
  };
  /** Lets time pass to the next timer, and gives how long that was. */
  const fire = (): number => {
    const [timer, due] = [...timers][0] ?? [];
    if (timer === undefined || due === undefined) throw new Error("no timer");
    timers.delete(timer);
    const waited = due - time.now;
    time.now = due;
    timer();
    return waited;
  };
  const reporter = createTreeReporter({ plan, history: [], screen, clock, color: picocolors.createColors(false) });
  return { writes, timers, time, size, screen, fire, reporter };
}

const events = new Teller(plan).tell(0, "run.started").tell(1, "step.started", { step: "one" }).events;

describe("the live tree", () => {
  it("paints a tenth of a second after the first events, each frame by one write", () => {
    const { writes, fire, reporter } = rig();
    reporter.onEvents(events);
    reporter.onEvents([]);
    expect(writes).toEqual([]);
    expect([fire(), fire(), fire()]).toEqual([100, 100, 100]);
    expect(writes).toHaveLength(3);
  });

  it("shows the cursor again at the end of each write", () => {
    const { writes, fire, reporter } = rig();
    reporter.onEvents(events);
    fire();
    reporter.say("a note\n");
    fire();
    reporter.close();
    expect(writes.every((text) => text.lastIndexOf("\u001b[?25h") > text.lastIndexOf("\u001b[?25l"))).toBe(true);
  });

  it("paints less often where a frame takes long", () => {
    const { time, fire, reporter } = rig();
    time.paintMs = 50;
    reporter.onEvents(events);
    fire();
    expect(fire()).toBe(500);
  });

  it("leaves its last state and no timer behind, however often it is closed", () => {
    const { writes, timers, fire, reporter } = rig();
    reporter.onEvents(events);
    fire();
    reporter.close();
    reporter.close();
    expect([writes.length, timers.size]).toEqual([2, 0]);
    expect(writes[1]).toContain("one");
    reporter.onEvents(events);
    expect(timers.size).toBe(0);
  });

  it("that never began leaves nothing at all", () => {
    const { writes, timers, reporter } = rig();
    reporter.close();
    expect([writes, timers.size]).toEqual([[], 0]);
  });
});

describe("the painter", () => {
  it("goes back over what it painted, as often as the screen has broken it", () => {
    const { writes, size, screen } = rig();
    const painter = new Painter(screen);
    painter.paint(["x".repeat(79), "short"]);
    painter.paint(["other"]);
    size.width = 40;
    painter.paint(["y".repeat(39)]);
    size.width = 20;
    painter.paint(["z"]);
    expect(writes.map((text) => /\[(\d+)A/.exec(text)?.[1] ?? "0")).toEqual(["0", "2", "1", "2"]);
  });

  it("writes nothing when nothing changed", () => {
    const { writes, screen } = rig();
    const painter = new Painter(screen);
    painter.paint(["a", "b"]);
    painter.paint(["a", "b"]);
    expect(writes).toHaveLength(1);
  });

  it("never goes above the top of the screen", () => {
    const { writes, size, screen } = rig();
    const painter = new Painter(screen);
    painter.paint(Array.from({ length: 23 }, () => "w".repeat(79)));
    Object.assign(size, { width: 20, height: 10 });
    painter.paint(["a"]);
    expect(writes[1]).toContain("\u001b[9A");
  });
});

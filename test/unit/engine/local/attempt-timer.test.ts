import { describe, expect, it } from "vitest";
import { AttemptTimer } from "../../../../src/engine/local/attempt-timer.ts";
import { createFakeClock } from "../../../rig/clock.ts";

/** Says these things to a timer of 1 s, each at its time, and tells when it fired; null = never within a minute. */
async function firedAt(
  limitMs: number | null,
  says: readonly (readonly [atMs: number, what: "stop" | "go"])[],
): Promise<number | null> {
  const clock = createFakeClock();
  let fired: number | null = null;
  let count = 0;
  const timer = new AttemptTimer(clock, limitMs, () => {
    fired = clock.monotonic();
    count += 1;
  });
  for (const [atMs, what] of says) clock.after(atMs, () => timer[what]());
  await new Promise<void>((resolve) => void clock.after(60_000, resolve));
  expect(count).toBe(fired === null ? 0 : 1);
  return fired;
}

describe("the timer of an attempt", () => {
  it("starts at once and fires once", async () => {
    expect(await firedAt(1000, [])).toBe(1000);
  });

  it("does not count while it is stopped", async () => {
    expect(
      await firedAt(1000, [
        [300, "stop"],
        [5000, "go"],
        [5100, "stop"],
        [9000, "go"],
      ]),
    ).toBe(9600);
  });

  it("stopped twice or told to go while it goes is as said once", async () => {
    expect(
      await firedAt(1000, [
        [100, "go"],
        [300, "stop"],
        [400, "stop"],
        [500, "go"],
        [600, "go"],
      ]),
    ).toBe(1200);
  });

  it("never fires after its end, nor without a limit", async () => {
    expect(await firedAt(1000, [[999, "stop"]])).toBe(null);
    expect(
      await firedAt(1000, [
        [1500, "stop"],
        [1600, "go"],
      ]),
    ).toBe(1000);
    expect(
      await firedAt(null, [
        [10, "stop"],
        [20, "go"],
      ]),
    ).toBe(null);
  });
});

import { describe, expect, it } from "vitest";
import { ownerIsDead, SILENT_AFTER_MS, type Observer } from "../../../src/store/liveness.ts";
import type { LeaseOwner } from "../../../src/store/store.ts";

const T0 = 1_790_000_000_000;
const owner: LeaseOwner = { host: "ann", pid: 4, processStart: "boot/99", renewedAt: T0 };

/** Looks from `ann` at once after the renewal; process 4 is what `seen` says. */
function observer(seen: string | null, more: Partial<Observer> = {}): Observer {
  return { host: "ann", now: T0, processStartOf: (pid) => (pid === 4 ? seen : "gone"), ...more };
}

describe("on its own host an owner", () => {
  it("is dead as soon as its process is gone, however short ago it renewed", () => {
    expect(ownerIsDead(owner, observer("gone"))).toBe(true);
  });

  it("lives while the same process gives signs of life, and counts as dead when it is paused for too long", () => {
    expect(ownerIsDead(owner, observer("boot/99", { now: T0 + SILENT_AFTER_MS }))).toBe(false);
    expect(ownerIsDead(owner, observer("boot/99", { now: T0 + SILENT_AFTER_MS + 1 }))).toBe(true);
  });

  it("is dead when its pid belongs to a later process", () => {
    expect(ownerIsDead(owner, observer("boot/100"))).toBe(true);
  });

  it.each([
    ["its start was not recorded", { ...owner, processStart: null }, "boot/99"],
    ["starts cannot be seen", owner, null],
  ])("counts by silence where %s", (_why, who, seen) => {
    expect(ownerIsDead(who, observer(seen, { now: T0 + SILENT_AFTER_MS }))).toBe(false);
    expect(ownerIsDead(who, observer(seen, { now: T0 + SILENT_AFTER_MS + 1 }))).toBe(true);
  });
});

describe("on another host an owner", () => {
  const from = (now: number): Observer => ({
    host: "bob",
    now,
    processStartOf() {
      throw new Error("a pid means nothing on another host");
    },
  });

  it("lives for 15 seconds of silence and no longer", () => {
    expect(SILENT_AFTER_MS).toBe(15_000);
    expect(ownerIsDead(owner, from(T0 + 15_000))).toBe(false);
    expect(ownerIsDead(owner, from(T0 + 15_001))).toBe(true);
  });

  it("lives when its clock is ahead of ours", () => {
    expect(ownerIsDead(owner, from(T0 - 60_000))).toBe(false);
  });
});

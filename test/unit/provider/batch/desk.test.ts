import { describe, expect, it } from "vitest";
import type { BatchApi, BatchRequest, BatchState } from "../../../../src/provider/batch/batch-api.ts";
import { BatchDesk } from "../../../../src/provider/batch/desk.ts";
import { createWant, type Want } from "../../../../src/provider/batch/want.ts";
import { failure } from "../../../../src/run/failure.ts";
import type { Json } from "../../../../src/util/json.ts";
import { err, ok } from "../../../../src/util/result.ts";
import { createFakeClock, FAKE_START_MS } from "../../../rig/clock.ts";

/** A provider whose batches end when the test says so, and what happened in order. */
function setting() {
  const clock = createFakeClock();
  const story: string[] = [];
  const batches: { readonly state: BatchState; readonly requests: readonly BatchRequest[] }[] = [];
  const ended = new Set<string>();
  let auth = true;
  const api: BatchApi = {
    submit: async (requests) => {
      story.push(`submit ${requests.length}`);
      const state = { id: `b${batches.length}`, isEnded: false, createdAtMs: clock.now(), size: requests.length };
      batches.push({ state, requests });
      return ok(state);
    },
    state: async (id) => {
      story.push(`look ${id}`);
      if (!auth) return err(failure("auth", "http_401", "the key is not known"));
      const batch = batches.find(({ state }) => state.id === id);
      return ok({ ...(batch?.state as BatchState), isEnded: ended.has(id) });
    },
    since: async () => ok(batches.map(({ state }) => ({ ...state, isEnded: ended.has(state.id) }))),
    read: async (id, take) => {
      for (const { customId } of batches.find(({ state }) => state.id === id)?.requests ?? [])
        take({ customId, result: ok({ text: customId, stopReason: "end", model: "m", usage: null }) });
      return null;
    },
    cancel: async (id) => void story.push(`cancel ${id}`),
  };
  const tickets = new Map<Want, { ticket: Json | null; isLasting: boolean }>();
  const want = (ticket: Json | null = null): Want => {
    const made: Want = createWant(
      { text: "x".repeat(40) },
      {},
      {
        ticket: () => tickets.get(made)?.ticket ?? null,
        keep: (kept, isLasting = false) => void tickets.set(made, { ticket: kept, isLasting }),
        commit: () => {
          story.push("commit");
          return true;
        },
        pause: async () => true,
        away: () => {},
      },
    );
    tickets.set(made, { ticket, isLasting: false });
    return made;
  };
  const desk = new BatchDesk(api, clock, { requests: 2, bytes: 1000 });
  /** So much time passes, and what follows from it happens. */
  const pass = async (ms: number): Promise<void> => {
    await new Promise<void>((resolve) => void clock.after(ms, resolve));
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    pass,
    story,
    desk,
    want,
    tickets,
    batches,
    end: (id: string) => ended.add(id),
    lockOut: () => (auth = false),
  };
}

describe("the desk of a batch endpoint", () => {
  it("gathers calls into batches that are not too large, each on the record before and after it is handed in", async () => {
    const { pass, story, desk, want } = setting();
    for (let i = 0; i < 3; i += 1) desk.ask(want());
    await pass(499);
    expect(story).toEqual([]);
    await pass(1);
    expect(story.filter((line) => !line.startsWith("look"))).toEqual([
      "commit",
      "submit 2",
      "commit",
      "submit 1",
      "commit",
      "commit",
    ]);
  });

  it("looks more and more seldom, at most once a minute, and not at all when nobody waits", async () => {
    const { pass, story, desk, want } = setting();
    const one = want();
    desk.ask(one);
    await pass(3_600_000);
    const looks = story.filter((line) => line.startsWith("look")).length;
    expect(looks).toBeGreaterThan(60);
    expect(looks).toBeLessThan(75);
    await desk.drop(one, false);
    await pass(3_600_000);
    expect(story.filter((line) => line.startsWith("look"))).toHaveLength(looks);
    expect(story).not.toContain("cancel b0");
  });

  it("stops a batch when the last one who waits for it is stopped", async () => {
    const { pass, story, desk, want, tickets } = setting();
    const [one, two] = [want(), want()];
    desk.ask(one);
    desk.ask(two);
    await pass(500);
    await desk.drop(one, true);
    expect(story).not.toContain("cancel b0");
    await desk.drop(two, true);
    expect(story).toContain("cancel b0");
    expect([...tickets.values()]).toEqual([
      { ticket: null, isLasting: false },
      { ticket: null, isLasting: false },
    ]);
  });

  it("keeps where an answer is to be found when it may not look any more", async () => {
    const { pass, desk, want, tickets, lockOut } = setting();
    const one = want();
    desk.ask(one);
    await pass(500);
    lockOut();
    await pass(60_000);
    expect(one.answer).toMatchObject({ ok: false, error: { class: "auth" } });
    expect(tickets.get(one)).toMatchObject({ ticket: { batch: "b0" }, isLasting: true });
  });

  it("finds a batch by its requests among those of the same size", async () => {
    const { pass, story, desk, want, batches, end } = setting();
    desk.ask(want());
    await pass(500);
    desk.ask(want());
    await pass(500);
    const customId = batches[1]?.requests[0]?.customId ?? "";
    // Another desk, after a crash: it knows none of them.
    const later = setting();
    later.batches.push(...batches);
    const lost = later.want({ group: "g", custom_id: customId, size: 1, at: FAKE_START_MS, batch: null });
    later.desk.ask(lost);
    later.end("b0");
    await later.pass(10_000);
    // The second may be the one as long as it is at work.
    expect([later.story, lost.answer]).toEqual([[], null]);
    later.end("b1");
    await later.pass(120_000);
    expect(lost.answer).toMatchObject({ ok: true, value: { text: customId } });
    expect(later.story).not.toContain("submit 1");
    expect(story.filter((line) => line === "submit 1")).toHaveLength(2);
    end("b0");
  });
});

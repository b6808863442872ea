import { describe, expect, it } from "vitest";
import { FactIndex } from "../../../../src/engine/local/fact-index.ts";
import { factOf } from "../../run/fixture.ts";

const usage = (inputTokens: number) => ({
  inputTokens,
  outputTokens: 1,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  calls: 1,
});

describe("the facts of a run", () => {
  it("answer for their own fingerprint only, and keep those of other texts", () => {
    const old = factOf({ key: "a/1.0.1", fingerprint: "s1.v" });
    const now = factOf({ key: "a/1.0.1", fingerprint: "s2.v", state: "failed" });
    const facts = new FactIndex([old, now]);
    expect(facts.find("a/1.0.1", "s1.v")).toBe(old);
    expect(facts.find("a/1.0.1", "s2.v")).toBe(now);
    expect(facts.find("a/1.0.1", "s3.v")).toBe(null);
    expect(facts.find("b/1.0.1", "s1.v")).toBe(null);
    expect(facts.all("a/1.0.1")).toEqual([old, now]);
    expect([...facts]).toEqual([old, now]);
  });

  it("are forked for a start of its own: what is put there replaces what was before, and stays there", () => {
    const lost = factOf({ key: "a/1.0.1", state: "started" });
    const facts = new FactIndex([lost, factOf({ key: "b/1.0.1" })]);
    const fork = facts.fork();
    const again = factOf({ key: "a/1.0.1", state: "started", starts: 2 });
    const edited = factOf({ key: "b/1.0.1", fingerprint: "other.v" });
    for (const fact of [again, edited, factOf({ key: "c/~killed" })]) fork.put(fact);
    expect(fork.takeLost(lost)).toBe(true);

    expect(fork.all("a/1.0.1")).toEqual([again]);
    expect([...fork].map(({ key, fingerprint, starts }) => `${key} ${fingerprint} ${starts}`)).toEqual([
      `a/1.0.1 ${lost.fingerprint} 2`,
      `b/1.0.1 ${lost.fingerprint} 1`,
      "b/1.0.1 other.v 1",
      `c/~killed ${lost.fingerprint} 1`,
    ]);
    expect(fork.hasKills).toBe(true);
    expect(facts.hasKills).toBe(false);
    expect([...facts].map(({ key, starts }) => `${key} ${starts}`)).toEqual(["a/1.0.1 1", "b/1.0.1 1"]);
    expect(facts.takeLost(lost)).toBe(true);
  });

  it("are replaced by what is recorded later for the same", () => {
    const facts = new FactIndex([factOf({ state: "started" })]);
    const ended = factOf({ state: "succeeded" });
    facts.put(ended);
    expect([...facts]).toEqual([ended]);
  });

  it("answer each start that was lost once, and never an outcome", () => {
    const lost = factOf({ state: "started", starts: 2 });
    const facts = new FactIndex([lost]);
    expect([facts.takeLost(lost), facts.takeLost(lost), facts.takeLost(lost)]).toEqual([true, true, false]);
    expect(facts.takeLost(factOf({ key: "b/1.0.1", state: "failed", starts: 3 }))).toBe(false);
  });

  it("tell all that was spent, and no cost where one price is unknown", () => {
    const known = factOf({ usage: usage(10), costUsd: 0.5 });
    const facts = new FactIndex([
      known,
      factOf({ key: "b/1.0.1" }),
      factOf({ key: "c/1.0.1", usage: usage(5), costUsd: 0.25 }),
    ]);
    expect(facts.spend()).toEqual({ usage: { ...usage(15), outputTokens: 2, calls: 2 }, costUsd: 0.75 });
    facts.put(factOf({ key: "c/1.0.1", fingerprint: "other", usage: usage(1), costUsd: null }));
    expect(facts.spend()).toMatchObject({ usage: { inputTokens: 16, calls: 3 }, costUsd: null });
  });
});

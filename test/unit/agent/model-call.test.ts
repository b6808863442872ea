import { describe, expect, it } from "vitest";
import { callModel } from "../../../src/agent/model-call.ts";
import type { Provider } from "../../../src/provider/provider.ts";
import { modelRequest } from "../../rig/model-call.ts";
import type { ScriptedAnswer } from "../../rig/scripted-provider.ts";
import { fast, settingOf } from "./fixture.ts";

const busy = (more: Partial<ScriptedAnswer["fail"] & object> = {}): ScriptedAnswer => ({
  step: "draft",
  fail: { class: "rate_limit", ...more },
  afterMs: 100,
});

describe("a call of a model that is busy", () => {
  it("waits as long as it is told, and then asks again", async () => {
    const { provider, around, waits } = settingOf([
      busy({ retryAfterMs: 5000 }),
      busy({ class: "overloaded", retryAfterMs: 700 }),
      { step: "draft", reply: "blue" },
    ]);
    const outcome = await callModel(provider, fast, modelRequest(), around);
    expect(outcome).toMatchObject({ ok: true, reply: { text: "blue" }, durationMs: 100 });
    expect(waits).toEqual([
      [100, 5100],
      [5200, 5900],
    ]);
  });

  it("waits longer each time when it is told nothing, at most five times", async () => {
    const { provider, around, waits } = settingOf([
      busy(),
      busy(),
      busy(),
      busy(),
      busy(),
      busy({ message: "still busy" }),
    ]);
    const outcome = await callModel(provider, fast, modelRequest(), around);
    expect(outcome).toMatchObject({ ok: false, failure: { class: "rate_limit", message: "still busy" } });
    expect(waits.map(([from, to]) => to - from)).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  it("does not wait for more than five minutes, nor for any other failure", async () => {
    for (const fail of [
      { class: "rate_limit", retryAfterMs: 300_001 },
      { class: "server", retryAfterMs: 10 },
    ] as const) {
      const { provider, around, waits } = settingOf([busy(fail)]);
      expect(await callModel(provider, fast, modelRequest(), around)).toMatchObject({
        ok: false,
        failure: { class: fail.class },
      });
      expect(waits).toEqual([]);
    }
  });

  it("counts what was paid before it was overloaded", async () => {
    const { provider, around } = settingOf([
      busy({ class: "overloaded", usage: [30, 3] }),
      { step: "draft", reply: "blue", usage: [100, 10] },
    ]);
    expect(await callModel(provider, fast, modelRequest(), around)).toMatchObject({
      ok: true,
      reply: { usage: { inputTokens: 130, outputTokens: 13, calls: 2 } },
    });
  });

  it("ends at once when it is stopped while it waits, and what was paid counts", async () => {
    const { provider, around, stop } = settingOf([busy({ retryAfterMs: 60_000, usage: [30, 3] })]);
    around.clock.after(1000, stop);
    const outcome = await callModel(provider, fast, modelRequest(), around);
    expect(outcome).toMatchObject({ ok: false, failure: { class: "cancelled" }, usage: { inputTokens: 30 } });
    expect(around.clock.monotonic()).toBe(1000);
    expect(provider.calls).toHaveLength(1);
  });
});

it("a provider that ends without an answer is a bug that is told, not a hang", async () => {
  const mute: Provider = { name: "mute", origin: "live", async *call() {} };
  const outcome = await callModel(mute, fast, modelRequest(), settingOf([]).around);
  expect(outcome).toMatchObject({ ok: false, failure: { class: "internal", code: "no_reply" } });
});

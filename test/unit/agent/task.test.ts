import { describe, expect, it } from "vitest";
import { runTask } from "../../../src/agent/task.ts";
import { fast, settingOf, strong, taskOf } from "./fixture.ts";

const step = "draft";
const output = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] };
const usage = (inputTokens: number, outputTokens: number, calls = 1) => ({
  inputTokens,
  outputTokens,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  calls,
});

describe("a task of text", () => {
  it("is one call with the agent's instructions, and tells what it cost", async () => {
    const { provider, around, events, recorded } = settingOf([{ step, reply: "blue", usage: [3, 1] }]);
    expect(await runTask(taskOf(), around)).toEqual({
      ok: true,
      output: "blue",
      model: "anthropic/fast",
      usage: usage(3, 1),
      costUsd: 3,
    });
    expect(provider.calls.map(({ request }) => request)).toEqual([
      {
        model: "fast",
        system: "Be brief.",
        messages: [{ role: "user", text: "Name a colour." }],
        maxTokens: 1000,
        temperature: null,
        effort: null,
        outputSchema: null,
      },
    ]);
    expect(events).toEqual([
      [
        "model.called",
        {
          model: "anthropic/fast",
          answered: "anthropic/fast",
          input_tokens: 3,
          output_tokens: 1,
          cache_read_tokens: 0,
          cache_write_tokens: 0,
          cost_usd: 3,
          duration_ms: 100,
        },
      ],
    ]);
    expect(recorded).toEqual([]);
  });

  it("tells when another model answered than was asked", async () => {
    const { around, events } = settingOf([{ step, reply: "blue", answered: "slow" }]);
    expect(await runTask(taskOf(), around)).toMatchObject({ ok: true, model: "anthropic/slow" });
    expect(events[1]).toEqual(["model.substituted", { asked: "anthropic/fast", answered: "anthropic/slow" }]);
  });

  it("that is refused or cut has failed, however good it looks, and is paid", async () => {
    const refused = await runTask(taskOf(), settingOf([{ step, reply: "I will not", stop: "refusal" }]).around);
    expect(refused).toMatchObject({
      ok: false,
      failure: { class: "refused", code: "refusal", partial: "I will not" },
      usage: { calls: 1 },
    });
    const cut = await runTask(taskOf(), settingOf([{ step, reply: "", stop: "max_tokens" }]).around);
    expect(cut).toMatchObject({
      ok: false,
      failure: {
        class: "output",
        code: "max_tokens",
        message: "the reply of anthropic/fast in 'draft' was cut at max_tokens (1000)",
        partial: null,
      },
      usage: { calls: 1 },
    });
  });

  it("has no secret in its output, nor in its failure", async () => {
    const secrets = [["TOKEN", "s3cr3t-value"]] as const;
    const said = await runTask(taskOf(), settingOf([{ step, reply: "it is s3cr3t-value." }], [], secrets).around);
    expect(said).toMatchObject({ output: "it is [secret:TOKEN]." });
    const failed = await runTask(
      taskOf(),
      settingOf([{ step, fail: { class: "invalid", message: "bad key s3cr3t-value" } }], [], secrets).around,
    );
    expect(failed).toMatchObject({ failure: { message: "bad key [secret:TOKEN]" } });
  });
});

describe("a chain of models", () => {
  const chain = taskOf({ models: [fast, strong] });

  it.each(["server", "network", "auth"] as const)(
    "goes on to the next after a failure '%s', and counts what was paid in vain",
    async (failureClass) => {
      const { around } = settingOf([
        { step, model: "fast", fail: { class: failureClass, usage: [5, 0] } },
        { step, model: "strong", reply: "blue", usage: [2, 1] },
      ]);
      expect(await runTask(chain, around)).toEqual({
        ok: true,
        output: "blue",
        model: "anthropic/strong",
        usage: usage(7, 1, 2),
        costUsd: 25,
      });
    },
  );

  it.each(["invalid", "refused", "output"] as const)("ends with a failure '%s'", async (failureClass) => {
    const { around, provider } = settingOf([{ step, model: "fast", fail: { class: failureClass } }]);
    expect(await runTask(chain, around)).toMatchObject({ ok: false, failure: { class: failureClass }, usage: null });
    expect(provider.calls).toHaveLength(1);
  });

  it("that is spent fails as its last model did", async () => {
    const { around } = settingOf([
      { step, model: "fast", fail: { class: "server", usage: [5, 0] } },
      { step, model: "strong", fail: { class: "network", message: "the last one", usage: [1, 0] } },
    ]);
    expect(await runTask(chain, around)).toMatchObject({
      ok: false,
      failure: { class: "network", message: "the last one" },
      usage: usage(6, 0, 2),
      costUsd: 15,
    });
  });

  it("has no known cost when one of its calls has no known price", async () => {
    const unknown = { ...strong, price: null };
    const { around } = settingOf([
      { step, model: "fast", fail: { class: "server", usage: [5, 0] } },
      { step, model: "strong", reply: "blue" },
    ]);
    expect(await runTask(taskOf({ models: [fast, unknown] }), around)).toMatchObject({
      ok: true,
      usage: { calls: 2 },
      costUsd: null,
    });
  });

  it("asks nobody else once it is stopped", async () => {
    const { around, provider, stop } = settingOf([{ step, model: "fast", hang: true }]);
    around.clock.after(1000, stop);
    expect(await runTask(chain, around)).toMatchObject({ ok: false, failure: { class: "cancelled" } });
    expect(provider.calls).toHaveLength(1);
  });
});

describe("a typed task", () => {
  const typed = taskOf({ output, models: [fast, strong] });

  it("is its value at once when it fits", async () => {
    const { around, provider, recorded } = settingOf([{ step, reply: { ok: true } }]);
    expect(await runTask(typed, around)).toMatchObject({ ok: true, output: { ok: true }, usage: { calls: 1 } });
    expect(provider.calls[0]?.request.outputSchema).toEqual(output);
    expect(recorded).toEqual([]);
  });

  it("shows the model its errors once; the first reply is on record before the second call, with its own spend", async () => {
    const { around, provider, recorded } = settingOf([
      { step, reply: { ok: 1 }, usage: [3, 1] },
      { step, reply: { ok: true }, usage: [4, 1] },
    ]);
    const done = runTask(typed, around);
    around.clock.after(150, () =>
      expect(recorded).toMatchObject([{ n: 1, spend: { model: "anthropic/fast", usage: usage(3, 1), costUsd: 3 } }]),
    );
    expect(await done).toEqual({
      ok: true,
      output: { ok: true },
      model: "anthropic/fast",
      usage: usage(4, 1),
      costUsd: 4,
    });
    expect(provider.calls[1]?.request.messages).toEqual([
      { role: "user", text: "Name a colour." },
      { role: "assistant", text: '{"ok":1}' },
      {
        role: "user",
        text: "Your reply does not fit the required JSON Schema:\n- /ok must be boolean\n\nAnswer again with only the corrected JSON value.",
      },
    ]);
    expect(recorded).toHaveLength(1);
  });

  it("is repaired by the model that answered, and says something where it said nothing", async () => {
    const { around, provider } = settingOf([
      { step, model: "fast", fail: { class: "server" } },
      { step, model: "strong", reply: " \n" },
      { step, model: "strong", reply: { ok: true } },
    ]);
    expect(await runTask(typed, around)).toMatchObject({ ok: true });
    expect(provider.calls[2]?.request.messages[1]).toEqual({ role: "assistant", text: "(empty)" });
    // A server that keeps answers by key must not take one request for another.
    const keys = provider.calls.map(({ context }) => context.idempotencyKey);
    expect(new Set(keys).size).toBe(3);
    expect(new Set(provider.calls.map(({ context }) => context.unit))).toEqual(new Set(["key"]));
  });

  it("that never fits has failed, with its last reply", async () => {
    const { around } = settingOf([
      { step, reply: "hm" },
      { step, reply: { ok: "yes" } },
    ]);
    expect(await runTask(typed, around)).toMatchObject({
      ok: false,
      failure: {
        class: "output",
        code: "schema_mismatch",
        partial: '{"ok":"yes"}',
        message:
          "the reply of anthropic/fast in 'draft' does not fit the output schema, even after one repair: /ok must be boolean",
      },
      usage: { calls: 1 },
    });
  });

  it("goes on behind a recorded first reply without asking for it, and without paying for it again", async () => {
    const before = settingOf([
      { step, reply: { ok: 1 }, usage: [3, 1] },
      { step, hang: true },
    ]);
    before.around.clock.after(1000, before.stop);
    await runTask(typed, before.around);

    const after = settingOf([{ step, reply: { ok: true }, usage: [4, 1] }], before.recorded);
    expect(await runTask(typed, after.around)).toEqual({
      ok: true,
      output: { ok: true },
      model: "anthropic/fast",
      usage: usage(4, 1),
      costUsd: 4,
    });
    expect(after.provider.calls.map(({ request }) => request.messages.length)).toEqual([3]);
    expect(after.recorded).toEqual([]);
    expect(after.events.map(([type]) => type)).toEqual(["model.called"]);
  });

  it("asks again when what it would ask is not what was recorded", async () => {
    const before = settingOf([
      { step, reply: { ok: 1 } },
      { step, reply: { ok: true } },
    ]);
    await runTask(typed, before.around);
    const after = settingOf([{ step, reply: { ok: true } }], before.recorded);
    expect(await runTask({ ...typed, prompt: "Another." }, after.around)).toMatchObject({ ok: true });
    expect(after.provider.calls).toHaveLength(1);
  });
});

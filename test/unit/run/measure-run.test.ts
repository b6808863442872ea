import { describe, expect, it } from "vitest";
import { Story } from "../../rig/engine/story.ts";

const FLOW = `
muster: 1
name: measured
models: { m: anthropic/claude-haiku-5-5, n: anthropic/claude-opus-5-5 }
agents: { writer: { model: m }, chief: { model: n } }
steps:
  fast: { agent: writer, task: fast }
  slow:
    for_each: [1, 2]
    steps:
      inner: { agent: writer, task: "{{ item }}", fallback: [{ agent: chief }] }
    outputs: {}
  pause: { wait: { for: 10s }, needs: slow }
  end: { agent: chief, task: end, needs: [fast, pause] }
`;

describe("the figures of a run", () => {
  it("tell spend by step, agent and model, work against waiting, and the path that the end hung on", async () => {
    const story = new Story();
    await story.chapter(FLOW, [
      { step: "fast", reply: "f", afterMs: 100 },
      { step: "slow[0]/inner", reply: "a", afterMs: 200 },
      { step: "slow[1]/inner", fail: { class: "refused" }, afterMs: 50 },
      { step: "slow[1]/inner", reply: "b", afterMs: 250, model: "claude-opus-5-5" },
      { step: "end", reply: "e", afterMs: 400 },
    ]);
    const [account] = story.store.listAccounts();
    expect(account).toMatchObject({ workflow: "measured", status: "succeeded" });
    const figures = account?.figures;
    expect(figures).toMatchObject({ mode: "live", wallMs: 10_700, activeMs: 700, waitingMs: 10_000, calls: 4 });
    expect(figures?.spend.map(({ step, agent, model, calls }) => [step, agent, model, calls])).toEqual([
      ["fast", "writer", "anthropic/claude-haiku-5-5", 1],
      ["slow/inner", "writer", "anthropic/claude-haiku-5-5", 1],
      ["slow/inner", "chief", "anthropic/claude-opus-5-5", 1],
      ["end", "chief", "anthropic/claude-opus-5-5", 1],
    ]);
    expect(figures?.steps.map(({ step, succeeded, criticalMs }) => [step, succeeded, criticalMs])).toEqual([
      ["fast", 1, null],
      ["slow", 1, 300],
      ["slow/inner", 2, 300],
      ["pause", 1, 10_000],
      ["end", 1, 400],
    ]);
  });
});

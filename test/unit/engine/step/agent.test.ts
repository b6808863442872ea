import { describe, expect, it } from "vitest";
import { createAgentStep } from "../../../../src/engine/step/agent.ts";
import { createSchemaCheck } from "../../../../src/util/schema-check.ts";
import { createFakeClock } from "../../../rig/clock.ts";
import { createScriptedProvider, type ScriptedAnswer } from "../../../rig/scripted-provider.ts";
import { attempt, prepare, refusal } from "./fixture.ts";

const head = `inputs: { who: { type: string } }
agents:
  writer: { model: [anthropic/claude-haiku-5-5, anthropic/claude-opus-5-5], instructions: "You write for {{ inputs.who }}." }
  plain: { model: anthropic/claude-haiku-5-5 }`;

function agentStep(script: readonly ScriptedAnswer[]) {
  const clock = createFakeClock();
  const provider = createScriptedProvider(script, clock);
  const handler = createAgentStep({
    providerFor: () => provider,
    batchProviderFor: () => provider,
    check: createSchemaCheck(),
    programs: { workspace: "/", environment: {} },
    tools: [],
    openServer: () => {
      throw new Error("there is no server");
    },
  });
  return { handler, provider, clock };
}

describe("an agent step", () => {
  it("asks the first model of its agent with instructions and task filled in", async () => {
    const { handler, provider, clock } = agentStep([{ step: "x", reply: "Dear Ada" }]);
    const step = "agent: writer\ntask: Greet {{ inputs.who }}.\noutput: { type: string }";
    const stepCase = { head, step: step.replace("\noutput: { type: string }", ""), values: { inputs: { who: "Ada" } } };
    expect(prepare(handler, stepCase)).toMatchObject({
      ok: true,
      value: { kind: "later", model: "anthropic/claude-haiku-5-5" },
    });
    expect(await attempt(handler, stepCase, { clock })).toMatchObject({
      ok: true,
      output: "Dear Ada",
      extra: null,
      model: "anthropic/claude-haiku-5-5",
    });
    expect(provider.calls[0]).toMatchObject({
      request: {
        model: "claude-haiku-5-5",
        system: "You write for Ada.",
        messages: [{ role: "user", text: "Greet Ada." }],
        maxTokens: 8192,
        outputSchema: null,
      },
      context: { step: "x", attempt: 1, unit: "the-key" },
    });
  });

  it("asks its own model where it names one, and sends no instructions where there are none", async () => {
    const { handler, provider, clock } = agentStep([{ step: "x", reply: "Hi" }]);
    await attempt(handler, { head, step: "agent: plain\nmodel: anthropic/claude-sonnet-5-5\ntask: Hi" }, { clock });
    expect(provider.calls[0]?.request).toMatchObject({ model: "claude-sonnet-5-5", system: null });
  });

  it("does not start with a task that is empty, or cannot be made", () => {
    const { handler } = agentStep([]);
    expect(
      refusal(handler, { head, step: 'agent: plain\ntask: " {{ inputs.who }} "', values: { inputs: { who: "\n" } } }),
    ).toMatchObject({ class: "invalid", code: "empty_task", message: "the task of 'x' is empty" });
    expect(refusal(handler, { head, step: "agent: plain\ntask: Hi {{ inputs.who }}", values: {} })).toMatchObject({
      class: "invalid",
      message: expect.stringMatching(/^'task' of 'x': /) as string,
    });
    expect(refusal(handler, { head, step: "agent: writer\ntask: Hi", values: {} })).toMatchObject({
      class: "invalid",
      message: expect.stringMatching(/^'instructions' of 'writer': /) as string,
    });
  });
});

import { describe, expect, it } from "vitest";
import { SpanTree } from "../../../../src/reporter/telemetry/span-tree.ts";
import type { EventType, StoredEvent } from "../../../../src/run/event.ts";

function tree(): { tree: SpanTree; take: (type: EventType, more?: Partial<StoredEvent>) => string[] } {
  const spans = new SpanTree({ runId: "one", workflow: { name: "w", version: null }, agentOf: () => "writer" });
  const ids = new Map<string, string>();
  let seq = 0;
  return {
    tree: spans,
    take: (type, more = {}) => {
      seq += 1;
      return spans.take({ seq, at: seq * 1000, type, ...more }).map(({ id, name, parentId, status, attributes }) => {
        ids.set(id, name);
        expect(ids.size).toBeLessThanOrEqual(seq * 4);
        return `${name} ${status} ${parentId === null ? "top" : "inner"} ${String(attributes["error.type"] ?? "")}`.trim();
      });
    },
  };
}

const unit = { step: "a", item: 1, attempt: 1 };

describe("spans of events", () => {
  it("tools are in the attempt that calls them, by name and number; a refused one has failed", () => {
    const { tree: spans, take } = tree();
    take("run.started", { data: { epoch: 1 } });
    take("step.started", { step: "a", data: { kind: "agent" } });
    take("attempt.started", unit);
    const attempt = spans.attemptSpan("a", 1);
    expect(attempt).toMatch(/^[0-9a-f]{16}$/);
    take("tool.called", { ...unit, data: { tool: "read_file", call: "1.1" } });
    take("tool.called", { ...unit, data: { tool: "read_file", call: "1.2" } });
    expect(take("tool.finished", { ...unit, data: { tool: "read_file", call: "1.2", status: "error" } })).toEqual([
      "execute_tool read_file failed inner tool",
    ]);
    expect(take("tool.finished", { ...unit, data: { tool: "read_file", call: "1.1", status: "ok" } })).toEqual([
      "execute_tool read_file ok inner",
    ]);
    expect(take("tool.denied", { ...unit, data: { tool: "shell", call: "2.1", reason: "x" } })).toEqual([
      "execute_tool shell failed inner denied",
    ]);
    expect(take("item.succeeded", unit)).toEqual(["invoke_agent writer ok inner"]);
    expect(spans.attemptSpan("a", 1)).toBeNull();
  });

  it("whatever is open ends with the run, and with the process", () => {
    const { tree: spans, take } = tree();
    take("run.started", { data: { epoch: 1 } });
    take("step.started", { step: "a", data: { kind: "agent" } });
    take("attempt.started", { step: "a", attempt: 1 });
    take("tool.called", { step: "a", attempt: 1, data: { tool: "shell", call: "1.1" } });
    expect(take("run.finished", { data: { status: "failed", error: { class: "budget", code: "exceeded" } } })).toEqual([
      "execute_tool shell unset inner",
      "invoke_agent writer unset inner",
      "step a unset inner",
      "invoke_workflow w failed top budget/exceeded",
    ]);
    expect(spans.end()).toEqual([]);
    take("run.started", { data: { epoch: 2 } });
    expect(spans.end().map(({ name }) => name)).toEqual(["invoke_workflow w"]);
  });
});

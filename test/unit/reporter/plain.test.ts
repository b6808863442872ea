import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../../../src/run/event.ts";
import { createPlainReporter } from "../../../src/reporter/plain.ts";

const start = 1_000_000;

/** The lines for events of a run that started at `start`; each has its time in ms since then. */
function lines(...events: readonly (readonly [afterMs: number, event: Omit<StoredEvent, "seq" | "at">])[]): string[] {
  const written: string[] = [];
  const reporter = createPlainReporter((text) => written.push(text), createColors(false));
  reporter.onEvents([
    { seq: 1, at: start, type: "run.started" },
    ...events.map(([afterMs, event], index) => ({ seq: index + 2, at: start + afterMs, ...event })),
  ]);
  reporter.close();
  return written;
}

describe("plain lines", () => {
  it("tell what began, ended, failed and was left out, with the time since the start", () => {
    const problem = { class: "server", code: "http_500", message: "it is down" };
    expect(
      lines(
        [0, { type: "step.started", step: "draft" }],
        [40, { type: "step.started", step: "research", data: { kind: "agent", items: 3 } }],
        [1250, { type: "attempt.failed", step: "draft", attempt: 1, data: { ...problem, retry_in_ms: 2000 } }],
        [2000, { type: "item.failed", step: "research", item: 2, data: problem }],
        [
          12_340,
          {
            type: "step.succeeded",
            step: "research",
            data: { duration_ms: 12_300, items: { total: 3, succeeded: 2 }, tokens: 12_400, cost_usd: 0.0042 },
          },
        ],
        [61_000, { type: "step.failed", step: "draft", data: { ...problem, caught: true } }],
        [61_000, { type: "step.failed", step: "other", data: { ...problem, caught: false } }],
        [3_723_000, { type: "step.skipped", step: "report", data: { cause: "upstream" } }],
        [3_723_000, { type: "step.skipped", step: "fix", data: { cause: "condition" } }],
        [3_723_000, { type: "step.cancelled", step: "late" }],
      ),
    ).toEqual([
      "   0.0s  run    draft\n",
      "   0.0s  run    research  3 items\n",
      "   1.3s  retry  draft  attempt 1: server: it is down; again in 2.0s\n",
      "   2.0s  fail   research[2]  server: it is down\n",
      "  12.3s  ok     research  12.3s  2/3 items  12.4k tokens  $0.0042\n",
      "  1m01s  fail   draft  server: it is down  (caught by on_error)\n",
      "  1m01s  fail   other  server: it is down\n",
      "  1h02m  skip   report  because of a failure before it\n",
      "  1h02m  skip   fix  its condition is false\n",
      "  1h02m  stop   late\n",
    ]);
  });

  it("tell another model, an interrupt, and a cost that is not known", () => {
    expect(
      lines(
        [
          5,
          {
            type: "model.substituted",
            step: "draft",
            attempt: 1,
            data: { asked: "anthropic/a", answered: "anthropic/b" },
          },
        ],
        [10, { type: "step.succeeded", step: "draft", data: { duration_ms: 10, tokens: 1, cost_usd: null } }],
        [20, { type: "run.interrupted" }],
      ),
    ).toEqual([
      "   0.0s  note   draft  asked anthropic/a, anthropic/b answered\n",
      "   0.0s  ok     draft  0.0s  1 tokens  cost unknown\n",
      "   0.0s  stop   interrupted; the state is saved\n",
    ]);
  });

  it("tell what a tool of an agent was not allowed", () => {
    const data = { tool: "shell", call: "1.1", reason: "`permissions.shell` allows no programs" };
    expect(lines([5, { type: "tool.denied", step: "draft", attempt: 1, data }])).toEqual([
      "   0.0s  note   draft  may not use shell: `permissions.shell` allows no programs\n",
    ]);
  });

  it("do not tell what a person need not know", () => {
    expect(
      lines(
        [0, { type: "attempt.started", step: "draft", attempt: 1 }],
        [0, { type: "model.called", step: "draft", attempt: 1, data: { model: "anthropic/a" } }],
        [0, { type: "item.succeeded", step: "research", item: 0 }],
        [
          0,
          {
            type: "attempt.failed",
            step: "draft",
            attempt: 2,
            data: { class: "server", message: "the last one is told by its step" },
          },
        ],
        [0, { type: "run.finished", data: { status: "succeeded" } }],
      ),
    ).toEqual([]);
  });

  it("cannot be forged: control characters of a message are shown, not sent", () => {
    const [line = ""] = lines([
      0,
      { type: "step.failed", step: "draft", data: { class: "exit", message: "\u001b[2Jgone\nok     draft" } },
    ]);
    expect(line).not.toContain("\u001b");
    expect(line.indexOf("\n")).toBe(line.length - 1);
  });
});

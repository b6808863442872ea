import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import picocolors from "picocolors";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../../../../src/diagnostic/printable.ts";
import { frame } from "../../../../src/reporter/tree/frame.ts";
import type { Progress } from "../../../../src/run/progress.ts";
import { planOf, START, Teller } from "../../../rig/progress.ts";

const color = picocolors.createColors(false);
const picture = (progress: Progress, width: number, height: number, afterMs: number): string[] =>
  frame(progress, width, height, START + afterMs, color);

/** Compares with the file; UPDATE_GOLDEN=1 writes it. */
function expectPicture(name: string, lines: readonly string[]): void {
  const folder = join(import.meta.dirname, "frame");
  const path = join(folder, `${name}.txt`);
  const text = lines.map((line) => `${line}\n`).join("");
  if (process.env["UPDATE_GOLDEN"] === "1") {
    if (!existsSync(folder)) mkdirSync(folder);
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, "utf8"));
}

const sizes: readonly (readonly [number, number])[] = [
  [80, 24],
  [200, 60],
  [40, 10],
];

/** One step in each state that there is. */
function everyState(): Progress {
  const plan = planOf(`  fetch: { run: "true" }
  security: { needs: fetch, agent: a, task: x }
  items: { needs: fetch, for_each: "\${{ ['a'] }}", agent: a, task: x }
  flaky: { needs: fetch, agent: a, task: x, retry: { max_attempts: 3 } }
  broken: { needs: fetch, run: "true" }
  risky: { needs: fetch, run: "true", on_error: continue }
  maybe: { needs: fetch, if: "\${{ false }}", run: "true" }
  after_broken: { needs: broken, run: "true" }
  a_step_whose_name_does_not_fit_anywhere: { needs: fetch, run: "true" }
  report: { needs: [security, items, flaky, a_step_whose_name_does_not_fit_anywhere], agent: a, task: x }
  clean: { needs: [report], run: "true" }
`);
  const model = { model: "anthropic/claude-haiku-5-5" };
  const called = { ...model, input_tokens: 1200, output_tokens: 300, cost_usd: 0.00042 };
  const teller = new Teller(plan).tell(0, "run.started").done("fetch", 0, 1500);
  for (const step of ["security", "flaky", "broken", "risky", "a_step_whose_name_does_not_fit_anywhere"]) {
    teller.tell(1500, "step.started", { step }).tell(1500, "attempt.started", { step, attempt: 1 });
  }
  teller
    .tell(1500, "attempt.started", { step: "security", attempt: 1, data: model })
    .tell(2500, "model.called", { step: "security", data: called })
    .tell(1500, "step.started", { step: "items", data: { items: 10_000 } });
  for (let item = 0; item < 3720; item += 1) {
    teller
      .tell(1600 + item, "attempt.started", { step: "items", item, attempt: 1, data: model })
      .tell(1600 + item, "model.called", { step: "items", item, data: called })
      .tell(1601 + item, item % 500 === 7 ? "item.failed" : "item.succeeded", { step: "items", item });
  }
  return teller
    .tell(9000, "attempt.started", { step: "items", item: 3720, attempt: 1, data: model })
    .tell(9000, "attempt.failed", {
      step: "flaky",
      attempt: 1,
      data: { class: "overloaded", message: "the model is busy", retry_in_ms: 4000 },
    })
    .tell(9000, "step.failed", {
      step: "broken",
      data: { class: "exit", message: "it ended with \u001b[31mexit code 3", caught: false, duration_ms: 7500 },
    })
    .tell(9000, "step.skipped", { step: "after_broken", data: { cause: "upstream" } })
    .tell(9100, "step.failed", {
      step: "risky",
      data: { class: "exit", message: "exit code 1", caught: true, duration_ms: 7600 },
    })
    .tell(9100, "step.skipped", { step: "maybe", data: { cause: "condition" } }).progress;
}

describe("the picture of a run", () => {
  it.each(sizes)("in %dx%d shows every state, with what waits for what", (width, height) => {
    expectPicture(`every-state-${width}x${height}`, picture(everyState(), width, height - 1, 12_345));
  });

  it.each(sizes)("in %dx%d of 500 steps shows those that matter, in the order of the file", (width, height) => {
    const ids = Array.from({ length: 500 }, (_, index) => `step_${String(index).padStart(3, "0")}`);
    const teller = new Teller(
      planOf(
        ids
          .map((id, index) => `  ${id}: { run: "true"${index < 3 ? "" : `, needs: ${ids[index - 3] ?? ""}`} }\n`)
          .join(""),
      ),
    );
    teller.tell(0, "run.started");
    ids.slice(0, 200).forEach((step, index) => teller.done(step, index * 10, index * 10 + 5));
    teller.tell(2000, "step.failed", {
      step: "step_042",
      data: { class: "exit", message: "exit code 3", caught: true },
    });
    for (const step of ids.slice(200, 203)) teller.tell(2000, "step.started", { step });
    expectPicture(`500-steps-${width}x${height}`, picture(teller.progress, width, height - 1, 2500));
  });

  it("never leaves its screen, whatever the size and the names", () => {
    const plan = planOf(
      `  漢字_wide: { run: "true" }\n`.replace("漢字_wide", "wide") +
        `  b: { needs: wide, run: "true" }\n  c: { needs: [wide, b], run: "true" }\n`,
    );
    const teller = new Teller(plan).tell(0, "run.started").tell(1, "step.started", { step: "wide" });
    teller.tell(2, "attempt.failed", {
      step: "wide",
      data: { class: "exit", message: "失敗しました🦉\n\u202e\u001b[2J", retry_in_ms: 1000 },
    });
    for (const progress of [teller.progress, everyState()]) {
      for (let width = 1; width < 130; width += 1) {
        for (const height of [1, 2, 3, 4, 7, 30]) {
          const lines = picture(progress, width, height, 5000);
          const widest = Math.max(...lines.map(displayWidth));
          expect([width, height, lines.length <= height, widest < Math.max(2, width)]).toEqual([
            width,
            height,
            true,
            true,
          ]);
        }
      }
    }
  });

  it("of an empty screen is empty", () => {
    expect(picture(everyState(), 80, 0, 1)).toEqual([]);
  });
});

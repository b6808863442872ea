import { describe, expect, it } from "vitest";
import { stepValues, valueAt } from "../../../../src/engine/local/context.ts";
import { failure } from "../../../../src/run/failure.ts";
import type { ItemRecord, ScopeRecord, StepRecord } from "../../../../src/run/state.ts";
import { scopeRecord } from "../../../../src/run/state.ts";
import type { ValueRef } from "../../../../src/run/value-ref.ts";
import type { Json } from "../../../../src/util/json.ts";
import { scopeOf } from "../../plan/fixture.ts";

const item = (more: Partial<ItemRecord>): ItemRecord => ({
  item: "x",
  name: "x.0",
  status: "succeeded",
  attempts: 1,
  output: null,
  artifacts: null,
  failure: null,
  inner: null,
  ...more,
});

const scope: ScopeRecord = scopeRecord(scopeOf({ text: [], fan: [], broken: [] }));
Object.assign(scope.steps[0] as StepRecord, {
  status: "succeeded",
  output: { inline: "hello" },
  extra: { exit_code: 0, stderr: "noise" },
});
Object.assign(scope.steps[1] as StepRecord, {
  status: "succeeded",
  items: [
    item({ output: { inline: 1 } }),
    item({ item: "y", status: "failed", failure: failure("refused", "no", "no") }),
    item({ output: { inline: 3 } }),
  ],
});
Object.assign(scope.steps[2] as StepRecord, {
  status: "failed",
  failure: failure("exit", "exit_2", "it ended", { help: "mend it", partial: "half" }),
});

const ids = scope.steps.map(({ id }) => id);

function read(
  paths: readonly string[],
  more: { readonly hidden?: readonly string[]; readonly read?: (ref: ValueRef) => Json } = {},
): Json {
  const inline = (ref: ValueRef): Json => ("inline" in ref ? ref.inline : "a blob");
  const find = (id: string): StepRecord | null | undefined =>
    more.hidden?.includes(id) === true ? null : scope.steps.find((step) => step.id === id);
  return stepValues(
    paths.map((path) => path.split(".")),
    () => ids,
    find,
    more.read ?? inline,
  );
}

describe("the values of a step", () => {
  it("has each field that is read", () => {
    expect(
      read(["steps.text.output", "steps.text.status", "steps.text.exit_code", "steps.text.stderr", "steps.text.error"]),
    ).toEqual({
      text: { output: "hello", status: "succeeded", exit_code: 0, stderr: "noise", error: null },
    });
    expect(read(["steps.broken.error", "steps.broken.output"])).toEqual({
      broken: {
        error: { class: "exit", code: "exit_2", message: "it ended", help: "mend it", partial: "half" },
        output: null,
      },
    });
  });

  it("lists outputs of the items that succeeded, and all results", () => {
    const y = {
      item: "y",
      index: 1,
      status: "failed",
      output: null,
      error: { class: "refused", code: "no", message: "no" },
      attempts: 1,
    };
    expect(read(["steps.fan.output", "steps.fan.failed"])).toEqual({ fan: { output: [1, 3], failed: [y] } });
    expect(valueAt({ steps: read(["steps.fan.results"]) }, ["steps", "fan", "results"])).toEqual([
      { item: "x", index: 0, status: "succeeded", output: 1, error: null, attempts: 1 },
      y,
      { item: "x", index: 2, status: "succeeded", output: 3, error: null, attempts: 1 },
    ]);
  });

  it("loads nothing that nobody reads", () => {
    const loaded: ValueRef[] = [];
    const note = (ref: ValueRef): Json => {
      loaded.push(ref);
      return null;
    };
    read(["steps.text.status", "steps.fan.status", "inputs.n"], { read: note });
    expect(loaded).toEqual([]);
  });

  it("of a step that had not ended when the gate opened, is null throughout", () => {
    expect(read(["steps.text.output", "steps.text.status", "steps.broken.status"], { hidden: ["text"] })).toEqual({
      text: { output: null, status: null },
      broken: { status: "failed" },
    });
  });

  it("of a step as a whole, has every field; of a step that is none, nothing", () => {
    expect(Object.keys((read(["steps.text"]) as { text: object }).text)).toEqual([
      "output",
      "status",
      "error",
      "results",
      "failed",
      "exit_code",
      "status_code",
      "stderr",
      "by",
    ]);
    expect(read(["steps.constructor.output", "steps.text.__proto__"])).toEqual({ text: {} });
  });
});

describe("the value under a path, for fingerprints", () => {
  it.each<[string, Json]>([
    ["inputs.deep.a", 1],
    ["inputs.missing", null],
    ["inputs.deep.a.further", null],
    ["inputs.list.name", [{ name: 1 }]],
    ["inputs.toString", null],
    ["nothing", null],
  ])("%s is %j", (path, expected) => {
    expect(valueAt({ inputs: { deep: { a: 1 }, list: [{ name: 1 }] } }, path.split("."))).toEqual(expected);
  });
});

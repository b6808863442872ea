import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { FormReader, type Place } from "../manifest/form-reader.ts";
import { readDocument } from "../manifest/read.ts";
import type { Plan } from "../plan/types.ts";
import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";
import { readExpect } from "./read-expect.ts";
import { readStubs } from "./read-stub.ts";
import { TEST_FORMAT, type Expectation, type Stub, type TestFile, type WorkflowTest } from "./test-file.ts";

const SUFFIX = /\.test\.(ya?ml)$/;

/** What tests have in common, and what a case may have of its own. */
const shared = ["description", "inputs", "stubs", "recording", "variant"] as const;

/** Finds the plan of the workflow, by its path relative to the test file; null where it is none (told by whoever finds it). */
export type PlanOf = (workflow: string) => Plan | null;

/** Whether a path is that of a test file. */
export function isTestFile(path: string): boolean {
  return SUFFIX.test(path);
}

/**
 * Reads a test file (schemas/test.v1.json), all that is wrong with it at once; names of steps, inputs and outputs are
 * held against the workflow. ok with null: the workflow itself is wrong.
 */
export function readTests(source: SourceFile, planOf: PlanOf): Result<TestFile | null, readonly Diagnostic[]> {
  const document = readDocument(source);
  if (!document.ok) return document;
  const reader = new FormReader(document.value);
  const file = reader.map(reader.root, "a test file", ["muster_test", "workflow", "tests", ...shared]);
  const format = file && reader.integer(file("muster_test"), "muster_test", 1);
  if (file === null || format === null) return err(reader.diagnostics);
  if (format !== TEST_FORMAT) {
    const message = `the file has format ${format}, and this version of muster reads format ${TEST_FORMAT}`;
    reader.problem(file("muster_test"), "WF2004", message, "use the version of muster that it was written for");
  }
  const named = reader.optional(file("workflow"), (place) => reader.text(place, "workflow"));
  const plan = planOf(named ?? besideOf(source.path));
  if (plan === null) return reader.diagnostics.length > 0 ? err(reader.diagnostics) : ok(null);
  const before = partsOf(reader, (key) => (key === "expect" ? NOTHING : file(key)), plan, nothing);
  const entries = reader.entries(file("tests"), "tests");
  if (entries.length === 0 && reader.diagnostics.length === 0)
    reader.problem(
      reader.root,
      "WF2002",
      "the file has no tests",
      "tests: { its name: { expect: { status: succeeded } } }",
    );
  const tests = entries.flatMap(([name, place]) => testsOf(reader, name, place, plan, before));
  return reader.diagnostics.length > 0 ? err(reader.diagnostics) : ok({ path: source.path, tests });
}

/** `review.test.yaml` is about `review.yaml`. */
function besideOf(path: string): string {
  return (path.split(/[\\/]/).at(-1) ?? path).replace(SUFFIX, ".$1");
}

type Parts = Omit<WorkflowTest, "name" | "line">;

const nothing: Parts = { inputs: {}, stubs: [], recording: null, variant: null, expect: [] };

/** A test, or each of its cases. */
function testsOf(reader: FormReader, name: string, place: Place, plan: Plan, before: Parts): readonly WorkflowTest[] {
  const test = reader.map(place, `the test '${name}'`, [...shared, "expect", "cases"]);
  if (test === null) return [];
  const parts = partsOf(reader, test, plan, before);
  if (test("cases").value === undefined) return madeOf(reader, name, place, parts);
  const cases = casesOf(reader, test("cases"));
  return cases.flatMap(([label, at]) => {
    const one = reader.map(at, `the case '${label}'`, ["name", ...shared, "expect"]);
    return one === null ? [] : madeOf(reader, `${name} / ${label}`, at, partsOf(reader, one, plan, parts));
  });
}

function madeOf(reader: FormReader, name: string, place: Place, parts: Parts): readonly WorkflowTest[] {
  if (parts.expect.length === 0 && reader.diagnostics.length === 0)
    reader.problem(
      place,
      "WF2002",
      `'${name}' expects nothing`,
      "a test that cannot fail says nothing: expect: { status: succeeded }",
      "key",
    );
  return [{ name, line: reader.lineOf(place), ...parts }];
}

/** Cases by name, or in a list, with or without a `name`. */
function casesOf(reader: FormReader, place: Place): readonly (readonly [string, Place])[] {
  if (isJsonObject(place.value)) return reader.entries(place, "cases");
  return reader.list(place, "cases").map((at, index) => {
    const name = isJsonObject(at.value) ? at.value["name"] : undefined;
    return [typeof name === "string" ? name : String(index + 1), at];
  });
}

/** What a file cannot expect: its tests do. */
const NOTHING: Place = { value: undefined, pointer: [] };

type PartKey = (typeof shared)[number] | "expect";

/** What is written here over what is written around it. */
function partsOf(reader: FormReader, at: (key: PartKey) => Place, plan: Plan, before: Parts): Parts {
  reader.optional(at("description"), (place) => reader.text(place, "description"));
  const recording = reader.optional(at("recording"), (place) => reader.text(place, "recording"));
  const variant = reader.optional(at("variant"), (place) => reader.text(place, "variant"));
  const stubs: readonly Stub[] = at("stubs").value === undefined ? [] : readStubs(reader, at("stubs"), plan);
  const expect: Place = at("expect");
  return {
    inputs: { ...before.inputs, ...inputsOf(reader, at("inputs"), plan) },
    stubs: [...stubs, ...before.stubs],
    recording: recording ?? before.recording,
    variant: variant ?? before.variant,
    expect: merged(before.expect, expect.value === undefined ? [] : readExpect(reader, expect, plan)),
  };
}

function inputsOf(reader: FormReader, place: Place, plan: Plan): JsonObject {
  const inputs: { [name: string]: Json } = {};
  for (const [name, at] of reader.entries(place, "inputs")) {
    if (Object.hasOwn(plan.inputs, name)) inputs[name] = at.value ?? null;
    else reader.problem(at, "WF3001", `the workflow has no input '${name}'`, null, "key");
  }
  return inputs;
}

/** What a case says of a thing replaces what the test says of it. */
function merged(before: readonly Expectation[], own: readonly Expectation[]): readonly Expectation[] {
  const said = new Set(own.flatMap((each) => subjectOf(each) ?? []));
  return [...before.filter((each) => !said.has(subjectOf(each) ?? "")), ...own];
}

function subjectOf(each: Expectation): string | null {
  if (each.kind === "assert") return null;
  if (each.kind === "step" || each.kind === "attempts")
    return `${each.kind === "step" ? "step" : "attempts"} ${each.path}`;
  return each.kind === "output" ? `output ${each.name}` : each.kind;
}

import { suggest } from "../diagnostic/suggest.ts";
import type { FormReader, Place } from "../manifest/form-reader.ts";
import { stepPaths } from "../plan/step-paths.ts";
import { failureClasses, type Plan, type PlannedStep } from "../plan/types.ts";
import { parseDuration } from "../util/duration.ts";
import { isJsonObject, type Json } from "../util/json.ts";
import { findStep, parseStepName } from "./step-name.ts";
import type { Stub, StubAnswer, StubExtra, StubOutcome, StubUsage } from "./test-file.ts";

const keys = [
  "output",
  "usage",
  "exit_code",
  "stderr",
  "status_code",
  "fail",
  "refuse",
  "approve",
  "reject",
  "unanswered",
  "delay",
] as const;
type Key = (typeof keys)[number];

/** Of these a stub has one, or none and a `delay`. */
const outcomes = ["output", "fail", "refuse", "approve", "reject", "unanswered"] as const;

/** The stubs of a test by the names of their steps. */
export function readStubs(reader: FormReader, place: Place, plan: Plan): readonly Stub[] {
  return reader.entries(place, "stubs").flatMap(([name, at]) => stubOf(reader, name, at, plan) ?? []);
}

function stubOf(reader: FormReader, name: string, place: Place, plan: Plan): Stub | null {
  const found = namedStep(reader, name, place, plan);
  if (found === null) return null;
  const { step } = found;
  const list = Array.isArray(place.value) ? reader.list(place, name) : [place];
  if (list.length === 0) return reader.problem(place, "WF2005", `the list of stubs of '${name}' is empty`);
  const answers = list.flatMap((each) => answerOf(reader, name, each, step) ?? []);
  const [first, ...others] = answers;
  return first === undefined ? null : { step: found.name, name, answers: [first, ...others] };
}

/** The step, or item, that a key names; tells when there is none. */
export function namedStep(
  reader: FormReader,
  name: string,
  place: Place,
  plan: Plan,
): { readonly name: NonNullable<ReturnType<typeof parseStepName>>; readonly step: PlannedStep } | null {
  const parsed = parseStepName(name);
  if (parsed === null)
    return reader.problem(
      place,
      "WF2005",
      `'${name}' is no name of a step`,
      "write it as draft, draft[2], group/inner or group[1]/inner",
      "key",
    );
  const step = findStep(plan, parsed.ids);
  const path = parsed.ids.join("/");
  if (step === null) {
    const near = suggest(path, stepPaths(plan));
    const help = near === null ? null : `did you mean '${near}'?`;
    return reader.problem(place, "WF3002", `the workflow has no step '${path}'`, help, "key");
  }
  const wrong = parsed.ids.find((_, i) => {
    if (parsed.items[i] === null) return false;
    const each = findStep(plan, parsed.ids.slice(0, i + 1));
    return each !== null && each.fan === null && each.repeat === null;
  });
  if (wrong !== undefined)
    return reader.problem(place, "WF2005", `'${wrong}' has no items: it has neither for_each nor matrix`, null, "key");
  return { name: parsed, step };
}

function answerOf(reader: FormReader, name: string, place: Place, step: PlannedStep): StubAnswer | null {
  const { kind } = step.body;
  if (kind === "steps" || kind === "uses") {
    const inner = `stub the steps inside: ${name}/STEP`;
    return reader.problem(place, "WF2005", `'${name}' is a group or a sub-workflow and answers nothing itself`, inner);
  }
  const stub = reader.map(place, `the stub of '${name}'`, keys);
  if (stub === null) return null;
  const delay = reader.optional(stub("delay"), (value) => durationOf(reader, value));
  const said = outcomes.filter((key) => stub(key).value !== undefined);
  if (said.length > 1)
    return reader.problem(
      place,
      "WF2005",
      `a stub has one of ${said.join(" and ")}`,
      "a list has one for each attempt",
    );
  const [key] = said;
  if (key === undefined && stub("delay").value === undefined)
    return reader.problem(
      place,
      "WF2002",
      `the stub of '${name}' says nothing`,
      `it has one of ${outcomes.join(", ")}`,
    );
  if (!isMeant(reader, key, answering(step), stub)) return null;
  const outcome = key === undefined ? ({ kind: "default" } as const) : outcomeOf(reader, key, stub, name);
  return outcome === null ? null : { delayMs: delay ?? 0, outcome };
}

/** Who answers for a step: it is of one kind, but for a `handoff` to agents and people. */
function answering({ body, handoff = [] }: PlannedStep): readonly string[] {
  if (handoff.length === 0) return [body.kind];
  const kinds = handoff.map(({ approval }) => (approval === null ? "agent" : "approval"));
  return [...new Set(kinds)];
}

/** Whether one of the kinds can answer so. */
function isMeant(
  reader: FormReader,
  key: (typeof outcomes)[number] | undefined,
  kinds: readonly string[],
  stub: (key: Key) => Place,
): boolean {
  const only = (keysOf: readonly Key[], meant: string): boolean => {
    const wrong = keysOf.find((each) => stub(each).value !== undefined);
    if (wrong === undefined || kinds.includes(meant)) return true;
    reader.problem(
      stub(wrong),
      "WF2005",
      `'${wrong}' is for ${meant} steps, and this is a step of kind ${kinds.join(" and ")}`,
      null,
      "key",
    );
    return false;
  };
  const before = reader.diagnostics.length;
  only(["approve", "reject", "unanswered"], "approval");
  only(["refuse", "usage"], "agent");
  only(["exit_code", "stderr"], "run");
  only(["status_code"], "http");
  for (const extra of ["usage", "exit_code", "stderr", "status_code"] as const) {
    if (stub(extra).value !== undefined && key !== "output")
      reader.problem(stub(extra), "WF2005", `'${extra}' goes with 'output'`, null, "key");
  }
  if (key === "output" && kinds.join() === "approval")
    reader.problem(stub("output"), "WF2005", "an approval is answered with 'approve' or 'reject'", null, "key");
  return reader.diagnostics.length === before;
}

function outcomeOf(
  reader: FormReader,
  key: (typeof outcomes)[number],
  stub: (key: Key) => Place,
  name: string,
): StubOutcome | null {
  const place = stub(key);
  switch (key) {
    case "output":
      return outputOf(reader, stub);
    case "fail":
      return failureOf(reader, place, name);
    case "refuse":
      if (place.value === true) return { kind: "refuse", text: "I cannot help with that." };
      return orNull(reader.text(place, "refuse"), (text) => ({ kind: "refuse", text }));
    case "approve":
    case "reject":
      return verdictOf(reader, key, place);
    case "unanswered":
      if (place.value === true) return { kind: "unanswered" };
      return reader.problem(place, "WF2004", "unanswered must be true");
  }
}

function outputOf(reader: FormReader, stub: (key: Key) => Place): StubOutcome | null {
  const usage = reader.optional(stub("usage"), (place) => usageOf(reader, place));
  const exit = reader.optional(stub("exit_code"), (place) => reader.integer(place, "exit_code", 0));
  const status = reader.optional(stub("status_code"), (place) => reader.integer(place, "status_code", 100));
  const stderr = reader.optional(stub("stderr"), (place) => reader.text(place, "stderr"));
  const extra: StubExtra = {
    ...(exit === null ? {} : { exit_code: exit }),
    ...(stderr === null ? {} : { stderr }),
    ...(status === null ? {} : { status_code: status }),
  };
  return { kind: "output", output: stub("output").value as Json, usage, extra };
}

function usageOf(reader: FormReader, place: Place): StubUsage | null {
  const usage = reader.map(place, "usage", ["input_tokens", "output_tokens"]);
  if (usage === null) return null;
  const inputTokens = reader.integer(usage("input_tokens"), "input_tokens", 0);
  const outputTokens = reader.integer(usage("output_tokens"), "output_tokens", 0);
  return inputTokens === null || outputTokens === null ? null : { inputTokens, outputTokens };
}

function failureOf(reader: FormReader, place: Place, name: string): StubOutcome | null {
  const message = `the test lets '${name}' fail`;
  if (!isJsonObject(place.value)) {
    const failureClass = reader.oneOf(place, "fail", failureClasses);
    return orNull(failureClass, (found) => ({ kind: "fail", class: found, code: found, message }));
  }
  const fail = reader.map(place, "fail", ["class", "code", "message"]);
  const failureClass = fail && reader.oneOf(fail("class"), "class", failureClasses);
  if (fail === null || failureClass === null) return null;
  const code = reader.optional(fail("code"), (value) => reader.text(value, "code"));
  const said = reader.optional(fail("message"), (value) => reader.text(value, "message"));
  return { kind: "fail", class: failureClass, code: code ?? failureClass, message: said ?? message };
}

function verdictOf(reader: FormReader, kind: "approve" | "reject", place: Place): StubOutcome | null {
  if (place.value === true) return { kind, by: "test", comment: null, input: null };
  if (typeof place.value === "string") return { kind, by: "test", comment: place.value, input: null };
  const fields = kind === "approve" ? (["by", "comment", "input"] as const) : (["by", "comment"] as const);
  const said = reader.map<"by" | "comment" | "input">(place, kind, fields);
  if (said === null) return null;
  const by = reader.optional(said("by"), (value) => reader.text(value, "by"));
  const comment = reader.optional(said("comment"), (value) => reader.text(value, "comment"));
  return { kind, by: by ?? "test", comment, input: said("input").value ?? null };
}

function durationOf(reader: FormReader, place: Place): number | null {
  const text = reader.text(place, "delay");
  const ms = text === null ? null : parseDuration(text);
  if (text === null || ms !== null) return ms;
  return reader.problem(place, "WF2005", `'${text}' is no duration`, "write it as 500ms, 90s, 5m, 1h30m or 7d");
}

function orNull<T>(value: T | null, make: (value: T) => StubOutcome): StubOutcome | null {
  return value === null ? null : make(value);
}

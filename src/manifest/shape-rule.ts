import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import { parseDuration } from "../util/duration.ts";
import { checkDrivers } from "./driver-rule.ts";
import { checkFileKeys } from "./file-rule.ts";
import type { Pointer } from "./pointer.ts";
import type { ProblemList } from "./problem-list.ts";
import { checkServers } from "./server-rule.ts";
import { writtenSteps } from "./written-step.ts";

/**
 * Rules between keys that the schema does not say. Looks only at what has the right type; the rest is reported already.
 */
export function checkShape(manifest: JsonObject, problems: ProblemList): void {
  checkRetry(objectAt(manifest, "defaults"), ["defaults"], problems);
  checkVariants(manifest, problems);
  checkEvents(objectAt(manifest, "events"), problems);
  checkDrivers(objectAt(manifest, "agents"), problems);
  checkServers(objectAt(manifest, "agents"), problems);
  const places = new Map<string, Pointer>();
  for (const { id, pointer, step } of writtenSteps(manifest)) {
    checkId(id, pointer, places, problems);
    checkFan(step, pointer, problems);
    checkStages(step, pointer, problems);
    checkRetry(step, pointer, problems);
    const not = (key: string, message: string, help: string): void =>
      problems.add("WF2015", [...pointer, key], message, { part: "key", help });
    if (Array.isArray(step["run"]) && step["shell"] !== undefined) {
      not(
        "shell",
        "'shell' has no meaning where 'run' is a list",
        "a list starts the program itself, without a shell; write the script as a text, or take 'shell' out",
      );
    }
    checkApproval(step, pointer, problems);
    checkHandoff(step, pointer, problems);
    checkFileKeys(step, not);
    if (step["state"] !== undefined && step["idempotent"] !== undefined) {
      not("idempotent", "'idempotent' has no meaning for 'state', whose changes are done exactly once", "take it out");
    }
    const written = stateWrites.find((key) => Object.hasOwn(objectAt(step, "state"), key));
    if (written !== undefined && step["output"] !== undefined) {
      not("output", `'output' has no meaning for '${written}', which gives what it has written`, "take it out");
    }
    const { for: span, until } = objectAt(step, "wait");
    if (span !== undefined && until !== undefined) {
      problems.add("WF2015", [...pointer, "wait", "until"], "'wait' has both 'for' and 'until'", {
        part: "key",
        help: "take one of them out",
      });
    }
  }
}

/** Operations of `state` that change something: a schema could only refuse what is done already. */
const stateWrites = ["set", "delete", "increment", "compare_and_set"];

/** `variants` stand in place of the steps and of all that is made of them. */
function checkVariants(manifest: JsonObject, problems: ProblemList): void {
  const variants = objectAt(manifest, "variants");
  const names = Object.keys(variants);
  if (names.length === 0) return;
  for (const [key, help] of [
    ["steps", "take one of them out; a variant is a workflow in a file of its own"],
    ["outputs", "the outputs of a run are those of the variant that it takes: take them out"],
    ["score", "the score of a run is that of the variant that it takes: write it there"],
  ] as const) {
    if (!Object.hasOwn(manifest, key)) continue;
    const related = { pointer: ["variants"], part: "key", message: "'variants' is here" } as const;
    problems.add("WF2015", [key], `'${key}' and 'variants' in one workflow`, { part: "key", help, related });
  }
  const weights = Object.values(variants).map((variant) => (isJsonObject(variant) ? (variant["weight"] ?? 1) : 1));
  if (weights.every((weight) => weight === 0)) {
    const help = "give one of them a weight; a variant of weight 0 runs only by `--variant`";
    problems.add("WF2005", ["variants"], "no variant has a weight above 0", { part: "key", help });
  }
  const last = objectAt(manifest, "finally");
  for (const name of names.filter((each) => Object.hasOwn(last, each)))
    problems.add("WF2017", ["finally", name], `there is a variant '${name}' in this file`, {
      part: "key",
      help: "a name stands for one thing of the file: rename one of them",
      related: { pointer: ["variants", name], part: "key", message: `'${name}' is here` },
    });
}

function checkEvents(events: JsonObject, problems: ProblemList): void {
  if (!Object.hasOwn(events, "keep") || Object.hasOwn(events, "file")) return;
  problems.add("WF2015", ["events", "keep"], "'keep' without 'file'", {
    part: "key",
    help: "say where the copy is written: `file: audit.ndjson`",
  });
}

/** Names of steps are unique in the file, so that `steps.NAME` has one meaning wherever it stands. */
function checkId(id: string, pointer: Pointer, places: Map<string, Pointer>, problems: ProblemList): void {
  const first = places.get(id);
  if (first === undefined) {
    places.set(id, pointer);
    return;
  }
  problems.add("WF2017", pointer, `there is another step '${id}' in this file`, {
    part: "key",
    help: "a name stands for one step of the file, inside of groups and `finally` too: rename one of them",
    related: { pointer: first, part: "key", message: `'${id}' is here` },
  });
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value: Json | undefined = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(value) ? value : {};
}

const fanKeys = ["join", "max_parallel", "max_items", "fail_fast", "batch_api"];
/** Keys that a `matrix` does not take. */
const listKeys = ["item_key", "batch"];
const allKeys = [...fanKeys, ...listKeys];

function checkFan(step: JsonObject, pointer: Pointer, problems: ProblemList): void {
  const fans = ["for_each", "matrix"].filter((key) => Object.hasOwn(step, key));
  const keys = fans.length === 0 ? allKeys : fans[0] === "matrix" ? listKeys : [];
  // A key of another kind is told as that.
  const written = keys.filter(
    (key) => Object.hasOwn(step, key) && (key !== "batch_api" || step["agent"] !== undefined),
  );
  const [first] = written;
  if (fans.length === 2) {
    problems.add("WF2015", [...pointer, "matrix"], "'matrix' and 'for_each' on one step", {
      part: "key",
      help: "take one of them out, or put the step into a group (`steps`) that has the other",
    });
    return;
  }
  if (first !== undefined) {
    problems.add("WF2015", [...pointer, first], `${written.map((key) => `'${key}'`).join(", ")} without 'for_each'`, {
      part: "key",
      help: fans.length === 0 ? "add `for_each`, or take it out" : "a `matrix` is written out: take it out",
    });
    return;
  }
  if (step["batch"] !== undefined && step["join"] === "any") {
    problems.add("WF2015", [...pointer, "batch"], "'batch' has no meaning with `join: any`, which wants one item", {
      part: "key",
      help: "take one of them out",
    });
  }
  if (step["fail_fast"] === true && step["join"] === "settled") {
    problems.add(
      "WF2015",
      [...pointer, "fail_fast"],
      "'fail_fast' has no meaning with `join: settled`, which no item can fail",
      { part: "key", help: "take one of them out" },
    );
  }
}

/** Which kinds of stages a step can have. */
function checkStages(step: JsonObject, pointer: Pointer, problems: ProblemList): void {
  const not = (key: string, message: string, help: string): void =>
    problems.add("WF2015", [...pointer, key], message, { part: "key", help });
  for (const key of ["fallback", "repeat"]) {
    if (step[key] === undefined || step["handoff"] === undefined) continue;
    not(key, `'${key}' and 'handoff' on one step`, "'handoff' has stages of its own: take one of them out");
  }
  if (step["fallback"] === undefined || step["handoff"] !== undefined) return;
  if (step["agent"] === undefined) {
    not(
      "fallback",
      "'fallback' names agents and models, and this step has none",
      step["approval"] === undefined ? "use `on_error` or `retry`" : "use `on_error`",
    );
  }
}

/** Keys that say nothing about a question to a person, each with what to write instead. */
const notOfApprovals: { readonly [key: string]: readonly [why: string, help: string] } = {
  timeout: ["a person is waited for under a limit of its own", "write `approval: { timeout: ... }`"],
  retry: ["a person who has answered is not asked again", "take it out; `on_error` catches a rejection"],
  output: ["an approval gives `{ by, comment, input }`", "write the schema of `input` as `approval: { input: ... }`"],
  idempotent: ["an approval does nothing that could be done twice", "take it out"],
};

function checkApproval(step: JsonObject, pointer: Pointer, problems: ProblemList): void {
  const { approval } = step;
  if (approval === undefined) return;
  for (const [key, [why, help]] of Object.entries(notOfApprovals)) {
    if (step[key] === undefined) continue;
    problems.add("WF2015", [...pointer, key], `'${key}' has no meaning for 'approval': ${why}`, { part: "key", help });
  }
  checkDeadline(approval, [...pointer, "approval"], problems);
}

function checkDeadline(approval: Json, pointer: Pointer, problems: ProblemList): void {
  if (!isJsonObject(approval) || approval["on_timeout"] === undefined || approval["timeout"] !== undefined) return;
  problems.add("WF2015", [...pointer, "on_timeout"], "'on_timeout' without 'timeout'", {
    part: "key",
    help: "say how long it waits with `timeout`, or take it out",
  });
}

/** An entry is an agent or a person. */
function checkHandoff(step: JsonObject, pointer: Pointer, problems: ProblemList): void {
  const { handoff } = step;
  if (!Array.isArray(handoff)) return;
  (handoff as readonly Json[]).forEach((entry, index) => {
    if (!isJsonObject(entry)) return;
    const at = [...pointer, "handoff", index];
    const not = (key: string, message: string, help: string): void =>
      problems.add("WF2015", [...at, key], message, { part: "key", help });
    const { agent, approval } = entry;
    if (approval === undefined) {
      if (agent === undefined)
        problems.add("WF2015", at, "an entry of 'handoff' needs an agent or an approval", {
          help: "write `{ agent: NAME }` or `{ approval: { prompt: ... } }`",
        });
      return;
    }
    if (agent !== undefined)
      return not("approval", "one entry of 'handoff' with an agent and an approval", "make two entries of it");
    if (isJsonObject(approval) && approval["input"] !== undefined)
      problems.add("WF2015", [...at, "approval", "input"], "what a person fills in here is the output of the step", {
        part: "key",
        help: "write its schema as `output` of the step",
      });
    checkDeadline(approval, [...at, "approval"], problems);
  });
}

function checkRetry(owner: JsonObject, pointer: Pointer, problems: ProblemList): void {
  const { delay, max_delay: longest } = objectAt(owner, "retry");
  if (typeof delay !== "string" || typeof longest !== "string") return;
  const [delayMs, longestMs] = [parseDuration(delay), parseDuration(longest)];
  if (delayMs !== null && longestMs !== null && longestMs < delayMs) {
    problems.add(
      "WF2015",
      [...pointer, "retry", "max_delay"],
      `'max_delay' (${longest}) is shorter than 'delay' (${delay})`,
    );
  }
}

import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import { parseDuration } from "../util/duration.ts";
import type { Pointer } from "./pointer.ts";
import type { ProblemList } from "./problem-list.ts";

/**
 * Rules between keys that the schema does not say. Looks only at what has the right type; the rest is reported already.
 */
export function checkShape(manifest: JsonObject, problems: ProblemList): void {
  checkRetry(objectAt(manifest, "defaults"), ["defaults"], problems);
  for (const [id, step] of Object.entries(objectAt(manifest, "steps"))) {
    if (!isJsonObject(step)) continue;
    checkFan(step, ["steps", id], problems);
    checkRetry(step, ["steps", id], problems);
    if (Array.isArray(step["run"]) && step["shell"] !== undefined) {
      problems.add("WF2015", ["steps", id, "shell"], "'shell' has no meaning where 'run' is a list", {
        part: "key",
        help: "a list starts the program itself, without a shell; write the script as a text, or take 'shell' out",
      });
    }
  }
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value: Json | undefined = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(value) ? value : {};
}

const fanKeys = ["join", "max_parallel", "max_items", "fail_fast"];

function checkFan(step: JsonObject, pointer: Pointer, problems: ProblemList): void {
  const written = fanKeys.filter((key) => Object.hasOwn(step, key));
  const [first] = written;
  const fans = ["for_each", "matrix"].some((key) => Object.hasOwn(step, key));
  if (first !== undefined && !fans) {
    problems.add("WF2015", [...pointer, first], `${written.map((key) => `'${key}'`).join(", ")} without 'for_each'`, {
      part: "key",
      help: "add `for_each`, or take it out",
    });
    return;
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

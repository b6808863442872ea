import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import type { Pointer } from "./pointer.ts";

/** A step as data, before anything is known of its form but that it is a map. */
export interface WrittenStep {
  readonly id: string;
  readonly pointer: Pointer;
  readonly step: JsonObject;
}

/** All steps of a manifest in the order of the file: those at the top, those inside of groups, those of `finally`. */
export function* writtenSteps(manifest: JsonObject): Generator<WrittenStep> {
  yield* stepsOf(manifest["steps"], ["steps"]);
  yield* stepsOf(manifest["finally"], ["finally"]);
}

function* stepsOf(steps: Json | undefined, pointer: Pointer): Generator<WrittenStep> {
  if (!isJsonObject(steps)) return;
  for (const [id, step] of Object.entries(steps)) {
    if (!isJsonObject(step)) continue;
    const own = [...pointer, id];
    yield { id, pointer: own, step };
    if (step["steps"] !== undefined) yield* stepsOf(step["steps"], [...own, "steps"]);
  }
}

/** Where a step stands, by its path (`group/inner`); for one in another file, the step that uses that file. null = nowhere. */
export function stepPointer(data: Json, path: string): Pointer | null {
  const ids = path.replace(/\[\d+\]/g, "").split("/");
  let found: Pointer | null = null;
  if (!isJsonObject(data)) return found;
  // Names are unique in a file: the deepest one of the path that this file has.
  for (const { id, pointer } of writtenSteps(data))
    if (ids.includes(id) && pointer.length >= (found?.length ?? 0)) found = pointer;
  return found;
}

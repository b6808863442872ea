import type { Json, JsonObject } from "../util/json.ts";
import { artifactJson, mergeArtifacts, type Artifact } from "./artifact.ts";
import type { Failure } from "./failure.ts";
import type { ItemRecord, StepRecord } from "./state.ts";
import type { ValueRef } from "./value-ref.ts";

/** Gives the value behind a reference. */
export type ReadValue = (ref: ValueRef) => Json;

/** What `steps.x.output` gives: for a `for_each` the successful outputs in item order, or the winner's. */
export function stepOutput(step: StepRecord, read: ReadValue): Json {
  if (step.output !== null) return read(step.output);
  if (step.items === null || step.status !== "succeeded") return null;
  if (step.winner !== null) return readOrNull(step.items[step.winner]?.output ?? null, read);
  const outputs = step.items.filter((item) => item.status === "succeeded").map((item) => readOrNull(item.output, read));
  return step.batch?.flatten === true
    ? outputs.flatMap((output) => (Array.isArray(output) ? (output as Json[]) : [output]))
    : outputs;
}

/**
 * The files that a step left behind, each path once: those of its steps inside and of its items, in their order, the
 * later one winning.
 */
export function stepArtifacts(step: StepRecord, read: ReadValue): readonly Artifact[] {
  const lists: (readonly Artifact[])[] = [];
  const add = (unit: Pick<StepRecord, "artifacts" | "inner">): void => {
    if (unit.artifacts !== null) lists.push(read(unit.artifacts) as unknown as readonly Artifact[]);
    for (const inner of unit.inner?.steps ?? []) lists.push(stepArtifacts(inner, read));
  };
  add(step);
  step.items?.forEach(add);
  return [...mergeArtifacts(lists).values()];
}

/** What `steps.x.results` gives: one entry an item, also where items were worked on in batches; or one a round. */
export function stepResults(step: StepRecord, read: ReadValue): JsonObject[] {
  const units = step.items ?? step.rounds ?? [];
  if (step.batch?.flatten !== true) return units.map((unit, index) => unitJson(unit, index, read));
  return units
    .flatMap((unit) => {
      const { output, ...rest } = unitJson(unit, 0, read);
      const items = unit.item as readonly Json[];
      return items.map((item, i) => ({
        ...rest,
        item,
        output: (Array.isArray(output) ? (output as Json[])[i] : output) ?? null,
      }));
    })
    .map((result, index) => ({ ...result, index }));
}

/** One entry of `steps.x.results`. */
function unitJson(unit: ItemRecord, index: number, read: ReadValue): { [name: string]: Json } {
  return {
    item: unit.item,
    index,
    status: unit.status,
    output: readOrNull(unit.output, read),
    error: errorJson(unit.failure),
    attempts: unit.attempts,
    ...(unit.isFromCache === true ? { from_cache: true } : {}),
    ...(unit.artifacts === null ? {} : { artifacts: artifactsJson(unit.artifacts, read) }),
  };
}

/** Artifacts by path. */
function artifactsJson(ref: ValueRef, read: ReadValue): JsonObject {
  const artifacts = read(ref) as unknown as readonly Artifact[];
  return Object.fromEntries(artifacts.map((artifact) => [artifact.path, artifactJson(artifact)]));
}

/** A failure as users see it in expressions, reports and events. */
export function errorJson(failure: Failure | null): JsonObject | null {
  if (failure === null) return null;
  const { class: failureClass, code, message, help, partial } = failure;
  return {
    class: failureClass,
    code,
    message,
    ...(help === null ? {} : { help }),
    ...(partial === null ? {} : { partial }),
  };
}

function readOrNull(ref: ValueRef | null, read: ReadValue): Json {
  return ref === null ? null : read(ref);
}

import { canonicalJson } from "../../util/canonical-json.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { CallContext, ModelRequest } from "../provider.ts";
import { lineDiff } from "../../util/line-diff.ts";
import type { Recording, RecordingEntry } from "./recording.ts";

/** Entries and lines of each that are compared for the nearest one: the cost of a miss is bounded. */
const MOST_CANDIDATES = 200;
const MOST_LINES = 300;

/** The failure of a request that no entry answers: shows the nearest one that was recorded. Never retried. */
export function replayMiss(recording: Recording, request: ModelRequest, context: CallContext): Failure {
  const where = recording.path ?? "the recording";
  const asked = `step '${context.step}', attempt ${context.attempt}`;
  const nearest = nearestEntry(recording.entries, request, context.step);
  const lines = [`${where} has no answer to this request of ${asked}`];
  if (nearest?.request) {
    const line = nearest.line === null ? "" : ` (line ${nearest.line})`;
    const diff = lineDiff(linesOf(nearest.request), linesOf(request));
    lines.push(`the nearest is step '${nearest.step}', attempt ${nearest.attempt ?? "any"}${line}:`);
    lines.push(...(diff.length > 0 ? diff : ["(they differ further down)"]).map((text) => `  ${text}`));
  }
  return failure("invalid", "replay_miss", lines.join("\n"), {
    help:
      recording.origin === "recorded"
        ? "what is sent has changed since the recording was made: the workflow, its inputs, a file it reads, or the model; record it again"
        : `add an entry for \`step: ${context.step}\` to the recording`,
  });
}

/** Among the entries of the same step, else among all, the one whose text is closest. */
function nearestEntry(entries: readonly RecordingEntry[], request: ModelRequest, step: string): RecordingEntry | null {
  const told = entries.filter((entry) => entry.request !== null);
  const sameStep = told.filter((entry) => stepOf(entry.step) === stepOf(step));
  const wanted = linesOf(request).slice(0, MOST_LINES);
  let best: RecordingEntry | null = null;
  let bestDistance = Infinity;
  for (const entry of (sameStep.length > 0 ? sameStep : told).slice(0, MOST_CANDIDATES)) {
    if (entry.request === null) continue;
    const distance = distanceOf(linesOf(entry.request).slice(0, MOST_LINES), wanted);
    if (distance < bestDistance) {
      best = entry;
      bestDistance = distance;
    }
  }
  return best;
}

/** How many lines are only on one of the sides, whatever their order. */
function distanceOf(some: readonly string[], others: readonly string[]): number {
  const left = new Map<string, number>();
  for (const line of some) left.set(line, (left.get(line) ?? 0) + 1);
  let shared = 0;
  for (const line of others) {
    const count = left.get(line) ?? 0;
    if (count === 0) continue;
    left.set(line, count - 1);
    shared += 1;
  }
  return some.length + others.length - 2 * shared;
}

/** A request as lines, each named by the part it belongs to, so that a diff needs no context. */
function linesOf(request: ModelRequest): string[] {
  return [
    `model: ${request.model}`,
    `max_tokens: ${request.maxTokens}`,
    ...(request.temperature === null ? [] : [`temperature: ${request.temperature}`]),
    ...(request.effort === null ? [] : [`effort: ${request.effort}`]),
    ...(request.outputSchema === null ? [] : [`output_schema: ${canonicalJson(request.outputSchema)}`]),
    ...(request.system === null ? [] : named("system", request.system)),
    ...(request.tools ?? []).map(({ name }) => `tool: ${name}`),
    ...request.messages.flatMap(({ role, text, toolCalls = [], toolResults = [] }) => [
      ...(text === "" && toolCalls.length + toolResults.length > 0 ? [] : named(role, text)),
      ...toolCalls.map(({ name, input }) => `call: ${name} ${canonicalJson(input)}`),
      ...toolResults.flatMap((result) => named("result", result.text)),
    ]),
  ];
}

function named(part: string, text: string): string[] {
  return text.split("\n", MOST_LINES + 1).map((line) => `${part}: ${line}`);
}

/** `research` of `research[2]`. */
function stepOf(step: string): string {
  return step.replace(/\[\d+\]$/, "");
}

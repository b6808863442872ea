import { failure } from "../../run/failure.ts";
import type { CallContext, ModelEvent, ModelRequest, Provider } from "../provider.ts";
import { replayMiss } from "./miss.ts";
import type { RecordedOutcome, Recording, RecordingEntry } from "./recording.ts";
import { requestHash } from "./request-form.ts";

export interface ReplayOptions {
  readonly recording: Recording;
  /** Default `replay`. */
  readonly name?: string;
  /** Told of each entry that answers, each time. */
  readonly onUse?: (entry: RecordingEntry) => void;
  /** Answers what the recording does not. Default: nobody does. */
  readonly otherwise?: Provider;
}

/**
 * Answers from a recording, strictly: the request must be the recorded one. Among entries of the same request, those
 * of the same step and attempt answer call by call, the last one again and again. In a scripted recording an entry
 * without a request answers by its step: the most specific first (`STEP[2]` before `STEP`, a named attempt before
 * any), several alike one call after the other, the last one again and again. With `otherwise` it is not strict.
 */
export function createReplayProvider(options: ReplayOptions): Provider {
  const { recording, name = "replay", onUse, otherwise } = options;
  const byHash = groupBy(recording.entries, ({ requestHash }) => requestHash);
  const byStep = groupBy(recording.entries, ({ requestHash, step, attempt }) =>
    requestHash === null ? stepKey(step, attempt) : null,
  );
  // How often each group of entries was asked by each step: what the next answer depends on.
  const asked = new Map<string, number>();

  const nextOf = (entries: readonly RecordingEntry[], key: string): RecordingEntry | undefined => {
    const count = asked.get(key) ?? 0;
    asked.set(key, count + 1);
    return entries[Math.min(count, entries.length - 1)];
  };

  const entryFor = (request: ModelRequest, { step, attempt }: CallContext): RecordingEntry | undefined => {
    const hash = requestHash(request);
    const same = byHash.get(hash);
    if (same !== undefined) {
      const ofStep = same.filter((entry) => entry.step === step);
      const pool = ofStep.length > 0 ? ofStep : same;
      const exact = pool.filter((entry) => entry.attempt === attempt);
      return exact.length > 0 ? nextOf(exact, `${hash} ${step} ${attempt}`) : lastAttempt(pool);
    }
    const base = step.replace(/\[\d+\]$/, "");
    for (const key of [stepKey(step, attempt), stepKey(step, null), stepKey(base, attempt), stepKey(base, null)]) {
      const entries = byStep.get(key);
      if (entries !== undefined) return nextOf(entries, `${key} ${step}`);
    }
    return undefined;
  };

  return {
    name,
    origin: recording.origin,
    async *call(request, context): AsyncGenerator<ModelEvent> {
      if (context.signal.aborted) {
        yield { type: "failed", failure: failure("cancelled", "cancelled", "the call was cancelled"), usage: null };
        return;
      }
      const entry = entryFor(request, context);
      if (entry === undefined && otherwise !== undefined) {
        yield* otherwise.call(request, context);
        return;
      }
      if (entry === undefined) {
        yield { type: "failed", failure: replayMiss(recording, request, context), usage: null };
        return;
      }
      onUse?.(entry);
      if (entry.outcome.type === "done" && entry.outcome.reply.text !== "") {
        yield { type: "text", text: entry.outcome.reply.text };
      }
      yield lastEvent(entry.outcome, request.model);
    },
  };
}

function lastEvent(outcome: RecordedOutcome, askedModel: string): ModelEvent {
  if (outcome.type === "failed") return outcome;
  return { type: "done", reply: { ...outcome.reply, model: outcome.reply.model ?? askedModel } };
}

/** The entry of the latest attempt, the last of several. */
function lastAttempt(entries: readonly RecordingEntry[]): RecordingEntry | undefined {
  const latest = Math.max(...entries.map(({ attempt }) => attempt ?? 0));
  return entries.findLast(({ attempt }) => (attempt ?? 0) === latest);
}

function stepKey(step: string, attempt: number | null): string {
  return `${step} #${attempt ?? "any"}`;
}

function groupBy(
  entries: readonly RecordingEntry[],
  keyOf: (entry: RecordingEntry) => string | null,
): ReadonlyMap<string, readonly RecordingEntry[]> {
  const groups = new Map<string, RecordingEntry[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return groups;
}

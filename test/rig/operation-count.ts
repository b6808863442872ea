import { Session, type HeapProfiler, type Profiler } from "node:inspector";

/** What a piece of work did, on whatever machine. */
export interface Operations {
  /** How often blocks of code ran, over all functions. */
  readonly blocks: number;
  /** What was allocated, garbage too: an estimate from samples. What the engine copies itself shows here alone. */
  readonly bytes: number;
}

/** Of heap samples: small enough for an estimate within some percent. */
const SAMPLED_BYTES = 8192;

/** Counts what `work` does. It runs slowly meanwhile. Throws what it throws. */
export function countOperations(work: () => unknown): Operations {
  const session = new Session();
  session.connect();
  try {
    ask(session, "Profiler.enable", {});
    ask(session, "Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    const flags = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
    ask(session, "HeapProfiler.startSampling", { samplingInterval: SAMPLED_BYTES, ...flags });
    work();
    const { profile } = ask(session, "HeapProfiler.stopSampling", {}) as HeapProfiler.StopSamplingReturnType;
    const { result } = ask(session, "Profiler.takePreciseCoverage", {}) as Profiler.TakePreciseCoverageReturnType;
    const ranges = result.flatMap(({ functions }) => functions.flatMap((each) => each.ranges));
    return { blocks: ranges.reduce((sum, { count }) => sum + count, 0), bytes: bytesOf(profile.head) };
  } finally {
    session.disconnect();
  }
}

/** Sessions of the same thread answer before the call returns. */
function ask(session: Session, method: string, parameters: object): unknown {
  let answer: { readonly error: Error | null; readonly result: unknown } | null = null;
  session.post(method, parameters, (error, result) => (answer = { error, result }));
  if (answer === null) throw new Error(`${method} did not answer`);
  const { error, result } = answer as { readonly error: Error | null; readonly result: unknown };
  if (error !== null) throw error;
  return result;
}

function bytesOf({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((sum, child) => sum + bytesOf(child), selfSize);
}

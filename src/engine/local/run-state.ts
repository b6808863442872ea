import { UNTOLD } from "../../run/fact.ts";
import type { Lease, Store } from "../../store/store.ts";
import type { StateScope } from "../../store/state-change.ts";
import type { StateAccess } from "../step/handler.ts";
import type { CoreOptions } from "./core-options.ts";
import type { Start } from "./sink.ts";

export interface RunStateOptions extends Pick<CoreOptions, "facts" | "keep" | "now"> {
  readonly store: Store;
  readonly lease: Lease;
  /** The project's values stay as they are: the run changes a copy. */
  readonly isCopy: boolean;
  /** Runs what may throw as the run's own work; false when the run is over. */
  readonly guard: (work: () => void) => boolean;
}

/**
 * The values that an attempt may read and change. A change and the fact that the attempt has succeeded are one
 * transaction: whenever the runner dies, both are there or neither, so it is done exactly once.
 */
export function runState(start: Start, options: RunStateOptions): StateAccess {
  const { store, lease, facts, keep, now, isCopy, guard } = options;
  const scopeOf = (scope: "run" | "project"): StateScope => (scope === "project" && isCopy ? "copy" : scope);
  const guarded = <Value>(work: () => Value): Value | null => {
    let value: Value | null = null;
    return guard(() => (value = work())) ? value : null;
  };
  return {
    get: (scope, key) =>
      guarded(() => ({ value: store.stateOfRun(lease.runId, scopeOf(scope)).get(key)?.value ?? null })),
    list: (scope, prefix, limit) => guarded(() => store.stateOfRun(lease.runId, scopeOf(scope)).list(prefix, limit)),
    changeNow: (scope, change) =>
      guarded(() => store.changeState(lease, scopeOf(scope), change, () => ({ events: [], facts: [] }))),
    change: (scope, change) =>
      guarded(() =>
        store.changeState(lease, scopeOf(scope), change, (value) => {
          const started = facts.find(start.key, start.fingerprint);
          if (started === null) return { events: [], facts: [] };
          const outcome = {
            state: "succeeded",
            endedAt: now(),
            output: keep(value),
            extra: { [UNTOLD]: true },
          } as const;
          return { events: [], facts: [{ ...started, ...outcome }] };
        }),
      ),
  };
}

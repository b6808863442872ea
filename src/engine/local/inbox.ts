import type { Lease, Store } from "../../store/store.ts";
import { isJsonObject } from "../../util/json.ts";

/** What another process may ask of a run. */
export interface Asked {
  /** Stops the run (`step` null) or the steps of a path. */
  kill(step: string | null): void;
}

/** Takes the messages that wait for a run and does what they ask. Throws LeaseLostError. */
export function readInbox(store: Store, lease: Lease, run: Asked): void {
  for (const { kind, body } of store.takeInbox(lease)) {
    if (kind === "kill" && isJsonObject(body)) run.kill((body["step"] as string | null | undefined) ?? null);
  }
}

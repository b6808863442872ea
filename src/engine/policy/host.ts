import type { EventType } from "../../run/event.ts";
import type { Fact } from "../../run/fact.ts";
import type { Json } from "../../util/json.ts";
import type { Start } from "../local/sink.ts";

/** The run as its policies see it. */
export interface PolicyHost {
  /** Milliseconds since 1970. */
  now(): number;
  /** A fact, written with the next commit. */
  remember(fact: Fact): void;
  event(start: Start, type: EventType, data: { readonly [name: string]: Json }): void;
  /** Does something with the store; null when it cannot be done, and the run is over. */
  guarded<T>(work: () => T): T | null;
  /** Settles when all that was said so far is durable; false when the run is over. */
  committed(): Promise<boolean>;
}

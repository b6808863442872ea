import type { NumberedCall, ToolJournal } from "../../agent/tool-journal.ts";
import { toolKey } from "../../run/attempt-key.ts";
import { pureFact, type Fact } from "../../run/fact.ts";
import type { Json } from "../../util/json.ts";
import type { CoreOptions } from "./core-options.ts";
import type { Start } from "./sink.ts";

export interface ToolCallOptions extends Pick<CoreOptions, "facts" | "keep" | "read" | "now"> {
  readonly remember: (fact: Fact) => void;
  /** Settles when all that was said so far is durable; false when the run is over. */
  readonly committed: () => Promise<boolean>;
}

/** The calls of tools inside an attempt: that each began is a fact before it does anything, and so is what came of it. */
export function toolCalls(start: Start, options: ToolCallOptions): ToolJournal {
  const { facts, keep, read, now, remember, committed } = options;
  const factOf = ({ at, fingerprint }: NumberedCall): Fact | null => facts.find(toolKey(start.key, at), fingerprint);
  return {
    look(call) {
      const fact = factOf(call);
      if (fact === null) return null;
      if (fact.state === "started" || fact.output === null) return { state: "started" };
      return { state: "done", outcome: read(fact.output) };
    },
    begin(calls) {
      for (const call of calls) {
        const fact = pureFact(toolKey(start.key, call.at), call.fingerprint, { inline: null }, now());
        const starts = (factOf(call)?.starts ?? 0) + 1;
        remember({ ...fact, state: "started", starts, endedAt: null, output: null });
      }
      return committed();
    },
    finish(call, outcome: Json) {
      const startedAt = factOf(call)?.startedAt ?? now();
      const fact = pureFact(toolKey(start.key, call.at), call.fingerprint, keep(outcome), now());
      remember({ ...fact, startedAt });
      return committed();
    },
  };
}

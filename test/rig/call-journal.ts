import type { ToolJournal } from "../../src/agent/tool-journal.ts";
import type { Json } from "../../src/util/json.ts";

/** The parts of an attempt that only calls through a batch endpoint use, for those that are not. */
export const noTickets = { ticket: () => null, keepTicket() {}, commit: () => true };

/** Calls of tools that are kept in memory; `facts` are those of an earlier life, null = begun and not ended. */
export function memoryToolJournal(facts = new Map<string, Json | null>()): ToolJournal {
  return {
    look({ at }) {
      const fact = facts.get(at);
      return fact === undefined ? null : fact === null ? { state: "started" } : { state: "done", outcome: fact };
    },
    async begin(calls) {
      for (const { at } of calls) facts.set(at, null);
      return true;
    },
    async finish({ at }, outcome) {
      facts.set(at, outcome);
      return true;
    },
  };
}

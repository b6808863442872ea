import type { ToolCall, ToolResult } from "../provider/provider.ts";
import { failure, type Failure } from "../run/failure.ts";
import { digestOf } from "../util/digest.ts";

/** The same call with the same arguments and the same result, so often in one task, leads nowhere. */
const MOST_REPEATS = 5;

/** Waiting again is no loop: what is waited for ends by itself. */
const PATIENT: ReadonlySet<string> = new Set(["sessions_wait"]);

/** Notices that an agent does the same thing again and again. Counts what is on the record as well, so a resume counts alike. */
export class LoopGuard {
  readonly #seen = new Map<string, number>();

  /** The calls of one turn, and what came of each; the failure is that of a loop. */
  note(calls: readonly ToolCall[], results: readonly ToolResult[], label: string): Failure | null {
    for (const [index, { name, input }] of calls.entries()) {
      if (PATIENT.has(name)) continue;
      const key = digestOf({ name, input, text: results[index]?.text ?? null });
      const count = (this.#seen.get(key) ?? 0) + 1;
      this.#seen.set(key, count);
      if (count < MOST_REPEATS) continue;
      const shown = JSON.stringify(input).slice(0, 200);
      return failure(
        "tool",
        "repeated_call",
        `'${label}' called ${name} ${count} times with the same arguments and got the same answer each time: ${shown}`,
        { help: "say in the task or the instructions when it is done, or what to do when a call does not help" },
      );
    }
    return null;
  }
}

import { stepAround } from "../compose.ts";
import { UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** Nothing that a run started answers for a person. UsageError when this process came from a step. */
export function refuseInsideStep(command: string, terminal: Terminal): void {
  if (stepAround(terminal.env) === null) return;
  throw new UsageError(
    `muster ${command} was started by a step of a run: an approval is a person's to answer; run it in a terminal of your own`,
  );
}

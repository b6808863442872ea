import { grantOf, narrowed, type Grant } from "../../plan/permissions.ts";
import type { PlannedDriver } from "../../plan/types.ts";
import type { Provider } from "../../provider/provider.ts";
import type { AttemptContext } from "../step/handler.ts";
import { createAcpProvider, type AttemptProvider } from "./acp.ts";
import { createCommandProvider } from "./command.ts";
import type { Program, ProgramSurroundings } from "./program.ts";

/** Who answers in one attempt for an agent that is a program. `around` is what the step may touch. */
export function createDriver(
  driver: PlannedDriver,
  program: Program,
  around: Grant,
  attempt: AttemptContext,
  surroundings: ProgramSurroundings,
): AttemptProvider {
  if (driver.kind === "acp") {
    const grant = narrowed(around, grantOf(driver.permissions));
    return createAcpProvider({ ...program, mode: driver.mode }, grant, attempt, surroundings);
  }
  const provider: Provider = createCommandProvider(
    { ...program, readsPrompt: driver.readsPrompt },
    attempt,
    surroundings,
  );
  return { ...provider, close: async () => {} };
}

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Makes empty folders for units with `workspace: isolated`, under the run's own folder. */
export function createIsolatedFolders(runsFolder: string): (runId: string, unit: string, goesOn: boolean) => string {
  return (runId, unit, goesOn) => {
    const folder = join(runsFolder, runId, "work", unit);
    // What an attempt before left there is not part of this one.
    if (!goesOn) rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  };
}

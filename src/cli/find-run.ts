import { hasState, openStore } from "../compose.ts";
import type { Project } from "../util/project.ts";
import type { RunSummary, Store } from "../store/store.ts";
import { UsageError } from "./exit-code.ts";

/** The run that a person names by its id or the start of it; without a name the newest. UsageError when there is none. */
export function findRun(store: Store, name: string | undefined): RunSummary {
  if (name === undefined) {
    const [newest] = store.listRuns({ limit: 1 });
    if (newest === undefined) throw new UsageError("there is no run yet: start one with 'muster run FILE'");
    return newest;
  }
  const exact = store.findRun(name);
  if (exact !== null) return exact;
  const [first, second] = store.findRunsByPrefix(name.toUpperCase(), 2).concat(store.findRunsByPrefix(name, 2));
  if (first === undefined) throw new UsageError(`there is no run ${name}: 'muster runs' lists them`);
  if (second !== undefined && second.runId !== first.runId)
    throw new UsageError(
      `${name} is the start of several runs, ${first.runId} and ${second.runId} among them: give more of it`,
    );
  return first;
}

/** The project's state for reading; UsageError when there is none yet. */
export function openForReading(project: Project): Store {
  if (!hasState(project))
    throw new UsageError(
      `there is no state in ${project.statePath}: start a run with 'muster run FILE', or name it with --state`,
    );
  return openStore(project, { readOnly: true });
}

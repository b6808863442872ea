import { resolve } from "node:path";
import { hasState, openStore, readingTools, workspaceOf } from "../compose.ts";
import { previewCache, type CachedUnits } from "../engine/local/preview-cache.ts";
import { resolveInputs } from "../plan/input.ts";
import type { Plan } from "../plan/types.ts";
import type { JsonObject } from "../util/json.ts";
import { findProject } from "../util/project.ts";
import { createSchemaCheck } from "../util/schema-check.ts";
import type { Terminal } from "./terminal.ts";

/** What the cache of the project answers of a plan; null where no step is cached, inputs are missing, or there is no state. */
export function cachedUnits(
  plan: Plan,
  file: string,
  given: JsonObject,
  terminal: Terminal,
): readonly CachedUnits[] | null {
  if (!plan.scopes.some(({ steps }) => steps.some(({ cache }) => cache !== undefined))) return null;
  const project = findProject(terminal.cwd, null);
  const inputs = resolveInputs(plan, given, createSchemaCheck());
  if (!inputs.ok || !hasState(project)) return null;
  const store = openStore(project, { readOnly: true });
  try {
    const tools = readingTools(workspaceOf(resolve(terminal.cwd, file), project), false);
    return previewCache(plan, inputs.value, { store, ...tools });
  } finally {
    store.close();
  }
}

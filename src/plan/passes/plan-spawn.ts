import type { NormalManifest, NormalSpawn } from "../../manifest/normal.ts";
import type { PlannedModel, PlannedSpawn } from "../types.ts";
import type { Models } from "./resolve-models.ts";

/** Whom an agent may start, as the plan has it. Unknown agents are left out, and were reported. */
export function spawnOf(
  { agents, maxChildren }: NormalSpawn,
  manifest: NormalManifest,
  models: Models,
  planName: (name: string) => string,
): PlannedSpawn {
  const known = [...new Set(agents)].filter((name) => Object.hasOwn(manifest.agents, name));
  const named = known.flatMap((name) => manifest.agents[name]?.model ?? []);
  return {
    agents: Object.fromEntries(known.map((name) => [name, planName(name)] as const)),
    maxChildren,
    models: Object.fromEntries(
      named.map((model): readonly [string, readonly PlannedModel[]] => [model.name, models.chain([model], null)]),
    ),
  };
}

import type { Json } from "../util/json.ts";
import type { SecretReach } from "./change.ts";
import type { Meaning } from "./meaning.ts";

/** Every secret with whoever can read it: steps, agents, and the workflow for what it passes to all of them. */
export function secretReach(meaning: Meaning): readonly SecretReach[] {
  const { outputs: _outputs, secrets: _secrets, ...workflow } = meaning.workflow;
  const owners: [string, Json][] = [
    ["every run step", workflow["env"] ?? null],
    ...Object.entries(meaning.agents).map(([name, agent]): [string, Json] => [`agent ${name}`, agent]),
    ...[...meaning.steps].map(([path, { fields }]): [string, Json] => [`step ${path}`, fields]),
  ];
  return owners.flatMap(([owner, value]) => [...namesIn(value)].sort().map((secret) => ({ secret, owner })));
}

/** Names of secrets in `${{ secrets.X }}` anywhere in a value, and of keys of models. */
export function namesIn(value: Json, names = new Set<string>()): ReadonlySet<string> {
  if (typeof value === "string") {
    if (value.startsWith("${{"))
      for (const [, name = ""] of value.matchAll(/\bsecrets\.([A-Za-z_]\w*)/g)) names.add(name);
  } else if (Array.isArray(value)) {
    for (const entry of value) namesIn(entry as Json, names);
  } else if (value !== null && typeof value === "object") {
    for (const [key, entry] of Object.entries(value)) {
      if (key === "api_key" && typeof entry === "string") names.add(entry);
      namesIn(entry, names);
    }
  }
  return names;
}

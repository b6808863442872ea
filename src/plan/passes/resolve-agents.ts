import { declared } from "./declared.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Problems } from "../problems.ts";
import type { PlannedModel } from "../types.ts";
import type { ParsedStep } from "./parse-templates.ts";
import type { Models } from "./resolve-models.ts";

/** The models of each agent, by name. An agent whose models are not known has none, and was reported. */
export type AgentModels = ReadonlyMap<string, readonly PlannedModel[]>;

/** Gives every agent its chain: its own, else `defaults.model`, else whatever is found at the start of the run. */
export function resolveAgents(manifest: NormalManifest, models: Models): AgentModels {
  const agents = new Map<string, readonly PlannedModel[]>();
  const fallback = manifest.defaultModel === null ? null : models.chain(manifest.defaultModel, null);
  for (const [name, agent] of Object.entries(manifest.agents)) {
    if (agent.driver !== null) {
      agents.set(name, [models.driven(agent.driver.kind, name)]);
    } else if (agent.model !== null) {
      agents.set(name, models.chain(agent.model, agent.maxTokens));
    } else if (fallback !== null) {
      agents.set(
        name,
        fallback.map((model) => ({ ...model, maxTokens: agent.maxTokens ?? model.maxTokens })),
      );
    } else {
      agents.set(name, models.auto(agent.maxTokens));
    }
  }
  return agents;
}

/** Reports the steps whose agent is not declared. */
export function checkAgents(manifest: NormalManifest, steps: Iterable<ParsedStep>, problems: Problems): void {
  const names = Object.keys(manifest.agents);
  const check = (id: string, name: string, pointer: () => Pointer): void => {
    if (Object.hasOwn(manifest.agents, name)) return;
    const meant = problems.suggest(name, names);
    problems.error(pointer(), {
      code: "WF3003",
      message: `step '${id}' needs unknown agent '${name}'`,
      help: meant === null ? `declare it under \`agents\`${declared(names)}` : `did you mean '${meant}'?`,
    });
  };
  for (const { step, body: parsed } of steps) {
    const { id, body, fallback } = step;
    const isNamed = parsed.kind === "agent" && parsed.choice === null;
    // Who answers in a session is written there.
    if (body.kind === "agent" && body.session === undefined && body.agent !== null && isNamed)
      check(id, body.agent, () => [...(step.handoff?.[0]?.pointer ?? step.pointer), "agent"]);
    for (const { agent } of fallback) if (agent !== null) check(id, agent.name, () => agent.pointer);
  }
}

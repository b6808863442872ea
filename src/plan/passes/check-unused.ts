import type { NormalBody, NormalManifest } from "../../manifest/normal.ts";
import type { Problems } from "../problems.ts";
import type { AgentChoices } from "./choose-agents.ts";
import type { ParsedManifest, ParsedStep } from "./parse-templates.ts";
import type { Site } from "./site.ts";

/** Warns of what is declared and never used: most often a name that was mistyped or forgotten elsewhere. */
export function checkUnused(
  manifest: NormalManifest,
  parsed: ParsedManifest,
  steps: readonly ParsedStep[],
  choices: AgentChoices,
  problems: Problems,
): void {
  const read = new Set<string>();
  const agents = new Set<string>();
  const note = (sites: readonly Site[]): void => {
    for (const { references } of sites) {
      for (const { path } of references) {
        const [root = "", name] = path;
        // Steps are looked at elsewhere.
        if (root !== "steps") read.add(name === undefined ? root : `${root}.${name}`);
      }
    }
  };
  note(parsed.sites);
  note(parsed.scope.sites);
  for (const { sites, body, step } of steps) {
    note(sites);
    if (body.kind === "steps") note(body.scope.sites);
    if (body.kind === "agent")
      for (const agent of choices.get(step.id) ?? [body.agent]) if (agent !== null) agents.add(agent);
    for (const { agent } of step.fallback) if (agent !== null) agents.add(agent.name);
  }
  for (const { agent } of Object.values(manifest.sessions)) agents.add(agent);
  // Whom an agent may start has work as well.
  for (const name of agents) for (const child of manifest.agents[name]?.spawn?.agents ?? []) agents.add(child);
  const passed = new Set<string>();
  for (const { step } of steps) for (const name of passedSecrets(step.body, manifest.secrets)) passed.add(name);
  const keys = new Set(Object.values(manifest.models).flatMap((chain) => chain.map((model) => model.apiKeySecret)));

  for (const name of Object.keys(manifest.inputs)) {
    if (read.has(`inputs.${name}`) || read.has("inputs")) continue;
    problems.warn(["inputs", name], {
      code: "WF3020",
      message: `input '${name}' is never read`,
      help: `read it with {{ inputs.${name} }}, or take it away`,
      piece: "key",
    });
  }
  for (const name of Object.keys(manifest.agents)) {
    if (agents.has(name)) continue;
    problems.warn(["agents", name], {
      code: "WF3021",
      message: `agent '${name}' has no step`,
      help: `give it one (\`agent: ${name}\`), or take it away`,
      piece: "key",
    });
  }
  manifest.secrets.forEach((name, index) => {
    if (read.has(`secrets.${name}`) || read.has("secrets") || keys.has(name) || passed.has(name)) return;
    problems.warn(["secrets", index], {
      code: "WF3022",
      message: `secret '${name}' is never used`,
      help: `put it into the \`env\` of a \`run\` step (\${{ secrets.${name} }}), or take it away`,
    });
  });
}

/** The secrets that a step hands on to another workflow. */
function passedSecrets(body: NormalBody, all: readonly string[]): readonly string[] {
  if (body.kind !== "uses") return [];
  return body.secrets === "inherit" ? all : body.secrets.map(({ name }) => name);
}

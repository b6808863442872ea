import type { NormalBody, NormalManifest } from "../../manifest/normal.ts";
import type { Problems } from "../problems.ts";
import { stepsWithin, type ParsedManifest } from "./parse-templates.ts";

/** Warns of what is declared and never used: most often a name that was mistyped or forgotten elsewhere. */
export function checkUnused(manifest: NormalManifest, parsed: ParsedManifest, problems: Problems): void {
  const steps = [...stepsWithin(parsed.scope)];
  const scopes = [parsed.scope, ...steps.flatMap(({ body }) => (body.kind === "steps" ? [body.scope] : []))];
  const sites = [parsed.sites, ...scopes.map((scope) => scope.sites), ...steps.map((step) => step.sites)].flat();
  const read = new Set(sites.flatMap((site) => site.references.map(({ path }) => path.slice(0, 2).join("."))));
  const agents = new Set(
    steps.flatMap(({ body, step }) => [
      ...(body.kind === "agent" ? [body.agent] : []),
      ...step.fallback.flatMap((stage) => stage.agent?.name ?? []),
    ]),
  );
  const passed = new Set(steps.flatMap(({ step }) => passedSecrets(step.body, manifest.secrets)));
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

import type { NormalAgent, NormalManifest } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import { grantOf, narrowed, type Grant } from "../permissions.ts";
import type { Problems } from "../problems.ts";
import { isToolName, toolRefusal, toolTable } from "../tool-table.ts";
import { declared } from "./declared.ts";

/**
 * Reports agents that start others and could not: those that there are not, those that would have nothing to work with,
 * and a circle that nobody has set a bound to.
 */
export function checkSpawn(manifest: NormalManifest, problems: Problems): void {
  const { agents } = manifest;
  for (const [name, { spawn }] of Object.entries(agents)) {
    if (spawn === null) continue;
    const seen = new Set<string>();
    for (const [index, child] of spawn.agents.entries()) {
      const pointer = ["agents", name, "spawn", "agents", index];
      const known = Object.hasOwn(agents, child) ? agents[child] : undefined;
      if (known === undefined) unknownChild(name, child, pointer, manifest, problems);
      else if (seen.has(child)) {
        const message = `agent '${name}' may start '${child}' anyway`;
        problems.error(pointer, { code: "WF2013", message, help: "take one of them out" });
      } else checkChild(name, agents[name] as NormalAgent, child, known, pointer, problems);
      seen.add(child);
    }
  }
  if (!manifest.limits.hasDepth) checkCircles(manifest, problems);
}

function unknownChild(
  name: string,
  child: string,
  pointer: Pointer,
  { agents }: NormalManifest,
  problems: Problems,
): void {
  const names = Object.keys(agents);
  const meant = problems.suggest(child, names);
  problems.error(pointer, {
    code: "WF3003",
    message: `agent '${name}' may start the unknown agent '${child}'`,
    help: meant === null ? `declare it under \`agents\`${declared(names)}` : `did you mean '${meant}'?`,
  });
}

/** A child has what its parent allows as well, and no more. */
function checkChild(
  name: string,
  parent: NormalAgent,
  child: string,
  { tools, permissions, driver }: NormalAgent,
  pointer: Pointer,
  problems: Problems,
): void {
  const around = grantOf(parent.permissions);
  const common = narrowed(around, grantOf(permissions));
  for (const tool of tools.filter(isToolName)) {
    const reason = toolRefusal(tool, grantOf(permissions)) === null ? toolRefusal(tool, common) : null;
    if (reason === null) continue;
    problems.error(pointer, {
      code: "WF8013",
      message: `as a child of '${name}', agent '${child}' could never use its tool '${tool}': ${reason}`,
      help: `a child never has more than its parent: allow it at '${name}' too, \`permissions: { ${toolTable[tool].needs}: ... }\``,
    });
    return;
  }
  const program = driver?.argv[0] ?? null;
  if (program !== null && around.shell !== "any" && !(Array.isArray(around.shell) && around.shell.includes(program))) {
    problems.error(pointer, {
      code: "WF8013",
      message: `'${name}' could never start '${child}': its own permissions do not allow the program '${program}'`,
      help: `a child never has more than its parent: \`permissions: { shell: [${program}] }\` at '${name}'`,
    });
    return;
  }
  const lost = tools.length === 0 ? [] : whatIsLost(grantOf(permissions), common);
  if (lost.length === 0) return;
  problems.warn(pointer, {
    code: "WF8014",
    message: `as a child of '${name}', agent '${child}' is not allowed all that it asks for: ${lost.join(", ")}`,
    help: `a child never has more than its parent: allow it at '${name}' too, or take it away from '${child}'`,
  });
}

/** The parts of a grant that are no longer whole. */
function whatIsLost(own: Grant, common: Grant): readonly string[] {
  const hosts = own.network
    .map(({ host }) => host)
    .filter((host) => common.network.every((each) => each.host !== host));
  const programs = programsOf(own.shell).filter((program) => !programsOf(common.shell).includes(program));
  return [
    ...(own.files === common.files ? [] : [`files: ${own.files}`]),
    ...hosts.map((host) => `network: ${host}`),
    ...programs.map((program) => `shell: ${program}`),
    ...(own.state === common.state ? [] : [`state: ${own.state}`]),
  ];
}

function programsOf(shell: Grant["shell"]): readonly string[] {
  if (shell === "any") return ["any program"];
  return shell === "none" ? [] : shell;
}

/** Agents that start one another in a circle do it as deep as `limits.depth` says: somebody should have said so. */
function checkCircles({ agents }: NormalManifest, problems: Problems): void {
  const childrenOf = (name: string): readonly string[] =>
    Object.hasOwn(agents, name) ? (agents[name]?.spawn?.agents ?? []) : [];
  const told = new Set<string>();
  for (const name of Object.keys(agents)) {
    if (told.has(name)) continue;
    const below = new Set(childrenOf(name));
    for (const each of below) for (const child of childrenOf(each)) below.add(child);
    if (!below.has(name)) continue;
    for (const each of below) told.add(each);
    problems.warn(["agents", name, "spawn"], {
      code: "WF3044",
      message: `agent '${name}' may come to start itself again, and nothing says how deep`,
      help: "write `limits: { depth: 3 }`, the default: so deep agents start others at most",
      piece: "key",
    });
  }
}

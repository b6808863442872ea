import { typeOf } from "../../expression/check.ts";
import { branchesOf } from "../../expression/shape.ts";
import { referencesOf } from "../../expression/references.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import type { Problems } from "../problems.ts";
import { declared } from "./declared.ts";
import { positionOf, type PlacedStep } from "./position.ts";
import type { Scopes } from "./scopes.ts";

/** The agents that each step with `agent: ${{ ... }}` may choose among, by the id of the step. */
export type AgentChoices = ReadonlyMap<string, readonly string[]>;

/** Reads from the shape of each expression who may be chosen, and reports where that cannot be told. */
export function chooseAgents(
  manifest: NormalManifest,
  placed: ReadonlyMap<string, PlacedStep>,
  scopes: Scopes,
  problems: Problems,
): AgentChoices {
  const choices = new Map<string, readonly string[]>();
  for (const step of placed.values()) {
    const { body, step: written } = step.parsed;
    // What cannot be read as an expression was reported.
    if (body.kind !== "agent" || body.choice?.kind !== "cel") continue;
    // A name that is unknown was reported: what it gives nobody can tell.
    const reads = referencesOf(body.choice);
    if (reads.some(({ path: [root, name = ""] }) => root === "steps" && !placed.has(name))) continue;
    const pointer = [...written.pointer, "agent"];
    const names = enumOf(typeOf(body.choice, scopes.at("unit", positionOf(step), true)));
    if (names === null) {
      problems.error(pointer, {
        code: "WF3042",
        message: `it cannot be told which agents step '${written.id}' may choose`,
        help: "declare them where the value comes from: `output: { type: object, properties: { agent: { enum: [a, b] } }, required: [agent] }`",
      });
      continue;
    }
    for (const name of names) {
      const agent = Object.hasOwn(manifest.agents, name) ? manifest.agents[name] : undefined;
      if (agent === undefined) {
        problems.error(pointer, {
          code: "WF3003",
          message: `step '${written.id}' may choose the unknown agent '${name}'`,
          help: `declare it under \`agents\`${declared(Object.keys(manifest.agents))}, or take it out of the \`enum\``,
        });
      }
    }
    choices.set(written.id, names);
  }
  return choices;
}

/** All texts that a value of this shape may be; null where they are not listed. */
function enumOf(schema: Parameters<typeof branchesOf>[0]): readonly string[] | null {
  const names = branchesOf(schema).flatMap((branch) => {
    if (branch === null) return [null];
    // Null is what a step that was skipped gives: choosing then fails, whatever is listed.
    if (branch["type"] === "null") return [];
    const listed = Array.isArray(branch["enum"]) ? branch["enum"] : "const" in branch ? [branch["const"]] : [null];
    return listed.map((entry) => (typeof entry === "string" ? entry : null));
  });
  return names.length === 0 || names.includes(null) ? null : [...new Set(names as string[])];
}

import { checkParsed, typeOf } from "../../expression/check.ts";
import { describeKinds, kindsOf } from "../../expression/shape.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import type { Problems } from "../problems.ts";
import { checkNames, declaredNames } from "./check-names.ts";
import type { ParsedManifest } from "./parse-templates.ts";
import { atTheTop, insideOf, positionOf, type PlacedStep, type Position } from "./position.ts";
import type { Scopes } from "./scopes.ts";
import { partialAt, pieceOf, type Place, type Site } from "./site.ts";

/** Checks names and types of every expression, and that no secret leaves the environment of processes. */
export function checkExpressions(
  manifest: NormalManifest,
  parsed: ParsedManifest,
  placed: ReadonlyMap<string, PlacedStep>,
  scopes: Scopes,
  problems: Problems,
): void {
  const names = declaredNames(manifest, placed);
  const secretVariables = new Set(parsed.sites.filter(isSecretVariable).map((site) => site.pointer[1]));
  const check = (site: Site, owner: string, position: Position): boolean => {
    const scope = scopes.at(site.place, position);
    const isKnown = checkNames(site, owner, position, scope, names, problems);
    const lenient = isKnown ? scope : scopes.at(site.place, position, true);
    const found = checkParsed(site.parsed, lenient, useOf(site));
    for (const { code, message, help, offset, length } of found) {
      const partial = partialAt(site, offset);
      const told = partial === null ? message : `in the partial '${partial}': ${message}`;
      problems.error(site.pointer, { code, message: told, help, piece: pieceOf(site, { offset, length }) });
    }
    // Where no variable is in reach, that was said.
    if (Object.hasOwn(scope.names, "env")) checkSecretVariables(site, secretVariables, problems);
    return isKnown && found.length === 0;
  };
  for (const site of [...parsed.sites, ...parsed.scope.sites]) {
    if (check(site, ownerOf(site), atTheTop) && site.pointer[0] === "score") checkScore(site, scopes, problems);
  }
  for (const step of placed.values()) {
    const { sites, body, step: written } = step.parsed;
    const broken = sites.filter((site) => !check(site, `step '${written.id}'`, positionOf(step)));
    if (broken.every((site) => site.place !== "gate")) checkList(step, scopes, problems);
    if (body.kind !== "steps") continue;
    for (const site of body.scope.sites) check(site, `group '${written.id}'`, insideOf(step));
  }
}

const conditions: readonly Place[] = ["condition", "until"];

function useOf({ place, template }: Site): "condition" | "text" | "value" {
  if (conditions.includes(place)) return "condition";
  return template.kind === "text" ? "text" : "value";
}

/** Who reads outside of steps: `agent 'writer'`, `output 'report'`, `variable 'LANG'`. */
function ownerOf({ pointer: [root, name] }: Site): string {
  if (root === "score") return "the score";
  const kind = { agents: "agent", outputs: "output", env: "variable" }[String(root)] ?? String(root);
  return `${kind} '${name}'`;
}

/** A score is a number, where its shape is known. */
function checkScore(site: Site, scopes: Scopes, problems: Problems): void {
  const kinds = kindsOf(typeOf(site.template, scopes.at("outputs", atTheTop, true)));
  if (kinds === null || kinds.size === 0 || kinds.has("int") || kinds.has("double")) return;
  problems.error(site.pointer, {
    code: "WF4007",
    message: `\`score\` must be a number, and this is ${describeKinds(kinds)}`,
    help: "let the step that judges give one: `output: { type: object, properties: { score: { type: number } } }`",
  });
}

function isSecretVariable(site: Site): boolean {
  return site.place === "environment" && site.references.some(({ path }) => path[0] === "secrets");
}

/** A variable that was made from a secret is as secret as the secret. */
function checkSecretVariables(site: Site, secretVariables: ReadonlySet<unknown>, problems: Problems): void {
  for (const reference of site.references) {
    const [root, name = ""] = reference.path;
    if (root !== "env" || !secretVariables.has(name)) continue;
    problems.error(site.pointer, {
      code: "WF8002",
      message: `\`env.${name}\` is made from a secret and cannot be read in an expression`,
      help: `every \`run\` step has it as the variable ${name} already`,
      piece: pieceOf(site, reference),
      related: [{ pointer: ["env", name], message: "made from a secret here" }],
    });
  }
}

/** `for_each` goes over a list, where its shape is known. */
function checkList(step: PlacedStep, scopes: Scopes, problems: Problems): void {
  const { fan, step: written } = step.parsed;
  if (fan === null || fan.glob !== null || fan.items.kind === "literal" || fan.items.kind === "list") return;
  const kinds = kindsOf(typeOf(fan.items, scopes.at("gate", positionOf(step), true)));
  if (kinds === null || kinds.has("list")) return;
  problems.error([...written.pointer, "for_each"], {
    code: "WF3010",
    message: `\`for_each\` needs a list, and this is ${describeKinds(kinds)}`,
    help: "declare the schema of what it reads as an array, or make a list of it: `${{ [ ... ] }}`",
  });
}

import { checkTemplate, typeOf } from "../../expression/check.ts";
import { describeKinds, kindsOf } from "../../expression/shape.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import type { Problems } from "../problems.ts";
import { checkNames, declaredNames } from "./check-names.ts";
import type { ParsedManifest, ParsedStep } from "./parse-templates.ts";
import type { Scopes } from "./scopes.ts";
import { pieceOf, type Site } from "./site.ts";

/** Checks names and types of every expression, and that no secret leaves the environment of processes. */
export function checkExpressions(
  manifest: NormalManifest,
  parsed: ParsedManifest,
  scopes: Scopes,
  problems: Problems,
): void {
  const names = declaredNames(manifest);
  const secretVariables = new Set(parsed.sites.filter(isSecretVariable).map((site) => site.pointer[1]));
  const check = (site: Site, step: string | null): boolean => {
    const isKnown = checkNames(site, ownerOf(site), scopes.at(site.place, step), names, problems);
    const use = site.place === "condition" ? "condition" : site.template.kind === "text" ? "text" : "value";
    const found = checkTemplate(site.template, scopes.at(site.place, step, !isKnown), use);
    for (const { code, message, help, offset, length } of found) {
      problems.error(site.pointer, { code, message, help, piece: pieceOf(site, { offset, length }) });
    }
    checkSecretVariables(site, secretVariables, problems);
    return isKnown && found.length === 0;
  };
  for (const site of parsed.sites) check(site, null);
  for (const step of parsed.steps) {
    const broken = step.sites.filter((site) => !check(site, step.step.id));
    if (broken.every((site) => site.place !== "gate")) checkList(step, scopes, problems);
  }
}

/** Who reads: `step 'draft'`, `agent 'writer'`, `output 'report'`, `variable 'LANG'`. */
function ownerOf({ pointer: [root, name] }: Site): string {
  const kind = { steps: "step", agents: "agent", outputs: "output", env: "variable" }[String(root)] ?? String(root);
  return `${kind} '${name}'`;
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
function checkList({ step, items }: ParsedStep, scopes: Scopes, problems: Problems): void {
  if (items === null || items.kind === "literal" || items.kind === "list") return;
  const kinds = kindsOf(typeOf(items, scopes.at("gate", null, true)));
  if (kinds === null || kinds.has("list")) return;
  problems.error([...step.pointer, "for_each"], {
    code: "WF3010",
    message: `\`for_each\` needs a list, and this is ${describeKinds(kinds)}`,
    help: "declare the schema of what it reads as an array, or make a list of it: `${{ [ ... ] }}`",
  });
}

import type { ExpressionScope } from "../../expression/scope.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import type { Problem, Problems } from "../problems.ts";
import { declared } from "./declared.ts";
import { pieceOf, type Site } from "./site.ts";

/** What is declared under each root that the file itself fills. */
export type DeclaredNames = ReadonlyMap<
  string,
  { readonly list: readonly string[]; readonly set: ReadonlySet<string> }
>;

export function declaredNames(manifest: NormalManifest): DeclaredNames {
  const names: readonly (readonly [string, readonly string[]])[] = [
    ["inputs", Object.keys(manifest.inputs)],
    ["steps", manifest.steps.map(({ id }) => id)],
    ["env", Object.keys(manifest.env)],
    ["secrets", manifest.secrets],
  ];
  return new Map(names.map(([root, list]) => [root, { list, set: new Set(list) }]));
}

/**
 * Reports references to inputs, steps, variables and secrets that are not declared, in words that fit each; true when
 * there is none. `owner` is who reads, e.g. `step 'draft'`. A root that is not in reach at the site is another mistake.
 */
export function checkNames(
  site: Site,
  owner: string,
  scope: ExpressionScope,
  names: DeclaredNames,
  problems: Problems,
): boolean {
  let isKnown = true;
  for (const reference of site.references) {
    const [root = "", name] = reference.path;
    const known = Object.hasOwn(scope.names, root) ? names.get(root) : undefined;
    const say = words[root];
    if (name === undefined || known === undefined || say === undefined || known.set.has(name)) continue;
    isKnown = false;
    const meant = problems.suggest(name, known.list);
    problems.error(site.pointer, {
      code: say.code,
      message: say.message(owner, name),
      help: meant === null ? `${say.help}${declared(known.list)}` : `did you mean '${meant}'?`,
      piece: pieceOf(site, reference),
      related:
        meant === null || root === "secrets"
          ? []
          : [{ pointer: [root, meant], piece: "key", message: `'${meant}' is here` }],
    });
  }
  return isKnown;
}

const words: {
  readonly [root: string]: Pick<Problem, "code"> & {
    readonly message: (owner: string, name: string) => string;
    readonly help: string;
  };
} = {
  inputs: {
    code: "WF4004",
    message: (owner, name) => `${owner} reads unknown input '${name}'`,
    help: "declare it under `inputs`",
  },
  steps: {
    code: "WF3002",
    message: (owner, name) => `${owner} reads unknown step '${name}'`,
    help: "name a step of this file",
  },
  env: {
    code: "WF4004",
    message: (owner, name) => `${owner} reads unknown variable '${name}'`,
    help: "declare it under `env` at the top of the file",
  },
  secrets: {
    code: "WF3008",
    message: (owner, name) => `${owner} takes the secret '${name}', which is not declared`,
    help: "declare it under `secrets`",
  },
};

import type { ExpressionScope } from "../../expression/scope.ts";
import type { Reference } from "../../expression/template.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import { lazy } from "../../util/lazy.ts";
import type { Problem, Problems } from "../problems.ts";
import { declared } from "./declared.ts";
import { isInReach, type PlacedStep, type Position } from "./position.ts";
import { pieceOf, type Site } from "./site.ts";

/** What is declared under each root that the file itself fills. */
export interface DeclaredNames {
  readonly roots: ReadonlyMap<
    string,
    { readonly list: () => readonly string[]; readonly has: (name: string) => boolean }
  >;
  readonly steps: ReadonlyMap<string, PlacedStep>;
}

export function declaredNames(manifest: NormalManifest, steps: ReadonlyMap<string, PlacedStep>): DeclaredNames {
  const names = (list: readonly string[]) => {
    const set = new Set(list);
    return { list: () => list, has: (name: string) => set.has(name) };
  };
  return {
    steps,
    roots: new Map([
      ["inputs", names(Object.keys(manifest.inputs))],
      ["steps", { list: lazy(() => [...steps.keys()]), has: (name: string) => steps.has(name) }],
      ["env", names(Object.keys(manifest.env))],
      ["secrets", names(manifest.secrets)],
    ]),
  };
}

/**
 * Reports references to inputs, steps, variables and secrets that are not declared, or to steps that are out of
 * reach, in words that fit each; true when there is none. `owner` is who reads, e.g. `step 'draft'`. A root that is
 * not in reach at the site is another mistake.
 */
export function checkNames(
  site: Site,
  owner: string,
  position: Position,
  scope: ExpressionScope,
  names: DeclaredNames,
  problems: Problems,
): boolean {
  let isKnown = true;
  for (const reference of site.references) {
    const [root = "", name] = reference.path;
    const known = Object.hasOwn(scope.names, root) ? names.roots.get(root) : undefined;
    const say = words[root];
    if (name === undefined || known === undefined || say === undefined) continue;
    if (known.has(name)) {
      const step = root === "steps" ? names.steps.get(name) : undefined;
      if (step === undefined || isInReach(position, step)) continue;
      isKnown = false;
      reportOutOfReach(site, owner, position, reference, step, problems);
      continue;
    }
    isKnown = false;
    const meant = problems.suggest(name, known.list());
    const there = meant === null ? undefined : (names.steps.get(meant)?.parsed.step.pointer ?? [root, meant]);
    problems.error(site.pointer, {
      code: say.code,
      message: say.message(owner, name),
      help: meant === null ? `${say.help}${declared(known.list())}` : `did you mean '${meant}'?`,
      piece: pieceOf(site, reference),
      related:
        there === undefined || root === "secrets"
          ? []
          : [
              {
                pointer: root === "steps" ? there : [root, meant as string],
                piece: "key",
                message: `'${meant}' is here`,
              },
            ],
    });
  }
  return isKnown;
}

/** A step inside of a group that the reader is not in, or one of `finally`. */
function reportOutOfReach(
  site: Site,
  owner: string,
  position: Position,
  reference: Reference,
  { parsed, group, isFinally }: PlacedStep,
  problems: Problems,
): void {
  const { id, pointer } = parsed.step;
  const here = {
    piece: pieceOf(site, reference),
    related: [{ pointer, piece: "key" as const, message: `'${id}' is here` }],
  };
  if (group === null || (isFinally && !position.isFinally)) {
    problems.error(site.pointer, {
      code: "WF3016",
      message: `${owner} reads '${id}', which runs in \`finally\`, after everything else has ended`,
      help: "move the step from `finally` to `steps`, or read it in `finally`",
      ...here,
    });
    return;
  }
  const around = group.parsed.step.id;
  problems.error(site.pointer, {
    code: "WF3015",
    message: `${owner} reads '${id}', which is inside of the group '${around}'`,
    help: `give it out with \`outputs: { ${id}: \${{ steps.${id}.output }} }\` of '${around}', and read steps.${around}.output${group.parsed.fan === null ? `.${id}` : ""}`,
    ...here,
  });
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

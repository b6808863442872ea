import { join, relative, resolve, sep } from "node:path";
import { readRevision, repositoryRoot, type Revision } from "../../compose/repository/revision.ts";
import { issuersIn, trustAround } from "../../compose/trust.ts";
import { renderDiagnostics } from "../../diagnostic/render.ts";
import { diffPlans } from "../../diff/diff.ts";
import type { Findings, InvalidWorkflow } from "../../diff/findings.ts";
import { brokenRules, parseFailOn, type FailOn } from "../../diff/fail-on.ts";
import { renderDiffJson } from "../../diff/render/json.ts";
import { renderDiffMarkdown, type DrawnDiff } from "../../diff/render/markdown.ts";
import { renderDiffText } from "../../diff/render/text.ts";
import { decodeSource } from "../../manifest/decode.ts";
import { compile, type Compiled } from "../../plan/compile.ts";
import { noChoice } from "../../plan/model-choice.ts";
import type { Plan } from "../../plan/types.ts";
import { POLICY_FILE } from "../../policy/policy.ts";
import { diffTrust } from "../../policy/trust-diff.ts";
import type { Issuer } from "../../run/identity.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { isBelow } from "../linked-files.ts";
import { isLostManifest, lostLink, manifestsUnder } from "../manifest-files.ts";
import { projectPolicy } from "../project-policy.ts";
import { manifestsAt } from "../revision-manifests.ts";
import type { Terminal } from "../terminal.ts";
import { compileFile } from "../workflow.ts";

export interface DiffOptions {
  readonly path?: readonly string[];
  readonly format: "text" | "json" | "markdown";
  readonly json?: boolean;
  readonly failOn?: string;
}

/** A version of the repository: which workflows there are, and what each of them plans. */
interface Side {
  /** Who vouches for people, by the policy in the root; nobody where it is wrong, which is told elsewhere. */
  readonly issuers: readonly Issuer[];
  /** From the root of the repository, with `/`, sorted. */
  readonly manifests: readonly string[];
  /** Links that lead out of the repository, or nowhere: what lies behind them is not known. */
  readonly lost: readonly string[];
  compile(path: string): Compiled;
}

/** `muster diff BASE [HEAD]`: exit code 3 where `--fail-on` says so, or where a workflow is not valid any more. */
export async function run(terminal: Terminal, args: readonly string[], options: DiffOptions): Promise<ExitCode> {
  const [base = "", head] = args;
  const rules = rulesOf(options.failOn);
  const root = usable(repositoryRoot(terminal.cwd, terminal.env));
  const folders = (options.path ?? ["workflows"]).map((path) => insideOf(root, resolve(terminal.cwd, path)));
  const before = revisionSide(usable(readRevision(root, base, terminal.env)), folders);
  const after =
    head === undefined
      ? await workingTree(root, folders, terminal)
      : revisionSide(usable(readRevision(root, head, terminal.env)), folders);
  for (const link of after.lost) {
    const manifest = before.manifests.find((path) => isBelow(path, link));
    if (manifest !== undefined || isLostManifest(link)) throw lostLink(link, manifest);
  }
  const paths = [...new Set([...before.manifests, ...after.manifests])].sort();
  if (paths.length === 0) throw new UsageError(`there is no workflow under ${folders.join(", ")}, in neither version`);

  const invalid: InvalidWorkflow[] = [];
  const invalidBefore: string[] = [];
  const told = new Set<string>();
  const moved = movedFrom(before, after);
  const drawn = paths.flatMap((path): readonly DrawnDiff[] => {
    if ([...moved.values()].includes(path)) return [];
    const from = moved.get(path);
    const was = planOf(before, from ?? path);
    const is = planOf(after, path);
    if (is?.plan === null) {
      invalid.push({ path, problems: is.diagnostics });
      // What a workflow uses is one of the files, too: its problems are told once.
      const problems = is.diagnostics.filter(({ file, span, code }) => {
        const key = JSON.stringify([file, span, code]);
        return !told.has(key) && told.add(key);
      });
      terminal.err(renderDiagnostics(problems, is.sources, { color: terminal.color.isColorSupported }));
      return [];
    }
    if (was?.plan === null) {
      invalidBefore.push(path);
      const now = is === null ? "and is gone" : "so that all of it counts as new";
      terminal.err(`${path} was not valid at ${base}, ${now} ('muster validate' there says why)\n`);
    }
    const plans: { before: Plan | null; after: Plan | null } = { before: was?.plan ?? null, after: is?.plan ?? null };
    if (plans.before === null && plans.after === null) return [];
    const diff = diffPlans(path, plans.before, plans.after);
    if (from === undefined) return [{ diff, ...plans }];
    terminal.err(`${path} was ${from}\n`);
    return [{ diff: { ...diff, movedFrom: from }, ...plans }];
  });
  const trust = diffTrust(POLICY_FILE, before.issuers, after.issuers);
  if (trust !== null) drawn.push({ diff: trust, before: null, after: null });
  const diffs = drawn.map(({ diff }) => diff);
  const policy = await projectPolicy(terminal);
  const violations = drawn.flatMap(({ diff, after: plan }) =>
    plan === null || diff.status === "equal"
      ? []
      : policy.violations(plan, diff).map((violation) => ({ path: diff.path, ...violation })),
  );
  const broken = diffs.flatMap((diff) => brokenRules(diff, rules));
  const findings: Findings = { invalid, invalidBefore, policy: violations, failOn: broken };

  const format = options.json === true ? "json" : options.format;
  const { green, red, bold, yellow } = terminal.outColor;
  if (format === "json") terminal.out(renderDiffJson(diffs, findings, [base, head ?? null]));
  else if (format === "markdown") terminal.out(renderDiffMarkdown(drawn, findings));
  else terminal.out(renderDiffText(diffs, { added: green, removed: red, strong: bold, warn: yellow }));
  if (
    format === "text" &&
    invalid.length + invalidBefore.length === 0 &&
    diffs.every(({ status }) => status === "equal")
  )
    terminal.err(`no change of meaning in ${plural(paths.length - moved.size, "workflow")}\n`);
  for (const { path, rule, step, severity, message } of violations)
    terminal.err(`policy ${severity}: ${path}${step === null ? "" : `, step ${step}`}: ${rule}: ${message}\n`);
  const isRefused = violations.some(({ severity }) => severity === "error");
  for (const why of broken) terminal.err(`--fail-on: ${why}\n`);
  return invalid.length > 0 || isRefused || broken.length > 0 ? exitCode.invalid : exitCode.succeeded;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** New paths of workflows that were moved: the name of one that is gone, and of no other. What is in them may have changed, too. */
function movedFrom(before: Side, after: Side): ReadonlyMap<string, string> {
  const byName = (side: Side, other: Side): ReadonlyMap<string, readonly string[]> => {
    const found = new Map<string, string[]>();
    for (const path of side.manifests) {
      if (other.manifests.includes(path)) continue;
      const name = side.compile(path).plan?.workflow.name;
      if (name !== undefined) found.set(name, [...(found.get(name) ?? []), path]);
    }
    return found;
  };
  const gone = byName(before, after);
  return new Map(
    [...(gone.size === 0 ? [] : byName(after, before))].flatMap(([name, paths]): [string, string][] => {
      const [to, ...others] = paths;
      const [from, ...more] = gone.get(name) ?? [];
      return to === undefined || from === undefined || others.length + more.length > 0 ? [] : [[to, from]];
    }),
  );
}

function planOf(side: Side, path: string): Compiled | null {
  return side.manifests.includes(path) ? side.compile(path) : null;
}

function rulesOf(text: string | undefined): readonly FailOn[] {
  if (text === undefined) return [];
  const rules = parseFailOn(text);
  if (!rules.ok) throw new UsageError(`--fail-on: ${rules.error}`);
  return rules.value;
}

function usable<Value>(result: { ok: true; value: Value } | { ok: false; error: string }): Value {
  if (!result.ok) throw new UsageError(result.error);
  return result.value;
}

/** A path from the root of the repository, with `/`; empty for the root itself. */
function insideOf(root: string, path: string): string {
  const inside = relative(root, path).split(sep).join("/");
  if (inside === ".." || inside.startsWith("../")) throw new UsageError(`--path ${path} is outside of ${root}`);
  return inside;
}

function revisionSide(revision: Revision, folders: readonly string[]): Side {
  const { files, lost } = manifestsAt(revision, folders);
  const policy = revision.bytes(POLICY_FILE);
  return {
    issuers: policy === null ? [] : issuersIn(policy),
    manifests: [...files.keys()].sort(),
    lost,
    compile(path) {
      const real = files.get(path) ?? path;
      const source = decodeSource(path, revision.bytes(real) ?? Buffer.alloc(0));
      if (!source.ok) {
        const empty = { path, text: "" };
        return { source: empty, sources: [empty], diagnostics: source.error, plan: null, used: new Map() };
      }
      return usable(compile(source.value, noChoice, revision.filesBeside(real)));
    },
  };
}

async function workingTree(root: string, folders: readonly string[], terminal: Terminal): Promise<Side> {
  const found = await Promise.all(folders.map((folder) => manifestsUnder(join(root, folder))));
  const inside = (paths: readonly string[]): readonly string[] => paths.map((path) => insideOf(root, path));
  const shown = (path: string): string => relative(terminal.cwd, join(root, path)) || path;
  return {
    issuers: trustAround(root),
    manifests: inside(found.flatMap(({ manifests }) => manifests)),
    lost: inside(found.flatMap(({ lost }) => lost)),
    compile: (path) => compileFile(shown(path), terminal, noChoice, "frozen"),
  };
}

import { relative, resolve } from "node:path";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderDiagnostics } from "../diagnostic/render.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { compile, type Compiled } from "../plan/compile.ts";
import type { Lock } from "../plan/lock.ts";
import type { ModelChoice } from "../plan/model-choice.ts";
import { onlySteps } from "../plan/only.ts";
import type { Plan } from "../plan/types.ts";
import { deliveryPlan, type PlannedDelivery } from "../plan/delivery.ts";
import { chooseVariant } from "../plan/variant.ts";
import { addToLock } from "../compose/lock-file.ts";
import { createSourceReader, readSource } from "../compose/source-reader.ts";
import { exitCode, UsageError } from "./exit-code.ts";
import { problemsOnGithub } from "./github/problems.ts";
import { isOnGithub } from "./github/terminal.ts";
import type { Terminal } from "./terminal.ts";

/** Whether `muster.lock` may grow: `frozen` = no, and what is not in it is refused. */
export type LockMode = "grows" | "frozen";

/** What `validate` and `plan` may do to the lock: in CI nobody would commit it. */
export function lockMode({ env }: Terminal, options: { readonly locked?: boolean }): LockMode {
  return options.locked === true || (env["CI"] ?? "") !== "" ? "frozen" : "grows";
}

/** From a file to a plan, with all problems at once. UsageError when the file cannot be read. */
export function compileFile(path: string, terminal: Terminal, choice: ModelChoice, lock: LockMode): Compiled {
  const { cwd, env } = terminal;
  let source: ReturnType<typeof readSource>;
  try {
    source = readSource(resolve(cwd, path), path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (!source.ok) {
    const empty = { path, text: "" };
    return { source: empty, sources: [empty], diagnostics: source.error, plan: null, used: new Map() };
  }
  const reader = createSourceReader(resolve(cwd, path), path, {
    env,
    isFrozen: lock === "frozen",
    onFetch: (repository) => terminal.err(`fetching ${repository}\n`),
  });
  const compiled = compile(source.value, choice, reader);
  if (!compiled.ok) throw new UsageError(compiled.error);
  if (lock === "grows" && compiled.value.plan !== null) keepLock(reader.lockPath, compiled.value.used, terminal);
  return compiled.value;
}

/** Adds to the lock what a valid workflow uses of other repositories. UsageError when it cannot be written. */
function keepLock(path: string, used: Lock, terminal: Terminal): void {
  try {
    if (addToLock(path, used)) terminal.err(`${relative(terminal.cwd, path)} has new entries: commit it\n`);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${(error as Error).message}`);
  }
}

/**
 * The plan of a file; shows its problems, and ends the command with exit code 3 when there are errors. `warnings`:
 * `counted` says of mere warnings only how many there are, for commands that come again and again.
 */
export function planOrExit(
  path: string,
  terminal: Terminal,
  choice: ModelChoice,
  warnings: "told" | "counted" = "told",
  lock: LockMode = "frozen",
): { readonly plan: Plan; readonly source: SourceFile } {
  const { plan, diagnostics, source, sources } = compileFile(path, terminal, choice, lock);
  if (plan !== null && warnings === "counted" && diagnostics.length > 0)
    terminal.err(`${diagnostics.length} warning${diagnostics.length === 1 ? "" : "s"}: muster validate ${path}\n`);
  else if (isOnGithub(terminal)) problemsOnGithub(path, diagnostics, plan !== null, terminal);
  else if (diagnostics.length > 0)
    terminal.err(renderDiagnostics(diagnostics, sources, { color: terminal.color.isColorSupported }));
  if (plan === null) {
    if (isOutOfReach(diagnostics)) throw new UsageError(`${path} could not be checked: what it uses is out of reach`);
    throw new UsageError(`${path} is not a valid workflow`, exitCode.invalid);
  }
  return { plan, source };
}

/** Nothing is known to be wrong but that another repository cannot be fetched: exit code 2, not 3. */
export function isOutOfReach(diagnostics: readonly Diagnostic[]): boolean {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return errors.length > 0 && errors.every(({ code }) => code === "WF3040");
}

/** The plan of the runs that take this variant; null: as it is. UsageError for one that is not there. */
export function variantPlan(plan: Plan, variant: string | null): Plan {
  const chosen = chooseVariant(plan, variant);
  if (!chosen.ok) throw new UsageError(chosen.error);
  return chosen.value;
}

/** The plan of `--only`: these steps and what they need. UsageError for a step that is not there. */
export function reducedPlan(plan: Plan, only: readonly string[]): Plan {
  const reduced = onlySteps(plan, only);
  if (!reduced.ok) throw new UsageError(`--only: ${reduced.error}`);
  return reduced.value;
}

/** Says why a file cannot be read. */
export function unreadable(path: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException).code;
  const why =
    code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : (error as Error).message;
  return new UsageError(`cannot read ${path}: ${why}`);
}

/** The plan of a run that brings a message to a session; null: as it is. UsageError where it cannot be brought. */
export function deliveredPlan(plan: Plan, delivery: PlannedDelivery | null): Plan {
  const delivered = deliveryPlan(plan, delivery);
  if (!delivered.ok) throw new UsageError(delivered.error);
  return delivered.value;
}

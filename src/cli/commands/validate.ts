import { statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import pLimit from "p-limit";
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import { diagnosticsToJson } from "../../diagnostic/json.ts";
import { renderDiagnostics } from "../../diagnostic/render.ts";
import { noChoice } from "../../plan/model-choice.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";
import { compileFile, unreadable } from "../workflow.ts";

export interface ValidateOptions {
  readonly format: "text" | "json";
  readonly json?: boolean;
}

/** `muster validate [path...]` */
export async function run(terminal: Terminal, paths: readonly string[], options: ValidateOptions): Promise<ExitCode> {
  const files = await manifestFiles(terminal.cwd, paths.length === 0 ? ["workflows"] : paths);
  const results = files.map((file) => compileFile(file, terminal.cwd, noChoice));
  // What a workflow uses is one of the files, too: its problems are told once.
  const diagnostics = unique(results.flatMap((result) => result.diagnostics));
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  if (options.json === true || options.format === "json") {
    terminal.out(`${JSON.stringify(diagnosticsToJson(diagnostics), null, 2)}\n`);
  } else {
    const sources = results.flatMap((result) => result.sources);
    if (diagnostics.length > 0)
      terminal.out(renderDiagnostics(diagnostics, sources, { color: terminal.outColor.isColorSupported }));
    terminal.err(`${summary(files.length, errors, diagnostics.length - errors)}\n`);
  }
  return errors === 0 ? exitCode.succeeded : exitCode.invalid;
}

function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const told = new Map(
    diagnostics.map((each) => [JSON.stringify([each.file, each.span, each.code, each.message]), each]),
  );
  return [...told.values()];
}

/** Every manifest under the paths: a file that is named, or each `.yaml`/`.yml` below a folder that says `muster:`. */
async function manifestFiles(cwd: string, paths: readonly string[]): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const path of paths) {
    const absolute = resolve(cwd, path);
    try {
      if (!statSync(absolute).isDirectory()) {
        files.add(path);
        continue;
      }
      for (const file of await manifestsBelow(absolute)) files.add(relative(cwd, file));
    } catch (error) {
      throw unreadable(path, error);
    }
  }
  if (files.size === 0) throw new UsageError(`there is no workflow under ${paths.join(", ")}`);
  return [...files].sort();
}

/** Files read at once while looking for manifests. */
const READS_AT_ONCE = 16;

async function manifestsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(
      (entry) =>
        entry.isFile() &&
        /\.ya?ml$/.test(entry.name) &&
        // A folder of packages is looked into only when it is named itself.
        !relative(folder, entry.parentPath).split(sep).includes("node_modules"),
    )
    .map((entry) => join(entry.parentPath, entry.name));
  const limit = pLimit(READS_AT_ONCE);
  const areManifests = await Promise.all(files.map((file) => limit(() => isManifest(file))));
  return files.filter((_, index) => areManifests[index]);
}

/** The key `muster` at the top marks a manifest among other YAML files. */
async function isManifest(path: string): Promise<boolean> {
  return /^["']?muster["']?\s*:/m.test(await readFile(path, "utf8"));
}

function summary(files: number, errors: number, warnings: number): string {
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  const checked = count(files, "workflow");
  if (errors + warnings === 0) return `${checked} valid`;
  return `${checked} checked: ${count(errors, "error")}, ${count(warnings, "warning")}`;
}

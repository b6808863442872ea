import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { replaceFile } from "../../compose/replace-file.ts";
import { renderDiagnostics } from "../../diagnostic/render.ts";
import { formatManifest, type Formatted } from "../../format/format.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { manifestFiles } from "../manifest-files.ts";
import type { Terminal } from "../terminal.ts";
import { unreadable } from "../workflow.ts";

export interface FmtOptions {
  readonly check?: boolean;
  readonly fix?: boolean;
  readonly json?: boolean;
}

interface FmtResult extends Omit<Formatted, "text"> {
  readonly file: string;
  readonly status: "unchanged" | "changed" | "invalid";
}

/** `muster fmt [path...]`: canonical order and spelling of keys. `--check` writes nothing, and exits with 3 on a difference. */
export async function run(terminal: Terminal, paths: readonly string[], options: FmtOptions): Promise<ExitCode> {
  const files = await manifestFiles(terminal.cwd, paths);
  const results = files.map((file) => formatFile(file, terminal, options));
  const count = (status: FmtResult["status"]): number => results.filter((result) => result.status === status).length;
  if (options.json === true) terminal.out(`${JSON.stringify({ version: 1, files: results }, null, 2)}\n`);
  else for (const result of results) tell(result, terminal, options.check === true);
  const changed = count("changed");
  const verb = options.check === true ? "would change" : "changed";
  terminal.err(`${changed} of ${files.length} workflow${files.length === 1 ? "" : "s"} ${verb}\n`);
  if (count("invalid") > 0) return exitCode.invalid;
  return options.check === true && changed > 0 ? exitCode.invalid : exitCode.succeeded;
}

function formatFile(file: string, terminal: Terminal, { check = false, fix = false }: FmtOptions): FmtResult {
  const path = resolve(terminal.cwd, file);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    throw unreadable(file, error);
  }
  const source = { path: file, text };
  const formatted = formatManifest(source, { fix });
  if (!formatted.ok) {
    terminal.err(renderDiagnostics(formatted.error, [source], { color: terminal.color.isColorSupported }));
    return { file, status: "invalid", renamed: [], foreign: [] };
  }
  const { text: result, ...told } = formatted.value;
  if (result === text) return { file, status: "unchanged", ...told };
  if (!check) replaceFile(path, result);
  return { file, status: "changed", ...told };
}

function tell({ file, status, renamed, foreign }: FmtResult, terminal: Terminal, isCheck: boolean): void {
  if (status === "changed") terminal.out(`${isCheck ? "would change" : "changed"}  ${file}\n`);
  for (const { key, to } of renamed) terminal.out(`  ${key}: here it is called '${to}'\n`);
  for (const key of foreign)
    terminal.out(`  ${file}: '${key}' is a word of another tool; see 'muster validate', or try 'muster fmt --fix'\n`);
}

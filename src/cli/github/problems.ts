import { annotationOf } from "../../diagnostic/github.ts";
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import { code, text } from "../../plan/render/markdown-text.ts";
import { checkoutPath } from "../checkout-path.ts";
import type { GithubTerminal } from "./terminal.ts";

/** More problems than that make a page that nobody reads. */
const MOST_PROBLEMS = 50;

/** What is wrong with a manifest before anything runs: annotations, and where nothing can run the page of the job. */
export function problemsOnGithub(
  path: string,
  diagnostics: readonly Diagnostic[],
  isValid: boolean,
  terminal: GithubTerminal,
): void {
  for (const each of diagnostics)
    terminal.runner.command(...annotationOf(each, (file) => checkoutPath(file, terminal)));
  if (isValid) return;
  const lines = diagnostics
    .slice(0, MOST_PROBLEMS)
    .map(
      (each) =>
        `- ${code(`${each.file}:${each.span.line}:${each.span.column}`)} ${each.severity} ${each.code}: ${text(each.message)}`,
    );
  const more = diagnostics.length - lines.length;
  if (more > 0) lines.push(`- and ${more} more`);
  terminal.runner.summary(`## ${text(path)}: ❌ not valid\n\nNothing was run.\n\n${lines.join("\n")}\n`);
}

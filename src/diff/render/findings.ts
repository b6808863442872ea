import { code, text } from "../../plan/render/markdown-text.ts";
import type { Findings } from "../findings.ts";
import { bounded, plural } from "./words.ts";

/** What the findings add to the line that says it all, a clause each; that `--fail-on` refuses stands below it. */
export function findingClauses({ invalid, invalidBefore, policy }: Findings): readonly string[] {
  const refused = policy.filter(({ severity }) => severity === "error").length;
  return [
    ...(invalid.length === 0
      ? []
      : [`${plural(invalid.length, "workflow")} not valid, so that its change cannot be told`]),
    ...(invalidBefore.length === 0 ? [] : [`${plural(invalidBefore.length, "workflow")} not valid before`]),
    ...(refused === 0 ? [] : [`the policy refuses it (${plural(refused, "rule")} not kept)`]),
  ];
}

/** The findings as Markdown, a part each; no more than 24 KB. */
export function findingParts({ invalid, invalidBefore, policy, failOn }: Findings): readonly string[] {
  return [
    part(
      "Not valid: how it changed cannot be told",
      invalid.flatMap(({ path, problems }) => [
        `- :x: ${code(path)}`,
        ...problems.map(
          ({ file, span, code: rule, message }) =>
            `  - ${code(`${file}:${span.line}:${span.column}`)} ${rule}: ${text(message)}`,
        ),
      ]),
    ),
    part(
      "Not valid before: what is there now counts as new",
      invalidBefore.map((path) => `- :warning: ${code(path)}`),
    ),
    part(
      "Policy",
      policy.map(({ path, step, rule, severity, message }) => {
        const where = step === null ? code(path) : `${code(path)}, step ${code(step)}`;
        return `- ${severity === "error" ? ":x:" : ":warning:"} ${where}: ${text(rule)}: ${text(message)}`;
      }),
    ),
    part(
      "Refused by --fail-on",
      failOn.map((why) => `- :x: ${text(why)}`),
    ),
  ].filter((each) => each !== "");
}

function part(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `### ${title}\n\n${bounded(lines, 5_800).join("\n")}\n`;
}

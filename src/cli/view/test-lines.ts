import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import type { Coverage, Tally } from "../../testing/coverage.ts";
import type { SuiteOutcome, TestOutcome } from "../../testing/outcome.ts";

/** The tests of a file: a line each, and below one that failed what is wrong, where, expected (`-`) and actual (`+`). */
export function suiteText({ file, tests }: SuiteOutcome, colors: Colors): string {
  return `${colors.bold(file)}\n${tests.map((test) => testText(file, test, colors)).join("")}`;
}

function testText(file: string, { name, problems }: TestOutcome, colors: Colors): string {
  if (problems.length === 0) return `  ${colors.green("ok")}    ${printable(name)}\n`;
  const lines = problems.flatMap(({ line, message, diff }) => [
    `        ${colors.cyan(`${file}:${line}`)} ${printable(message)}`,
    ...diff.map((each) => `          ${painted(printable(each), colors)}`),
  ]);
  return `  ${colors.red("fail")}  ${printable(name)}\n${lines.join("\n")}\n`;
}

function painted(line: string, colors: Colors): string {
  return line.startsWith("- ") ? colors.green(line) : line.startsWith("+ ") ? colors.red(line) : line;
}

/** What the tests of a workflow never reached. */
export function coverageText(file: string, { steps, branches, failures }: Coverage, colors: Colors): string {
  const missing = [
    ...steps.missing.map((name) => `  never ran: ${name}\n`),
    ...branches.missing.map((name) => `  never taken: ${name}\n`),
    ...failures.missing.map((name) => `  never failed: ${name}\n`),
  ];
  const shares = `steps ${share(steps)}, branches ${share(branches)}, failure paths ${share(failures)}`;
  return `${colors.bold(`coverage of ${file}`)}: ${shares}\n${missing.join("")}`;
}

function share({ all, missing }: Tally): string {
  return `${all - missing.length}/${all}`;
}

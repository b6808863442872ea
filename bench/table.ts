import type { Result, Target } from "./finding.ts";

const head = ["what", "target", "median", "best", "median / target", ""];

/** The rows of the table, the head first. */
export function rowsOf(results: readonly Result[]): readonly (readonly string[])[] {
  return [head, ...results.map(row)];
}

function row({ what, target, median, best, unit }: Result): readonly string[] {
  const figures = [`${figure(median)} ${unit}`, `${figure(best)} ${unit}`];
  if (target === null) return [what, "", `${figure(median)} ${unit}`, "", "", ""];
  const limit = limitOf(target);
  const told = `${"atMost" in target ? "<=" : ">="} ${figure(limit)} ${unit}`;
  return [what, told, ...figures, (median / limit).toFixed(2), verdict(target, median, best)];
}

/** Noise of a machine makes things slower, never faster: where only the best run reaches the target, that is told. */
function verdict(target: Target, median: number, best: number): string {
  if (reaches(target, median)) return "ok";
  return reaches(target, best) ? "ok at best" : "not yet";
}

function reaches(target: Target, value: number): boolean {
  return "atMost" in target ? value <= target.atMost : value >= target.atLeast;
}

function limitOf(target: Target): number {
  return "atMost" in target ? target.atMost : target.atLeast;
}

function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3).replace(/\.?0+$/, "");
}

/** As text with aligned columns. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** As a Markdown table. */
export function markdownTable([first = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(first), line(first.map(() => "---")), ...rows.map(line)].join("\n");
}

import type { Colors } from "picocolors/types.js";
import { displayWidth } from "../../diagnostic/printable.ts";
import type { Progress, StepProgress } from "../../run/progress.ts";
import { formatElapsed, formatTokens, formatUsd } from "../../util/format.ts";
import { cut } from "./cell.ts";
import { layoutOf } from "./layout.ts";
import { nameOf, shortModel, spinner, stepRow } from "./row.ts";
import { chooseRows } from "./choose-rows.ts";

/** Below this width there is room for the last line only. */
const NARROWEST = 24;

/**
 * The picture of a run: at most `height` lines of fewer than `width` columns, so that no terminal breaks or scrolls
 * them. Steps in the order of the file; where they do not fit, the least interesting ones become one line each for
 * those that are over, that run and that wait. Pure: equal arguments give equal lines. `now` is milliseconds since 1970.
 */
export function frame(progress: Progress, width: number, height: number, now: number, color: Colors): string[] {
  const columns = Math.max(1, width - 1);
  if (height < 1) return [];
  if (width < NARROWEST) return [totals(progress, columns, now, color)];
  const shown = chooseRows(progress.rows(), Math.max(0, height - 1));
  const note = (mark: string, text: string): string => color.dim(cut(` ${mark} ${text}`, columns));
  return [
    ...(shown.over.length === 0 ? [] : [note("✓", hiddenText(shown.over))]),
    ...rowsOf(progress, shown.steps, columns, now, color),
    ...(shown.running === 0 ? [] : [note(spinner(now), `${shown.running} more at work`)]),
    ...(shown.pending === 0 ? [] : [note("·", `${shown.pending} more to come`)]),
    totals(progress, columns, now, color),
  ];
}

/** Some steps of a run, a line each of at most `columns`, their figures one below the other. */
export function rowsOf(
  progress: Progress,
  steps: readonly StepProgress[],
  columns: number,
  now: number,
  color: Colors,
): string[] {
  const widest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, displayWidth(text)), 0);
  const layout = layoutOf(columns, widest(steps.map(nameOf)), widest(steps.map(shortModel)));
  return steps.map((step) => stepRow(step, progress, layout, now, color));
}

/** `12 more: 10 succeeded, 2 skipped` */
function hiddenText(over: readonly StepProgress[]): string {
  const counts = new Map<string, number>();
  for (const { phase } of over) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  return `${over.length} more: ${[...counts].map(([phase, count]) => `${count} ${phase}`).join(", ")}`;
}

/** The last line: time, steps, tokens and cost of the whole run. */
function totals(progress: Progress, width: number, now: number, color: Colors): string {
  const { steps, startedAt, endedAt } = progress;
  const { tokens, costUsd, isCostUnknown } = progress.spend();
  const parts = [
    formatElapsed(Math.max(0, (endedAt ?? now) - (startedAt ?? now))),
    `${progress.done()}/${steps.length} steps`,
  ];
  const { budget } = progress;
  const ofTokens = typeof budget?.tokens === "number" ? ` of ${formatTokens(budget.tokens)}` : "";
  const ofUsd = typeof budget?.usd === "number" ? ` of ${formatUsd(budget.usd)}` : "";
  if (tokens > 0)
    parts.push(`${formatTokens(tokens)}${ofTokens} tokens`, `${formatUsd(isCostUnknown ? null : costUsd)}${ofUsd}`);
  return color.dim(cut(`   ${parts.join("  ")}`, width));
}

import { skipText } from "../../run/skip-text.ts";
import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import type { Tally } from "../../run/item-tally.ts";
import type { Progress, StepProgress } from "../../run/progress.ts";
import { formatElapsed, formatTokens, formatUsd } from "../../util/format.ts";
import { bar, cell, cut } from "./cell.ts";
import { GAP, MARK_WIDTH, type Layout } from "./layout.ts";

/** Pictures of the spinner, one a tenth of a second. */
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const;

/** The sign of a running thing at this moment. */
export function spinner(now: number): string {
  return SPINNER[Math.floor(now / 100) % SPINNER.length] ?? "⠋";
}

/** One step as a line: mark, name, what it is at, model, time, tokens, cost. */
export function stepRow(step: StepProgress, progress: Progress, layout: Layout, now: number, color: Colors): string {
  const all: readonly (readonly [text: string, width: number])[] = [
    [step.phase === "running" || step.phase === "succeeded" ? shortModel(step) : "", layout.model],
    [elapsed(step, now), layout.elapsed],
    [step.tokens === 0 ? "" : formatTokens(step.tokens), layout.tokens],
    [cost(step), layout.cost],
  ];
  const figures = all.filter(([, width]) => width > 0);
  const first = figures.findIndex(([text]) => text !== "");
  const empty = first === -1 ? figures : figures.slice(0, first);
  const room = layout.detail + empty.reduce((sum, [, width]) => sum + width + GAP, 0);
  const columns = [
    nameStyle(step, color)(cell(nameOf(step), layout.name)),
    ...(room === 0 ? [] : [detail(step, progress, room, now, color)]),
    ...figures.slice(empty.length).map(([text, width], index) => {
      const isModel = index + empty.length === 0 && layout.model > 0;
      return isModel ? color.dim(cell(text, width)) : cell(text, width, "right");
    }),
  ];
  return ` ${mark(step, now, color)}${" ".repeat(MARK_WIDTH - 2)}${columns.join(" ")}`.trimEnd();
}

/** The name of a step, further in the deeper it is. */
export function nameOf({ id, depth }: StepProgress): string {
  return `${"  ".repeat(depth)}${printable(id)}`;
}

/** A model without its provider: the line is short. */
export function shortModel({ model }: StepProgress): string {
  return model === null ? "" : printable(model.slice(model.indexOf("/") + 1));
}

function mark(step: StepProgress, now: number, color: Colors): string {
  switch (step.phase) {
    case "pending":
      return color.dim("·");
    case "running":
      return color.cyan(spinner(now));
    case "retrying":
      return color.yellow("↻");
    case "waiting":
      return color.yellow("◷");
    case "succeeded":
      return color.green("✓");
    case "failed":
      return step.isCaught ? color.yellow("✗") : color.red("✗");
    case "skipped":
      return color.dim("-");
    case "cancelled":
      return color.yellow("■");
  }
}

function nameStyle(step: StepProgress, color: Colors): (text: string) => string {
  if (step.phase === "pending" || step.phase === "skipped") return color.dim;
  return step.phase === "failed" && !step.isCaught ? color.red : (text) => text;
}

function elapsed({ startedAt, endedAt, phase }: StepProgress, now: number): string {
  if (startedAt === null || phase === "pending" || phase === "skipped") return "";
  return formatElapsed(Math.max(0, (endedAt ?? now) - startedAt));
}

function cost(step: StepProgress): string {
  if (step.tokens === 0) return "";
  if (step.isCostUnknown) return "?";
  // The column is narrow.
  return step.costUsd > 0 && step.costUsd < 0.0001 ? "<$0.0001" : formatUsd(step.costUsd);
}

/** What the step is at, in `width` columns. */
function detail(step: StepProgress, progress: Progress, width: number, now: number, color: Colors): string {
  const { items, phase } = step;
  if (phase === "pending")
    return color.dim(
      cell(items === null || items.total === 0 ? waitText(step, progress, width) : tallyText(items), width),
    );
  if (phase === "skipped")
    return color.dim(cell(step.skipCause === "upstream" ? "a step before it failed" : skipText(step.skipCause), width));
  if (phase === "failed") return color.red(cell(printable(step.problem ?? "failed"), width));
  if (phase === "retrying")
    return color.yellow(
      cell(
        `attempt ${step.attempt + 1} in ${formatElapsed(Math.max(0, (step.retryAt ?? now) - now))}, ${printable(step.problem ?? "")}`,
        width,
      ),
    );
  if (phase === "waiting") return color.yellow(cell(printable(step.waitsFor ?? "waits"), width));
  if (items !== null && step.isMany) {
    return cell(tallyText(items), width);
  }
  if (items !== null) return itemText(step, width, color);
  return cell(step.attempt > 1 ? `attempt ${step.attempt}` : "", width);
}

/** `3 done, 2 at work 1✗` */
function tallyText({ succeeded, failed, running }: Tally): string {
  return `${succeeded + failed} done${running === 0 ? "" : `, ${running} at work`}${failed === 0 ? "" : ` ${failed}✗`}`;
}

function itemText({ items, phase }: StepProgress, width: number, color: Colors): string {
  if (items === null) return cell("", width);
  const count = `${items.succeeded + items.failed}/${items.total}`;
  const failed = items.failed === 0 ? "" : ` ${items.failed}✗`;
  const room = width - count.length - failed.length - 1;
  const picture =
    phase === "running" && room >= 4
      ? `${color.cyan(bar(items.succeeded + items.failed, items.total, Math.min(room, 12)))} `
      : "";
  const used = picture === "" ? 0 : Math.min(room, 12) + 1;
  return `${picture}${cell(count, Math.min(count.length, width - used))}${color.red(cell(failed, Math.max(0, width - used - count.length)))}`;
}

/** `waits for a, b +3`: as many names as fit. */
function waitText(step: StepProgress, progress: Progress, width: number): string {
  const open = progress.waitsFor(step);
  if (open.length === 0) return "ready";
  let text = `waits for ${printable(open[0]?.id ?? "")}`;
  for (let shown = 1; shown < open.length; shown += 1) {
    const next = `${text}, ${printable(open[shown]?.id ?? "")}`;
    const rest = open.length - shown - 1;
    if (next.length + (rest === 0 ? 0 : ` +${rest}`.length) > width)
      return cut(text, width - ` +${rest + 1}`.length) + ` +${rest + 1}`;
    text = next;
  }
  return text;
}

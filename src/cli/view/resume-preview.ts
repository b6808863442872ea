import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import type { ResumePlan } from "../../engine/local/recall.ts";
import type { StartReason } from "../../engine/local/sink.ts";
import { typedLabel } from "../../run/attempt-key.ts";

const reasons: { readonly [reason in StartReason]: string } = {
  new: "not done yet",
  step_changed: "the step changed",
  values_changed: "a value that it reads changed",
  lost: "in flight when the runner stopped",
  waiting: "still waits",
  retry: "failed before, tried again",
  failed: "failed before, tried anew",
  rerun: "asked for with --rerun",
  unknown: "outcome unknown",
};

/** So many units whose outcome is unknown are named. */
const MOST_IN_DOUBT = 10;

/** What a resume reuses and what runs again, and why: printed before anything starts. */
export function resumePreview({ steps }: ResumePlan, color: Colors): string {
  const lines: string[] = [];
  const reused = steps.filter(
    (step) => step.reused > 0 && step.again.length === 0 && !step.waits && step.inDoubt.length === 0,
  );
  if (reused.length > 0)
    lines.push(
      `  ${color.green("reused")}  ${reused.map(({ path, reused: units }) => printable(path) + (units > 1 ? ` (${units})` : "")).join(", ")}`,
    );
  const cached = steps.filter((step) => step.cached > 0 && step.again.length === 0 && !step.waits);
  if (cached.length > 0)
    lines.push(
      `  ${color.green("cached")}  ${cached.map(({ path, cached: units }) => printable(path) + (units > 1 ? ` (${units})` : "")).join(", ")}`,
    );
  for (const { path, reused: units, again } of steps) {
    if (again.length === 0) continue;
    const why = again
      .map(({ reason, units: count }) => (count > 1 || units > 0 ? `${count} ${reasons[reason]}` : reasons[reason]))
      .join(", ");
    lines.push(
      `  ${color.cyan("runs")}    ${printable(path)}  ${color.dim(why + (units > 0 ? `; ${units} reused` : ""))}`,
    );
  }
  const inDoubt = steps.flatMap((step) => step.inDoubt);
  for (const label of inDoubt.slice(0, MOST_IN_DOUBT)) {
    const name = printable(label);
    lines.push(
      `  ${color.yellow("doubt")}   ${name}  ${color.dim(`was running when its runner stopped: it fails, unless you say --rerun ${typedLabel(name)}`)}`,
    );
  }
  if (inDoubt.length > MOST_IN_DOUBT)
    lines.push(`  ${color.yellow("doubt")}   ${color.dim(`and ${inDoubt.length - MOST_IN_DOUBT} more`)}`);
  const later = steps.filter((step) => step.waits).map(({ path }) => printable(path));
  if (later.length > 0) lines.push(`  ${color.dim("then")}    ${later.join(", ")}`);
  return lines.length === 0 ? `  ${color.dim("nothing is left to run")}\n` : `${lines.join("\n")}\n`;
}

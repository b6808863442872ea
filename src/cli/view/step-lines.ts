import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import { skipText } from "../../run/skip-text.ts";
import type { ChildRecord } from "../../run/child-record.ts";
import type { ScopeRecord, StepRecord } from "../../run/state.ts";
import { formatElapsed, formatUsd } from "../../util/format.ts";
import { statusText } from "./run-summary.ts";

/** A step with those inside of it; what many items do is told once for each inner step, with how many did it. */
export function stepLines(step: StepRecord, color: Colors, depth = 0): string[] {
  const lines = [`${"  ".repeat(depth)}${stepLine(step, color)}`, ...childLines(step.children ?? [], color, depth + 1)];
  if (step.inner !== null)
    return [...lines, ...step.inner.steps.flatMap((inner) => stepLines(inner, color, depth + 1))];
  const scopes = (step.items ?? []).flatMap(({ inner }) => inner ?? []);
  const ofItems = (step.items ?? []).flatMap(({ children }) => childLines(children ?? [], color, depth + 1));
  return [...lines, ...ofItems, ...collapsedLines(scopes, color, depth + 1)];
}

/** The agents that an agent has started, and those that they have. */
function childLines(children: readonly ChildRecord[], color: Colors, depth: number): string[] {
  return children.flatMap((child) => {
    const { path, label, status, startedAt, endedAt, askedModel, spend } = child;
    const parts = [
      statusText(status, color) + " ".repeat(Math.max(0, 10 - status.length)),
      printable(path).padEnd(20),
      ...(endedAt === null ? [] : [formatElapsed(endedAt - startedAt).padStart(6)]),
      ...(label === null ? [] : [color.dim(printable(label))]),
      ...(askedModel === null ? [] : [askedModel]),
      ...(spend.usage.calls === 0 ? [] : [formatUsd(spend.costUsd)]),
      ...(child.failure === null ? [] : [printable(`${child.failure.class}: ${child.failure.message}`)]),
    ];
    return [`${"  ".repeat(depth)}  ${parts.join("  ")}`.trimEnd(), ...childLines(child.children, color, depth + 1)];
  });
}

/** The steps of many instances of one scope, each once. */
function collapsedLines(scopes: readonly ScopeRecord[], color: Colors, depth: number): string[] {
  const [first] = scopes;
  if (first === undefined) return [];
  return first.steps.flatMap(({ id, path }, index) => {
    const all = scopes.flatMap(({ steps }) => steps[index] ?? []);
    const counts = new Map<StepRecord["status"], number>();
    for (const { status } of all) counts.set(status, (counts.get(status) ?? 0) + 1);
    const isOne = counts.size === 1;
    const status = isOne
      ? (all[0] as StepRecord).status
      : counts.has("failed")
        ? "failed"
        : (all[0] as StepRecord).status;
    const tally = [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
    const name = `${path.slice(0, path.length - id.length).replace(/\[\d+\]/g, "[*]")}${id}`;
    const attempts = all.reduce((sum, one) => sum + one.attempts, 0);
    const parts = [
      statusText(status, color) + " ".repeat(Math.max(0, 10 - status.length)),
      printable(name).padEnd(20),
      isOne ? `${all.length} times` : tally,
      ...(attempts > all.length ? [`${attempts} attempts`] : []),
    ];
    const inner = all
      .flatMap((one) => [one.inner, ...(one.items ?? []).map((item) => item.inner)])
      .filter((s) => s !== null);
    return [`${"  ".repeat(depth)}  ${parts.join("  ")}`, ...collapsedLines(inner, color, depth + 1)];
  });
}

function stepLine(step: StepRecord, color: Colors): string {
  const name = printable(step.path);
  const parts = [statusText(step.status, color) + " ".repeat(Math.max(0, 10 - step.status.length)), name.padEnd(20)];
  if (step.startedAt !== null && step.endedAt !== null)
    parts.push(formatElapsed(step.endedAt - step.startedAt).padStart(6));
  if (step.attempts > 1) parts.push(`${step.attempts} attempts`);
  if (step.items !== null)
    parts.push(`${step.items.filter(({ status }) => status === "succeeded").length}/${step.items.length} items`);
  if (step.model !== null) parts.push(step.model);
  if (step.usage !== null && step.usage.calls > 0) parts.push(formatUsd(step.costUnknown ? null : step.costUsd));
  if (step.cached > 0) parts.push(color.dim(step.items === null ? "from the cache" : `${step.cached} from the cache`));
  if (step.caught) parts.push(color.yellow("caught by on_error"));
  if (step.skipCause !== null) parts.push(color.dim(skipText(step.skipCause)));
  return `  ${parts.join("  ")}`.trimEnd();
}

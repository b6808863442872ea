import type { NormalStep } from "../../manifest/normal.ts";
import type { Problems } from "../problems.ts";
import type { PlannedFan } from "../types.ts";
import type { ParsedStep } from "./parse-templates.ts";

/**
 * Reports lists whose size is known and can never do: longer than `max_items`, empty where one success is needed, or
 * with fewer items (batches, combinations) than have to succeed.
 */
export function checkFans(steps: Iterable<ParsedStep>, problems: Problems): void {
  for (const { step, fan } of steps) {
    if (fan === null || fan.size === null) continue;
    const { maxItems, join, size } = fan;
    if (fan.variable === "matrix") {
      // How large a matrix may be was looked at where it was multiplied out; it is empty where it was wrong.
      if (size > 0) checkJoin(step, fan, size, "combination", problems);
    } else if (size > maxItems) {
      problems.error([...step.pointer, "for_each"], {
        code: "WF3011",
        message: `the list of step '${step.id}' has ${size} items, more than \`max_items\` allows (${maxItems})`,
        help: `shorten the list, or write \`max_items: ${size}\``,
      });
    } else if (size === 0 && join.kind === "any") {
      problems.error([...step.pointer, "for_each"], {
        code: "WF3012",
        message: `step '${step.id}' goes on with the first success, and its list is empty`,
        help: "add items, or write `join: all`",
      });
    } else {
      checkJoin(step, fan, Math.ceil(size / (fan.batch?.size ?? 1)), fan.batch === null ? "item" : "batch", problems);
    }
  }
}

/** `units` is how many of the `kind` the step has. */
function checkJoin(
  { id, pointer }: NormalStep,
  { join }: PlannedFan,
  units: number,
  kind: "item" | "batch" | "combination",
  problems: Problems,
): void {
  if (join.kind !== "at_least" || join.count <= units) return;
  problems.error([...pointer, "join"], {
    code: "WF3029",
    message: `step '${id}' asks for ${count(join.count, "success")}, and has ${count(units, kind)}`,
    help: units === 0 ? "add items, or write `join: all`" : `lower \`at_least\` to ${units}, or add to them`,
  });
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : /(?:s|ch)$/.test(unit) ? "es" : "s"}`;
}

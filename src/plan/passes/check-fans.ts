import type { Problems } from "../problems.ts";
import type { ParsedStep } from "./parse-templates.ts";

/**
 * Reports lists whose size is known and can never do: longer than `max_items`, or empty where one success is needed.
 * (A list shorter than `at_least` is no valid manifest.)
 */
export function checkFans(steps: Iterable<ParsedStep>, problems: Problems): void {
  for (const { step, fan } of steps) {
    // A matrix was looked at where it was multiplied out.
    if (fan === null || fan.size === null || fan.variable === "matrix") continue;
    const { maxItems, join, size } = fan;
    if (size > maxItems) {
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
    }
  }
}

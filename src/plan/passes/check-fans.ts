import { staticSize } from "../fan-size.ts";
import type { Problems } from "../problems.ts";
import type { ParsedStep } from "./parse-templates.ts";

/** Reports lists whose size is known and can never do: longer than `max_items`, or shorter than the join asks. */
export function checkFans(steps: readonly ParsedStep[], problems: Problems): void {
  for (const { step, items } of steps) {
    const size = items === null ? null : staticSize(items);
    if (step.fan === null || size === null) continue;
    const { maxItems, join } = step.fan;
    const least = join.kind === "at_least" ? join.count : join.kind === "any" ? 1 : 0;
    if (size > maxItems) {
      problems.error([...step.pointer, "for_each"], {
        code: "WF3011",
        message: `the list of step '${step.id}' has ${size} items, more than \`max_items\` allows (${maxItems})`,
        help: `shorten the list, or write \`max_items: ${size}\``,
      });
    } else if (size < least) {
      problems.error([...step.pointer, "join"], {
        code: "WF3012",
        message: `step '${step.id}' goes on with ${least} successes, but its list has ${size === 1 ? "1 item" : `${size} items`}`,
        help: size === 0 ? "add items, or write `join: all`" : `lower it to at most ${size}, or add items`,
      });
    }
  }
}

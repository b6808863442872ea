import { lineDiff } from "../util/line-diff.ts";

/** How two texts differ by lines: `- ` is expected, `+ ` is what came. */
export function jsonDiff(expected: string, actual: string): readonly string[] {
  return lineDiff(expected.split("\n"), actual.split("\n"));
}

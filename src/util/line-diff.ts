/** Lines of each side that are compared; what follows is not looked at, so that the cost is bounded. */
const MOST_LINES = 300;
/** Changed lines that are shown, and how much of each (UTF-16 units). */
const MOST_SHOWN = 12;
const LONGEST_SHOWN = 160;

/**
 * How two texts differ, as the lines that are only in the one (`- `) and only in the other (`+ `), in order, without
 * those around them. Bounded in cost and in length.
 */
export function lineDiff(before: readonly string[], after: readonly string[]): readonly string[] {
  const changes = changesOf(before.slice(0, MOST_LINES), after.slice(0, MOST_LINES)).map((line) =>
    line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}...` : line,
  );
  const left = changes.length - MOST_SHOWN;
  return left > 0 ? [...changes.slice(0, MOST_SHOWN), `... and ${left} more changed lines`] : changes;
}

/** By the longest common subsequence. */
function changesOf(before: readonly string[], after: readonly string[]): string[] {
  const width = after.length + 1;
  // common[i * width + j]: the length of the longest common subsequence of before[i..] and after[j..].
  const common = new Uint16Array((before.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const changes: string[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) {
      changes.push(`- ${before[i]}`);
      i += 1;
    } else {
      changes.push(`+ ${after[j]}`);
      j += 1;
    }
  }
  return changes;
}

/**
 * The candidate that a mistyped word most likely meant, or null. Distance counts inserted, dropped, replaced and
 * swapped letters; up to a third of the word may be wrong (at most 3), case does not count. Ties go to the first. When
 * nothing is that near, the only candidate that starts with the word. A word of one or two letters is near to too many:
 * only another case, its letters swapped or its one continuation is a guess.
 */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  // A name of more than 64 letters is no name of ours, and comparing it would be slow.
  if (word.length > 64) return null;
  const wanted = word.toLowerCase();
  let best: string | null = null;
  let bound = Math.min(3, Math.max(1, Math.floor(word.length / 3)));
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > bound || candidate.length > 64) continue;
    const found = distance(wanted, candidate.toLowerCase(), bound);
    if (found === null) continue;
    if (found > 0 && word.length <= 2 && !isSwapped(wanted, candidate.toLowerCase())) continue;
    if (found === 0) return candidate;
    best = candidate;
    bound = found - 1;
  }
  return best ?? onlyOneStartingWith(wanted, candidates);
}

function isSwapped(word: string, candidate: string): boolean {
  return [...word].toReversed().join("") === candidate;
}

function onlyOneStartingWith(word: string, candidates: Iterable<string>): string | null {
  if (word.length < 2) return null;
  const found = [...candidates].filter((candidate) => candidate.toLowerCase().startsWith(word));
  return found.length === 1 ? (found[0] as string) : null;
}

/** Restricted Damerau-Levenshtein distance, or null when it is above `bound`. */
function distance(a: string, b: string, bound: number): number | null {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > bound) return null;
    beforeLast = last;
    last = row;
  }
  const total = at(last, b.length);
  return total <= bound ? total : null;
}

const at = (row: readonly number[], index: number): number => row[index] as number;

/**
 * What comes before what in a scope: the steps that a step waits for, directly or not. A row of bits for each step that
 * was asked for: sets of numbers would take the memory of a small machine for a long chain.
 */
export class Before {
  readonly #words: number;
  readonly #needsOf: (step: number) => readonly number[];
  readonly #rows = new Map<number, Uint32Array>();

  /** `steps` is their number, `needsOf` gives positions that a step waits for directly. Cycles do no harm. */
  constructor(steps: number, needsOf: (step: number) => readonly number[]) {
    this.#words = (steps + 31) >>> 5;
    this.#needsOf = needsOf;
  }

  /** Whether `step` waits for `before`. */
  has(step: number, before: number): boolean {
    return hasBit(this.#rowOf(step), before);
  }

  #rowOf(step: number): Uint32Array {
    const known = this.#rows.get(step);
    if (known !== undefined) return known;
    const row = new Uint32Array(this.#words);
    const open = [step];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const need of this.#needsOf(next)) {
        if (hasBit(row, need)) continue;
        row[need >>> 5] = (row[need >>> 5] as number) | (1 << (need & 31));
        const all = this.#rows.get(need);
        if (all === undefined) open.push(need);
        else for (let word = 0; word < row.length; word += 1) row[word] = (row[word] as number) | (all[word] as number);
      }
    }
    this.#rows.set(step, row);
    return row;
  }
}

function hasBit(row: Uint32Array, bit: number): boolean {
  return ((row[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
}

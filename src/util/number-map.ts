/** There is room for 2 to the power of so many entries at first. */
const SMALLEST = 4;

/** 2^32 over the golden ratio: keys that follow each other, or have gaps of one size, come to lie far apart. */
const SPREAD = 0x9e3779b1;

/**
 * A map whose keys are whole numbers and whose values are never `undefined`, for entries that come and go by the thousand. `Map` makes itself a new
 * table every so many deletions, and V8 keeps in each table a reference to the next one: once a full collection has let
 * one of them grow old, all later ones, and all that was ever in them, stay in memory until the next. Here entries move
 * within one table, which grows to twice the most that there were at once and stays so.
 */
export class NumberMap<Value extends {}> {
  #bits = SMALLEST;
  #keys: number[] = newKeys(SMALLEST);
  #values: (Value | undefined)[] = newValues(SMALLEST);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: number): Value | undefined {
    return this.#values[this.#placeOf(key)];
  }

  set(key: number, value: Value): void {
    let at = this.#placeOf(key);
    if (this.#values[at] === undefined) {
      this.#size += 1;
      if (this.#size * 2 > this.#keys.length) {
        this.#grow();
        at = this.#placeOf(key);
      }
      this.#keys[at] = key;
    }
    this.#values[at] = value;
  }

  /** False when there was no such entry. */
  delete(key: number): boolean {
    const mask = this.#keys.length - 1;
    let hole = this.#placeOf(key);
    if (this.#values[hole] === undefined) return false;
    // Whoever came to lie further on because this place was taken moves up, so that a search still ends at a free place.
    for (let at = (hole + 1) & mask; this.#values[at] !== undefined; at = (at + 1) & mask) {
      const home = this.#homeOf(this.#keys[at] as number);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#keys[hole] = this.#keys[at] as number;
      this.#values[hole] = this.#values[at];
      hole = at;
    }
    this.#values[hole] = undefined;
    this.#size -= 1;
    return true;
  }

  clear(): void {
    this.#bits = SMALLEST;
    this.#keys = newKeys(SMALLEST);
    this.#values = newValues(SMALLEST);
    this.#size = 0;
  }

  /** In no order that means anything, but always the same one. Nothing may be added or deleted meanwhile. */
  *values(): Iterable<Value> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  /** Where the entry is, or would be. */
  #placeOf(key: number): number {
    const [keys, values] = [this.#keys, this.#values];
    const mask = keys.length - 1;
    let at = this.#homeOf(key);
    while (keys[at] !== key && values[at] !== undefined) at = (at + 1) & mask;
    return at;
  }

  #homeOf(key: number): number {
    return Math.imul(key, SPREAD) >>> (32 - this.#bits);
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#bits += 1;
    this.#keys = newKeys(this.#bits);
    this.#values = newValues(this.#bits);
    for (const [from, value] of values.entries()) {
      if (value === undefined) continue;
      const key = keys[from] as number;
      const to = this.#placeOf(key);
      this.#keys[to] = key;
      this.#values[to] = value;
    }
  }
}

function newKeys(bits: number): number[] {
  return Array.from({ length: 2 ** bits }, () => 0);
}

function newValues<Value>(bits: number): (Value | undefined)[] {
  return Array.from({ length: 2 ** bits }, () => undefined);
}

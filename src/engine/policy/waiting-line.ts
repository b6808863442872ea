/** A place in a line. */
export interface Turn {
  /** Settles when all who came before have left; null = nobody is before. */
  readonly before: Promise<void> | null;
  /** Gives the place up; once. */
  leave(): void;
}

/** Those who wait for the same thing, in the order in which they came: only the first looks whether it is there. */
export class WaitingLine {
  /** What the first was refused for, last; null = nobody was. */
  cause: string | null = null;
  #last: Promise<void> | null = null;
  #size = 0;

  join(): Turn {
    const before = this.#last;
    let leave: () => void = () => {};
    const left = new Promise<void>((resolve) => (leave = resolve));
    // Who leaves early lets those behind wait for the ones before.
    this.#last = this.#both(before, left);
    this.#size += 1;
    return { before, leave };
  }

  async #both(before: Promise<void> | null, left: Promise<void>): Promise<void> {
    await before;
    await left;
    this.#size -= 1;
    if (this.#size === 0) this.#last = null;
  }
}

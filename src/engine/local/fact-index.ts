import { isPaidKey, parentOfChild } from "../../run/attempt-key.ts";
import type { Fact } from "../../run/fact.ts";
import { noSpend, plusSpend, type Spend } from "../../run/spend.ts";

/** The facts of a run by key and fingerprint, as they stand in memory. */
export class FactIndex {
  /** Nearly every key has one fingerprint, so a single fact is kept bare. */
  readonly #facts = new Map<string, Fact | Fact[]>();
  /** How many of a fact's lost starts have been answered in this epoch. */
  readonly #lostSeen = new Map<string, number>();

  /** What was there before: it answers for keys of which nothing was put since. */
  readonly #before: FactIndex | null;
  /** Names of the agents that each attempt has started, by its name; none of what was there before. */
  readonly #children = new Map<string, Set<string>>();
  #hasKills: boolean;
  #hasPaid: boolean;
  /** What was asked for last: nearly every key is asked for several times in a row. */
  #lastKey: string | null = null;
  #last: Fact | Fact[] | undefined;

  constructor(facts: Iterable<Fact> = [], before: FactIndex | null = null) {
    this.#before = before;
    this.#hasKills = before?.hasKills ?? false;
    this.#hasPaid = before?.hasPaid ?? false;
    for (const fact of facts) this.put(fact);
  }

  /** The same facts for a start of the run of its own: what is put there is not here. Nothing may be put here then. */
  fork(): FactIndex {
    return new FactIndex([], this);
  }

  /** Whether a person stopped any step. */
  get hasKills(): boolean {
    return this.#hasKills;
  }

  /** Whether it is on the record what any call cost, or may cost. */
  get hasPaid(): boolean {
    return this.#hasPaid;
  }

  #known(key: string): Fact | Fact[] | undefined {
    if (this.#lastKey === key) return this.#last;
    this.#lastKey = key;
    return (this.#last = this.#facts.get(key) ?? (this.#before === null ? undefined : this.#before.#known(key)));
  }

  #set(key: string, known: Fact | Fact[]): void {
    this.#facts.set(key, known);
    this.#lastKey = key;
    this.#last = known;
  }

  put(fact: Fact): void {
    this.#hasKills ||= fact.key.endsWith("/~killed");
    this.#hasPaid ||= isPaidKey(fact.key);
    this.#noteChild(fact.key);
    const known = this.#known(fact.key);
    if (known === undefined || (!Array.isArray(known) && known.fingerprint === fact.fingerprint)) {
      this.#set(fact.key, fact);
      return;
    }
    const others = (Array.isArray(known) ? known : [known]).filter((k) => k.fingerprint !== fact.fingerprint);
    this.#set(fact.key, [...others, fact]);
  }

  #noteChild(key: string): void {
    const parent = parentOfChild(key);
    if (parent === null) return;
    const known = this.#children.get(parent);
    if (known === undefined) this.#children.set(parent, new Set([key]));
    else known.add(key);
  }

  /** Names of the agents that an attempt has started, in the order in which they were. */
  childrenOf(attempt: string): readonly string[] {
    const before = this.#before?.childrenOf(attempt) ?? [];
    return [...new Set([...before, ...(this.#children.get(attempt) ?? [])])];
  }

  /** How many agents were ever started by others in the run. */
  get childCount(): number {
    let count = this.#before?.childCount ?? 0;
    for (const [parent, keys] of this.#children) {
      const before = new Set(this.#before?.childrenOf(parent));
      for (const key of keys) if (!before.has(key)) count += 1;
    }
    return count;
  }

  find(key: string, fingerprint: string): Fact | null {
    const known = this.#known(key);
    if (known === undefined) return null;
    if (Array.isArray(known)) return known.find((fact) => fact.fingerprint === fingerprint) ?? null;
    return known.fingerprint === fingerprint ? known : null;
  }

  /** Every fact under a key, oldest first: more than one after an edit. */
  all(key: string): readonly Fact[] {
    const known = this.#known(key);
    if (known === undefined) return [];
    return Array.isArray(known) ? known : [known];
  }

  /** True for each start without an outcome that an earlier runner left behind, once each. */
  takeLost(fact: Fact): boolean {
    const id = `${fact.key} ${fact.fingerprint}`;
    const seen = this.#lostSeen.get(id) ?? 0;
    if (fact.state !== "started" || seen >= fact.starts) return false;
    this.#lostSeen.set(id, seen + 1);
    return true;
  }

  *[Symbol.iterator](): Iterator<Fact> {
    for (const key of this.#keys()) yield* this.all(key);
  }

  /** Each once, in the order in which they were put first. */
  *#keys(): Iterable<string> {
    const before = this.#before;
    if (before !== null) yield* before.#keys();
    for (const key of this.#facts.keys()) if (before === null || before.#known(key) === undefined) yield key;
  }

  /** All that was ever spent for the run: every attempt and call that is on the record, whatever became of it. */
  spend(): Spend {
    let sum = noSpend;
    for (const fact of this) sum = plusSpend(sum, fact);
    return sum;
  }
}

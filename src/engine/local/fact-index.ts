import { isPaidKey } from "../../run/attempt-key.ts";
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
    const known = this.#known(fact.key);
    if (known === undefined || (!Array.isArray(known) && known.fingerprint === fact.fingerprint)) {
      this.#set(fact.key, fact);
      return;
    }
    const others = (Array.isArray(known) ? known : [known]).filter((k) => k.fingerprint !== fact.fingerprint);
    this.#set(fact.key, [...others, fact]);
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

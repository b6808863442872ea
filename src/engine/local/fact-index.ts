import type { Fact } from "../../run/fact.ts";
import { noSpend, plusSpend, type Spend } from "../../run/spend.ts";

/** The facts of a run by key and fingerprint, as they stand in memory. */
export class FactIndex {
  /** Nearly every key has one fingerprint, so a single fact is kept bare. */
  readonly #facts = new Map<string, Fact | Fact[]>();
  /** How many of a fact's lost starts have been answered in this epoch. */
  readonly #lostSeen = new Map<string, number>();

  #hasKills = false;

  constructor(facts: Iterable<Fact> = []) {
    for (const fact of facts) this.put(fact);
  }

  /** Whether a person stopped any step. */
  get hasKills(): boolean {
    return this.#hasKills;
  }

  put(fact: Fact): void {
    this.#hasKills ||= fact.key.endsWith("/~killed");
    const known = this.#facts.get(fact.key);
    if (known === undefined || (!Array.isArray(known) && known.fingerprint === fact.fingerprint)) {
      this.#facts.set(fact.key, fact);
      return;
    }
    const others = (Array.isArray(known) ? known : [known]).filter((k) => k.fingerprint !== fact.fingerprint);
    this.#facts.set(fact.key, [...others, fact]);
  }

  find(key: string, fingerprint: string): Fact | null {
    const known = this.#facts.get(key);
    if (known === undefined) return null;
    if (Array.isArray(known)) return known.find((fact) => fact.fingerprint === fingerprint) ?? null;
    return known.fingerprint === fingerprint ? known : null;
  }

  /** Every fact under a key, oldest first: more than one after an edit. */
  all(key: string): readonly Fact[] {
    const known = this.#facts.get(key);
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
    for (const known of this.#facts.values()) {
      if (Array.isArray(known)) yield* known;
      else yield known;
    }
  }

  /** All that was ever spent for the run: every attempt and call that is on the record, whatever became of it. */
  spend(): Spend {
    let sum = noSpend;
    for (const fact of this) sum = plusSpend(sum, fact);
    return sum;
  }
}

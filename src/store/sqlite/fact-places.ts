import type { Lease } from "../store.ts";
import type { Connection } from "./connection.ts";
import type { RunRow } from "./run-row.ts";
import { OF_RUN, spanOf } from "./run-span.ts";

/** The places of a run's facts by key. Nearly every key has one fingerprint, so a single place is kept bare. */
export class KeyPlaces {
  readonly #places = new Map<string, number | readonly number[]>();

  add(key: string, place: number): void {
    const known = this.#places.get(key);
    if (known === undefined) this.#places.set(key, place);
    else this.#places.set(key, [...(typeof known === "number" ? [known] : known), place]);
  }

  of(key: string): readonly number[] {
    const known = this.#places.get(key);
    return known === undefined ? [] : typeof known === "number" ? [known] : known;
  }

  delete(key: string): void {
    this.#places.delete(key);
  }
}

/** A run as it stood when all of its facts were read. */
interface WholeRead {
  readonly run: RunRow;
  readonly places: KeyPlaces;
}

/**
 * Where the facts of a run lie, for whoever holds its lease: nobody else writes facts of it, so what was known once
 * stays true. Kept in memory, for an index in the file costs more than the facts themselves: keys hold hashes, and
 * each fact of a commit would change a page of its own.
 */
export class FactPlaces {
  readonly #connection: Connection;
  readonly #byLease = new WeakMap<Lease, KeyPlaces>();
  #read: WholeRead | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** All facts of a run were read: who takes its lease next need not do that again. */
  remember(read: WholeRead): void {
    this.#read = read;
  }

  /** Within a transaction of the lease; `run` as it stands. */
  under(lease: Lease, run: RunRow): KeyPlaces {
    let places = this.#byLease.get(lease);
    if (places === undefined) this.#byLease.set(lease, (places = this.#firstPlaces(run)));
    return places;
  }

  /** A transaction failed: what it added is not there. */
  forget(lease: Lease): void {
    this.#byLease.delete(lease);
  }

  #firstPlaces(run: RunRow): KeyPlaces {
    const read = this.#read;
    this.#read = null;
    // Places are never used again: where none came and none went, they are the same facts.
    const { id, run_id: name, last_place: last, fact_count: count } = run;
    if (
      read?.run.id === id &&
      read.run.run_id === name &&
      read.run.last_place === last &&
      read.run.fact_count === count
    )
      return read.places;
    const places = new KeyPlaces();
    const [first] = spanOf(id);
    const rows = count === 0 ? [] : this.#connection.sql(`SELECT id, key FROM fact WHERE ${OF_RUN}`).all(...spanOf(id));
    for (const row of rows) places.add(row["key"] as string, (row["id"] as number) - first);
    return places;
  }
}

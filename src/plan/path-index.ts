import { isGlob, mayBeFolder, mayOverlap, plainPath } from "./file-pattern.ts";

/** So many pairs of paths with wildcards or values in them are compared in all: about a tenth of a second. */
const MOST_COMPARISONS = 100_000;

/** Stands for a first folder that is open: no written-out one has this name. */
const ANYWHERE = "*";

interface Entry<T> {
  readonly skeleton: string;
  readonly value: T;
  /** Its place among all. */
  readonly order: number;
}

/**
 * Paths (`skeletonOf`) by which others they may overlap, as `mayOverlap` tells it. Written-out names are found by
 * look-ups; those with wildcards or values in them are compared one by one, unless what they begin with differs, within
 * a bound: behind it nothing more is found, and `isComplete` is false.
 */
export class PathIndex<T> {
  readonly #exact = new Map<string, Entry<T>[]>();
  /** Written-out paths by each folder around them. */
  readonly #inside = new Map<string, Entry<T>[]>();
  /** Paths with something open in them, by their first folder; `ANYWHERE` where that is open too. */
  readonly #open = new Map<string, Entry<T>[]>();
  /** Written-out paths by their first part, to be compared with open ones. */
  readonly #written = new Map<string, Entry<T>[]>();
  #size = 0;
  #comparisons = 0;

  /** Whether all that overlaps was found so far. */
  get isComplete(): boolean {
    return this.#comparisons <= MOST_COMPARISONS;
  }

  add(skeleton: string, value: T): void {
    const entry: Entry<T> = { skeleton, value, order: this.#size++ };
    if (isOpen(skeleton)) {
      push(this.#open, firstFolder(skeleton), entry);
      return;
    }
    const path = plainPath(skeleton);
    push(this.#exact, path, entry);
    push(this.#written, firstPart(path), entry);
    for (const folder of foldersAround(path)) push(this.#inside, folder, entry);
  }

  /** What was added for paths that may name the same file, in the order in which it was added. */
  *overlapping(skeleton: string): Generator<T> {
    const same = isOpen(skeleton) ? [] : (this.#exact.get(plainPath(skeleton)) ?? []);
    const others = isOpen(skeleton) ? this.#likeOpen(skeleton) : this.#likeWritten(skeleton);
    // Most often there are no others, and who looks for the first stops there.
    const found = others.length === 0 ? same : [...same, ...others].sort((one, other) => one.order - other.order);
    for (const { value } of found) yield value;
  }

  /** What a written-out path meets beside itself: what lies in it, the folders around it, open paths. */
  #likeWritten(skeleton: string): readonly Entry<T>[] {
    const path = plainPath(skeleton);
    const found: Entry<T>[] = [];
    if (mayBeFolder(skeleton)) for (const entry of this.#inside.get(path) ?? []) found.push(entry);
    for (const folder of foldersAround(path))
      for (const entry of this.#exact.get(folder) ?? []) if (mayBeFolder(entry.skeleton)) found.push(entry);
    this.#compareAll(skeleton, this.#open.get(firstPart(path)), found);
    this.#compareAll(skeleton, this.#open.get(ANYWHERE), found);
    return found;
  }

  #likeOpen(skeleton: string): readonly Entry<T>[] {
    const found: Entry<T>[] = [];
    const first = firstFolder(skeleton);
    if (first === ANYWHERE) {
      for (const entries of this.#written.values()) this.#compareAll(skeleton, entries, found);
      for (const entries of this.#open.values()) this.#compareAll(skeleton, entries, found);
    } else {
      this.#compareAll(skeleton, this.#written.get(first), found);
      this.#compareAll(skeleton, this.#open.get(first), found);
      this.#compareAll(skeleton, this.#open.get(ANYWHERE), found);
    }
    return found;
  }

  #compareAll(skeleton: string, entries: readonly Entry<T>[] | undefined, found: Entry<T>[]): void {
    for (const entry of entries ?? []) {
      this.#comparisons += 1;
      if (!this.isComplete) return;
      if (mayOverlap(entry.skeleton, skeleton)) found.push(entry);
    }
  }
}

function isOpen(skeleton: string): boolean {
  return isGlob(skeleton) || skeleton.includes("\0");
}

/** The first part of an open path where it is written out and a folder, else `ANYWHERE`. */
function firstFolder(skeleton: string): string {
  const path = plainPath(skeleton);
  const first = path.split("/", 1)[0] as string;
  return first.length === path.length || isOpen(first) ? ANYWHERE : first;
}

function firstPart(path: string): string {
  return path.split("/", 1)[0] as string;
}

/** `a/b/c`: `a`, `a/b`. */
function foldersAround(path: string): readonly string[] {
  const folders: string[] = [];
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) folders.push(path.slice(0, end));
  return folders;
}

function push<T>(map: Map<string, Entry<T>[]>, key: string, entry: Entry<T>): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [entry]);
  else known.push(entry);
}

/** An entry of a block map or list, as its line shows it. */
export interface Entry {
  /** Its key, or its position in a list. */
  readonly key: string | number;
  /** 0-based. */
  readonly line: number;
  /** Column of the key or dash, 0-based; a dash counts half more, since its list may stand below a key of the same column. */
  readonly indent: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  /** Column at which the value may start on the line of the key. */
  readonly valueStart: number;
  /** The value is a block of text: `|` or `>`. */
  readonly isBlock: boolean;
  /** The entry around it, as an index; -1 at the top. */
  readonly parent: number;
}

/**
 * The shape of a YAML text, told by its indentation alone: so it is there for a text that is broken or half written, and
 * in one pass. What stands in braces on one line is no entry; `flowAt` looks into that.
 */
export interface Outline {
  readonly lines: readonly string[];
  readonly entries: readonly Entry[];
  /** By line, the entry that the line begins or goes on with, the innermost; -1 for blank lines and comments. */
  readonly owners: readonly number[];
}

const KEY = /^("[^"]*"|'[^']*'|[^\s"'#{}[\],&*!|>%@`][^:#]*?)\s*:(?=\s|$)/;
const BLOCK = /^\s*(?:[&!]\S+\s+)*[|>][-+\d]*\s*(?:#.*)?$/;

/** Never throws. */
export function outlineOf(text: string): Outline {
  const lines = text.split(/\r\n|\r|\n/);
  const entries: Entry[] = [];
  const owners: number[] = [];
  const counts = new Map<number, number>();
  let open: number[] = [];
  let block: { readonly owner: number; readonly indent: number } | null = null;
  const add = (entry: Omit<Entry, "parent" | "key">, key: string | null): void => {
    open = open.filter((index) => (entries[index] as Entry).indent < entry.indent);
    const parent = open.at(-1) ?? -1;
    const position = counts.get(parent) ?? 0;
    counts.set(parent, position + 1);
    open.push(entries.length);
    entries.push({ ...entry, parent, key: key ?? position });
  };
  lines.forEach((line, number) => {
    const first = line.search(/\S/);
    if (block !== null && (first === -1 || first > block.indent)) {
      owners.push(block.owner);
      return;
    }
    block = null;
    if (first === -1 || line[first] === "#") {
      owners.push(-1);
      return;
    }
    let at = first;
    for (let dash = /^-(?:\s+|$)/.exec(line.slice(at)); dash !== null; dash = /^-(?:\s+|$)/.exec(line.slice(at))) {
      const isBlock = BLOCK.test(line.slice(at + dash[0].length));
      const place = { line: number, keyStart: at, keyEnd: at + 1, valueStart: at + dash[0].length, isBlock };
      add({ ...place, indent: at + 0.5 }, null);
      if (isBlock) block = { owner: entries.length - 1, indent: at };
      at += dash[0].length;
    }
    const key = KEY.exec(line.slice(at));
    if (key !== null) {
      const [, written = ""] = key;
      const rest = at + key[0].length;
      const valueStart = rest + (/^\s*/.exec(line.slice(rest))?.[0].length ?? 0);
      const isBlock = BLOCK.test(line.slice(rest));
      add(
        { line: number, indent: at, keyStart: at, keyEnd: at + written.length, valueStart, isBlock },
        unquoted(written),
      );
      if (isBlock) block = { owner: entries.length - 1, indent: at };
    }
    owners.push(entries.length - 1);
  });
  return { lines, entries, owners };
}

/** Keys from the top to an entry. */
export function pointerTo({ entries }: Outline, index: number): readonly (string | number)[] {
  const pointer: (string | number)[] = [];
  for (let at = index; at !== -1; at = (entries[at] as Entry).parent) pointer.unshift((entries[at] as Entry).key);
  return pointer;
}

/** The entries of an entry, or of the top (-1). */
export function childrenOf({ entries }: Outline, parent: number): readonly number[] {
  return entries.flatMap((entry, index) => (entry.parent === parent ? [index] : []));
}

/** The entry at the end of a pointer; -1 = there is none. */
export function entryAt({ entries }: Outline, pointer: readonly (string | number)[]): number {
  let found = -1;
  for (const segment of pointer) {
    const parent = found;
    found = entries.findIndex((entry, index) => index > parent && entry.parent === parent && entry.key === segment);
    if (found === -1) return -1;
  }
  return found;
}

export interface NamedStep {
  readonly id: string;
  readonly index: number;
}

/** Every step with its entry: what stands below a `steps` or `finally` that is at the top or belongs to a step. */
export function stepsIn(outline: Outline): readonly NamedStep[] {
  const { entries } = outline;
  const isStep: boolean[] = [];
  return entries.flatMap((entry, index) => {
    const map = entries[entry.parent];
    const isMap = map !== undefined && (map.key === "steps" || (map.key === "finally" && map.parent === -1));
    isStep[index] = isMap && typeof entry.key === "string" && (map.parent === -1 || isStep[map.parent] === true);
    return isStep[index] ? [{ id: String(entry.key), index }] : [];
  });
}

function unquoted(key: string): string {
  return /^["']/.test(key) ? key.slice(1, -1) : key;
}

import type { Json } from "../../util/json.ts";
import { readBlockText } from "./block-text.ts";
import { doubleQuotedValue, isWord, plainValue } from "./scalar.ts";
import { giveUp, StepAside } from "./step-aside.ts";

/**
 * The data of a YAML file in the form that nearly all manifests have, in a tenth of the time that the YAML library
 * takes; undefined for any other file, a wrong one included: then the library says what it means, or what is wrong.
 * What this reads is a part of YAML 1.2 in which nothing can be meant in two ways:
 *
 * - block maps with words as keys, block lists, flow maps and lists (over several lines too);
 * - texts without quotes and in quotes, each on one line; texts below `|`, `|-`, `>`, `>-`;
 * - comments where they have no neighbour to be confused with.
 *
 * Not in it: anchors, tags, directives, several documents, tabs, CRLF, keys that are written twice, numbers in unusual
 * spelling, deep nesting. `test/property/common-yaml.test.ts` shows that the library reads the same.
 */
export function readCommonYaml(text: string): { readonly data: Json } | undefined {
  if (UNCOMMON.test(text)) return undefined;
  try {
    return { data: new CommonYaml(text).read() };
  } catch (error) {
    if (error instanceof StepAside) return undefined;
    throw error;
  }
}

/** Tabs, carriage returns and other characters that are not seen. */
// oxlint-disable-next-line no-control-regex
const UNCOMMON = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]/;

/** Far less than a file may have: who nests more is told by the library. */
const DEEPEST = 50;

/** A key with what ends it. */
const KEY = /([A-Za-z_][\w.-]{0,200}):(?=[ \n]|$)/y;
/** How a text without quotes starts, so that it is nothing else. In a flow collection brackets and commas end it. */
const PLAIN = /(?:[\w./$(+~<=^;\\\xa0-\ud7ff\ue000-\ufefe]|-(?=[\w.]))[^\n]*/y;
const FLOW_PLAIN = /(?:[\w./$(+~<=^;\\\xa0-\ud7ff\ue000-\ufefe]|-(?=[\w.]))[^\n,[\]{}]*/y;
/** Where a comment starts, or a key could be meant. */
const DOUBTFUL = / #|: |:$/;
const DOUBLE_QUOTED = /"(?:[^"\\\n]|\\["\\/nt])*"/y;
const SINGLE_QUOTED = /'(?:[^'\n]|'')*'/y;
const BLOCK_TEXT = /([|>])(-?) *\n/y;
const LINE_END = / *(?: #[^\n]*)?(?:\n|$)/y;

const SPACE = 32;
const LINE_FEED = 10;
const HASH = 35;
const DASH = 45;
const COLON = 58;
const COMMA = 44;
const SINGLE_QUOTE = 39;
const DOUBLE_QUOTE = 34;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_MAP = 123;
const CLOSE_MAP = 125;
const PIPE = 124;
const GREATER = 62;

class CommonYaml {
  readonly #text: string;
  /** Where the reading is: between lines, at the first character of the next one that says something. */
  #at = 0;
  /** The column of that line; -1 at the end of the text. */
  #indent = -1;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Json {
    this.#nextLine();
    if (this.#indent !== 0) giveUp();
    const data = this.#map(0);
    return this.#at < this.#text.length ? giveUp() : data;
  }

  /** Goes on to the next line that is neither blank nor a comment; the reading is at the start of a line. */
  #nextLine(): void {
    const text = this.#text;
    for (let start = this.#at; start < text.length;) {
      let at = start;
      while (text.charCodeAt(at) === SPACE) at++;
      const character = text.charCodeAt(at);
      if (character === HASH) {
        const end = text.indexOf("\n", at);
        start = end === -1 ? text.length : end + 1;
      } else if (character === LINE_FEED) {
        start = at + 1;
      } else if (at < text.length) {
        this.#at = at;
        this.#indent = at - start;
        return;
      } else break;
    }
    this.#at = text.length;
    this.#indent = -1;
  }

  /** Ends a line on which only a comment may follow. */
  #endLine(): void {
    if (this.#match(LINE_END) === null) giveUp();
    this.#nextLine();
  }

  /** What a pattern matches right here, behind which the reading goes on. */
  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return null;
    const matched = this.#text.slice(this.#at, pattern.lastIndex);
    this.#at = pattern.lastIndex;
    return matched;
  }

  #map(indent: number): Json {
    const map: { [key: string]: Json } = {};
    this.#enter();
    do {
      const key = this.#key(map);
      this.#at += key.length + 1;
      map[key] = this.#value(indent, true);
    } while (this.#indent === indent);
    this.#leave(indent);
    return map;
  }

  /** A key that the map does not have yet; the reading stays before it. */
  #key(map: { readonly [key: string]: Json }): string {
    KEY.lastIndex = this.#at;
    const key = KEY.exec(this.#text)?.[1];
    if (key === undefined || !isWord(key) || key === "__proto__" || Object.hasOwn(map, key)) giveUp();
    return key;
  }

  #list(indent: number): Json {
    const list: Json[] = [];
    this.#enter();
    do {
      this.#at += 1;
      list.push(this.#entry(indent));
    } while (this.#indent === indent && this.#isEntry());
    this.#leave(indent);
    return list;
  }

  #entry(indent: number): Json {
    const from = this.#at;
    this.#skipSpaces();
    // The first line of a map or list that starts behind the dash.
    const column = indent + 1 + this.#at - from;
    KEY.lastIndex = this.#at;
    const isMap = KEY.test(this.#text);
    if (isMap || this.#isEntry()) {
      this.#indent = column;
      return isMap ? this.#map(column) : this.#list(column);
    }
    return this.#value(indent, false);
  }

  #enter(): void {
    if (++this.#depth > DEEPEST) giveUp();
  }

  /** A collection has ended where a line starts further left; further right is none of its entries. */
  #leave(indent: number): void {
    this.#depth--;
    if (this.#indent > indent) giveUp();
  }

  #isEntry(): boolean {
    return this.#text.charCodeAt(this.#at) === DASH && this.#text.charCodeAt(this.#at + 1) === SPACE;
  }

  #skipSpaces(): void {
    while (this.#text.charCodeAt(this.#at) === SPACE) this.#at++;
  }

  /** The value behind a key, or behind the dash of an entry; the reading is then before the next line. */
  #value(indent: number, isOfKey: boolean): Json {
    const before = this.#at;
    this.#skipSpaces();
    const character = this.#text.charCodeAt(this.#at);
    switch (character) {
      case LINE_FEED:
      case HASH:
        this.#at = before;
        return isOfKey ? this.#below(indent) : giveUp();
      case OPEN_MAP:
      case OPEN_LIST: {
        const value = this.#flow(indent);
        this.#endLine();
        return value;
      }
      case SINGLE_QUOTE:
      case DOUBLE_QUOTE: {
        const value = this.#quoted(character);
        this.#endLine();
        return value;
      }
      case PIPE:
      case GREATER:
        return this.#blockText(indent);
      default:
        return Number.isNaN(character) ? giveUp() : this.#plain();
    }
  }

  /** What stands below its key: deeper, or a list in the same column; nothing is null. */
  #below(indent: number): Json {
    this.#endLine();
    if (this.#indent > indent) return this.#isEntry() ? this.#list(this.#indent) : this.#map(this.#indent);
    return this.#indent === indent && this.#isEntry() ? this.#list(indent) : null;
  }

  #plain(): Json {
    let text = this.#match(PLAIN) ?? giveUp();
    if (DOUBTFUL.test(text)) {
      const comment = text.indexOf(" #");
      if (comment !== -1) text = text.slice(0, comment);
    }
    text = trimEnd(text);
    if (DOUBTFUL.test(text)) giveUp();
    this.#at += 1;
    this.#nextLine();
    return plainValue(text);
  }

  #quoted(quote: number): string {
    if (quote === DOUBLE_QUOTE) return doubleQuotedValue(this.#match(DOUBLE_QUOTED) ?? giveUp());
    const quoted = this.#match(SINGLE_QUOTED) ?? giveUp();
    return quoted.slice(1, -1).replaceAll("''", "'");
  }

  #blockText(indent: number): string {
    const header = this.#match(BLOCK_TEXT) ?? giveUp();
    const { value, end } = readBlockText(this.#text, this.#at, indent, header[0] === ">", header[1] === "-");
    this.#at = end;
    this.#nextLine();
    return value;
  }

  /** A map or list in braces or brackets; its lines after the first start right of `indent`. */
  #flow(indent: number): Json {
    this.#enter();
    const isMap = this.#text.charCodeAt(this.#at) === OPEN_MAP;
    this.#at += 1;
    const value = isMap ? this.#flowMap(indent) : this.#flowList(indent);
    this.#depth--;
    return value;
  }

  #flowMap(indent: number): Json {
    const map: { [key: string]: Json } = {};
    for (;;) {
      if (this.#skipTo(CLOSE_MAP, indent)) return map;
      const key = this.#key(map);
      this.#at += key.length;
      if (this.#text.charCodeAt(this.#at) !== COLON || this.#text.charCodeAt(this.#at + 1) !== SPACE) giveUp();
      this.#at += 1;
      this.#skipSpaces();
      map[key] = this.#flowValue(indent);
      if (this.#endEntry(CLOSE_MAP, indent)) return map;
    }
  }

  #flowList(indent: number): Json {
    const list: Json[] = [];
    for (;;) {
      if (this.#skipTo(CLOSE_LIST, indent)) return list;
      list.push(this.#flowValue(indent));
      if (this.#endEntry(CLOSE_LIST, indent)) return list;
    }
  }

  #flowValue(indent: number): Json {
    const character = this.#text.charCodeAt(this.#at);
    if (character === OPEN_MAP || character === OPEN_LIST) return this.#flow(indent);
    if (character === DOUBLE_QUOTE || character === SINGLE_QUOTE) return this.#quoted(character);
    const text = trimEnd(this.#match(FLOW_PLAIN) ?? giveUp());
    return DOUBTFUL.test(text) ? giveUp() : plainValue(text);
  }

  /** Goes behind the end of an entry; true when it was the last one. */
  #endEntry(close: number, indent: number): boolean {
    if (this.#skipTo(close, indent)) return true;
    if (this.#text.charCodeAt(this.#at) !== COMMA) giveUp();
    this.#at += 1;
    return false;
  }

  /** Skips white space, and `close` where it follows: then true. */
  #skipTo(close: number, indent: number): boolean {
    this.#skipSpaces();
    while (this.#text.charCodeAt(this.#at) === LINE_FEED) {
      const start = this.#at + 1;
      this.#at = start;
      this.#skipSpaces();
      const isBlank = this.#text.charCodeAt(this.#at) === LINE_FEED;
      if (!isBlank && this.#at - start <= indent) giveUp();
    }
    if (this.#text.charCodeAt(this.#at) !== close) return false;
    this.#at += 1;
    return true;
  }
}

/** Without the spaces at its end; other white space is a part of a text. */
function trimEnd(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === SPACE) end--;
  return end === text.length ? text : text.slice(0, end);
}

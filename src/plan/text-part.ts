/** A piece of a text template between or inside its tags. Offsets are UTF-16 units in the source. */
export interface TextPart {
  readonly start: number;
  readonly end: number;
  /** What is written is printed as it stands; false for a tag. */
  readonly isLiteral: boolean;
  /** Depth of blocks (`{{#if}}`, `{{#each}}`, ...) around it. */
  readonly depth: number;
  /** Set on an opening tag: the name of its block. */
  readonly opens: string | null;
  readonly closes: boolean;
}

/** The parts of a text template that was checked already, in order and without gaps. Linear in its length. */
export function partsOf(source: string): TextPart[] {
  const parts: TextPart[] = [];
  let depth = 0;
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("{{", at);
    const close = open === -1 ? -1 : source.indexOf("}}", open);
    if (close === -1) {
      parts.push({ start: at, end: source.length, isLiteral: true, depth, opens: null, closes: false });
      break;
    }
    if (open > at) parts.push({ start: at, end: open, isLiteral: true, depth, opens: null, closes: false });
    const end = source[close + 2] === "}" ? close + 3 : close + 2;
    const [, sign = "", name = ""] = /^\{*~?\s*([#/^]?)\s*([^\s}~]*)/.exec(source.slice(open, end)) ?? [];
    const closes = sign === "/";
    if (closes) depth = Math.max(0, depth - 1);
    const opens = sign === "#" || (sign === "^" && name !== "") ? name : null;
    parts.push({ start: open, end, isLiteral: false, depth, opens, closes });
    if (opens !== null) depth += 1;
    at = end;
  }
  return parts;
}

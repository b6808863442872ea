import type { Template } from "../expression/template.ts";
import { asText } from "../util/json.ts";
import { parseText } from "../expression/text/parse.ts";

/** Signs that make a path a glob. */
const GLOB = /[*?{}[\]!()]/;

/** True when a path is a pattern and not the name of one file or folder. */
export function isGlob(path: string): boolean {
  return GLOB.test(path);
}

/** What is wrong with a path of `reads`, `writes` or `workspace: { path }` as it stands, or null; a part of a sentence. */
export function pathProblem(path: string): string | null {
  if (/^(?:[/\\]|[A-Za-z]:)/.test(path)) return "is absolute: write it relative to the workspace";
  if (path.includes("\\")) return "has a backslash: folders end in `/`";
  const parts = path.split("/");
  if (parts.includes("..")) return "has `..` in it: it must stay inside of the workspace";
  const [first] = parts.filter((part) => part !== "" && part !== ".");
  if (first === undefined) return "names the whole workspace: name a folder in it, or write `**`";
  if (first === ".git" || first === ".muster") return `lies in ${first}, which no step may touch`;
  return null;
}

/** Whether a path may stand for a folder: not a glob, and not one that ends like a file, unless it says so by a `/`. */
export function mayBeFolder(path: string): boolean {
  if (isGlob(path)) return false;
  return path.endsWith("/") || !/\.[A-Za-z0-9]+$/.test(path);
}

/** The path without `./`, doubled `/` and a `/` at its end. */
export function plainPath(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

/** The written part of a path template, with `\0` where a value is put in. */
export function skeletonOf(template: Template): string {
  if (template.kind === "literal") return asText(template.value);
  if (template.kind !== "text") return "\0";
  return parseText(template.source)
    .parts.map((part) => (part.kind === "content" ? part.text : "\0"))
    .join("");
}

/** One sign, one sign that is not known, any signs within a folder, any signs at all. */
type Token = string | typeof ONE | typeof WITHIN | typeof ANY;
const ONE = "?";
const WITHIN = "*";
const ANY = "**";

/**
 * Whether some path may match both, told by what is written (`skeletonOf`): a value that is put in may be any text, a
 * folder stands for all that lies in it. Never false where one path matches both.
 */
export function mayOverlap(one: string, other: string): boolean {
  const [a, b] = [tokensOf(one), tokensOf(other)];
  if (meets(a, b)) return true;
  return (mayBeFolder(one) && meets([...a, "/", ANY], b)) || (mayBeFolder(other) && meets(a, [...b, "/", ANY]));
}

function tokensOf(skeleton: string): readonly Token[] {
  const tokens: Token[] = [];
  const path = plainPath(skeleton);
  for (let at = 0; at < path.length; at += 1) {
    const sign = path[at] as string;
    if (sign === "\0") tokens.push(ANY);
    else if (sign === "*" && path[at + 1] === "*") {
      tokens.push(ANY);
      // `a/**/b` is `a/b` too.
      at += path[at + 2] === "/" ? 2 : 1;
    } else if (sign === "*") tokens.push(WITHIN);
    else if (sign === "?") tokens.push(ONE);
    // Alternatives, sets and negations, and what comes after them, may be anything.
    else if (isGlob(sign)) return [...tokens, ANY];
    else tokens.push(sign);
  }
  return tokens;
}

/** Whether two lists of tokens have a text in common. Takes time in the product of their lengths. */
function meets(a: readonly Token[], b: readonly Token[]): boolean {
  // `open[j]`: the rest of `a` from `i` on and the rest of `b` from `j` on have a text in common.
  let after = row(a, b, a.length, null);
  for (let i = a.length - 1; i >= 0; i -= 1) after = row(a, b, i, after);
  return after[0] === true;
}

function row(a: readonly Token[], b: readonly Token[], i: number, below: readonly boolean[] | null): boolean[] {
  const open: boolean[] = new Array<boolean>(b.length + 1).fill(false);
  const own = a[i];
  for (let j = b.length; j >= 0; j -= 1) {
    const other = b[j];
    if (own === undefined && other === undefined) open[j] = true;
    // A run may be empty, or take what the other side has.
    else if (isRun(own)) open[j] = below?.[j] === true || (fits(own, other) && open[j + 1] === true);
    else if (isRun(other)) open[j] = open[j + 1] === true || (fits(other, own) && below?.[j] === true);
    else if (own !== undefined && other !== undefined)
      open[j] = (own === other || joins(own, other) || joins(other, own)) && below?.[j + 1] === true;
  }
  return open;
}

function isRun(token: Token | undefined): token is typeof WITHIN | typeof ANY {
  return token === WITHIN || token === ANY;
}

function fits(run: typeof WITHIN | typeof ANY, token: Token | undefined): boolean {
  return token !== undefined && (run === ANY || token !== "/");
}

function joins(one: Token, other: Token): boolean {
  return one === ONE && other !== "/";
}

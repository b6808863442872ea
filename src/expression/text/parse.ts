import { longestText, mostBlocks, mostParentheses } from "../limit.ts";
import type { ExpressionProblem } from "../scope.ts";
import { parseCommonText } from "./common-text.ts";
import { convertProgram, type HandlebarsNode } from "./convert.ts";
import { handlebarsLibrary } from "./handlebars-library.ts";
import { placesOf } from "./place.ts";
import type { ParsedText } from "./tree.ts";

/** Parses a Handlebars text into our own tree. Never throws; linear in the length of the source. */
export function parseText(source: string): ParsedText {
  return parseCommonText(source) ?? parseAnyText(source);
}

/** As `parseText`, of texts with whatever Handlebars has. */
export function parseAnyText(source: string): ParsedText {
  const excess = excessOf(source);
  if (excess !== null) return failed(excess);
  let program: HandlebarsNode;
  try {
    program = handlebarsLibrary().parse(source) as HandlebarsNode;
  } catch (error) {
    return failed(syntaxProblem(source, error as HandlebarsError));
  }
  return convertProgram(program, source);
}

function failed(problem: ExpressionProblem): ParsedText {
  return { parts: [], problems: [problem] };
}

/** The parser takes time quadratic in depth, so what could nest is counted before it starts; null = not too much. */
export function excessOf(source: string): ExpressionProblem | null {
  const problem = (message: string, help: string, offset: number, length: number): ExpressionProblem => ({
    code: "WF4010",
    message,
    help,
    offset,
    length,
  });
  if (source.length > longestText) {
    return problem(`the text is longer than ${longestText} characters`, "read it from a file in a `run` step", 0, 0);
  }
  let blocks = 0;
  for (let at = source.indexOf("{{"); at !== -1; at = source.indexOf("{{", at + 2)) {
    if (/^\{*~?\s*([#^*>]|else\b)/.test(source.slice(at + 2, at + 40)) && ++blocks > mostBlocks) {
      return problem(`the text has more than ${mostBlocks} blocks`, "build the list in a step before", at, 2);
    }
    const close = source.indexOf("}}", at);
    const end = Math.min(close === -1 ? source.length : close, source.length);
    let parentheses = 0;
    for (let open = source.indexOf("(", at); open !== -1 && open < end; open = source.indexOf("(", open + 1)) {
      if (++parentheses > mostParentheses) {
        return problem(
          `more than ${mostParentheses} parentheses in one {{ }}`,
          "compute the value in a `value` step",
          open,
          1,
        );
      }
    }
    // Everything up to the next `}}` has been looked at.
    at = Math.max(at, close === -1 ? source.length : close - 2);
  }
  return null;
}

interface HandlebarsError extends Error {
  readonly lineNumber?: number;
  readonly column?: number;
  readonly endColumn?: number;
}

function syntaxProblem(source: string, error: HandlebarsError): ExpressionProblem {
  if (error instanceof RangeError) {
    return { code: "WF4010", message: "the text is nested too deeply", help: null, offset: 0, length: 0 };
  }
  const places = placesOf(source);
  const mismatch = /^(.*) doesn't match (.*?)(?: - \d+:\d+)?$/s.exec(error.message);
  if (error.lineNumber !== undefined && error.column !== undefined) {
    const offset = places.offsetOf(error.lineNumber, error.column);
    const length = Math.max(1, (error.endColumn ?? error.column) - error.column);
    const message = mismatch
      ? `{{#${mismatch[1]}}} is closed by {{/${mismatch[2]}}}`
      : error.message.replace(/ - \d+:\d+$/, "").replace("Invalid path: ", "not a path: ");
    return { code: "WF4002", message, help: null, offset, length };
  }
  return { code: "WF4002", ...unreadable(source, error.message, places.offsetOf) };
}

/** The parser's own message shows the line up to the error with an arrow below; only the place is taken from it. */
function unreadable(
  source: string,
  message: string,
  offsetOf: (line: number, column: number) => number,
): Omit<ExpressionProblem, "code"> {
  const line = Number(/on line (\d+)/.exec(message)?.[1] ?? 1);
  const got = /got '(\w+)'/.exec(message)?.[1];
  const open = lastOpen(source);
  if (got === "EOF" || (open !== null && source.indexOf("}}", open) === -1)) {
    const offset = open ?? source.length;
    const block = /^\{\{~?[#^]\s*([\w-]+)/.exec(source.slice(offset, offset + 80));
    if (!block) return { message: "a {{ is not closed", help: "close it with }}", offset, length: 2 };
    const name = block[1] as string;
    return {
      message: `the block '${name}' is not closed`,
      help: `close it with {{/${name}}}`,
      offset,
      length: block[0].length,
    };
  }
  const offset = offsetOf(line, 0);
  const end = source.indexOf("\n", offset);
  const place = { offset, length: (end === -1 ? source.length : end) - offset };
  if (got === "INVERSE") return { message: "{{else}} stands outside of a block", help: null, ...place };
  if (got === "OPEN_ENDBLOCK") return { message: "a block is closed that was not opened", help: null, ...place };
  return {
    message: "the {{ }} on this line cannot be read",
    help: unreadableHelp(source.slice(place.offset, place.offset + place.length), got),
    ...place,
  };
}

function unreadableHelp(line: string, got: string | undefined): string {
  if (/\.\d+\s*~?\}\}/.test(line)) return "an item of a list is written list.[0]";
  if (got === "EQUALS") return "compare with a helper: {{#if (eq a b)}}";
  if (got === "CLOSE_BLOCK_PARAMS") return "there are no filters; helpers come first: {{ truncate text 200 }}";
  return "it takes a path, or a helper with arguments";
}

/** The last `{{` of a block that is never closed, or of a mustache without an end. */
function lastOpen(source: string): number | null {
  const open: number[] = [];
  for (const { 0: tag, index } of source.matchAll(/\{\{~?[#^/]?/g)) {
    if (/[#^]$/.test(tag)) open.push(index);
    else if (tag.endsWith("/")) open.pop();
    else if (source.indexOf("}}", index) === -1) return index;
  }
  return open.at(-1) ?? null;
}

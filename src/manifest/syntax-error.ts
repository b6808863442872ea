import type { YAMLParseError } from "yaml";
import type { DiagnosticCode } from "../diagnostic/code.ts";

/** What a YAML error means to somebody who writes a manifest. */
export interface SyntaxProblem {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly help: string | null;
}

const quoteHelp = 'put the text in quotes: "..."; or write it as a block below a `|`';

const noKey: SyntaxProblem = {
  code: "WF1001",
  message: "this line is neither a key with a value nor an entry of a list",
  help: "is there a `:` missing, or is the line indented wrongly?",
};

export const bracesHelp = 'without quotes YAML takes it for a map; write "{{ ... }}"';

/** Translates an error of the YAML library; `text` is the file. `start` is a better place than the library's. */
export function explainSyntaxError(error: YAMLParseError, text: string): SyntaxProblem & { readonly start?: number } {
  const message = error.message.split("\n", 1)[0] as string;
  switch (error.code) {
    case "TAB_AS_INDENT":
      return { code: "WF1002", message: "a tab is used to indent", help: "indent with spaces, two for each level" };
    case "MULTIPLE_DOCS":
      return {
        code: "WF1003",
        message: "the file holds more than one YAML document",
        help: "one file is one workflow: take out the `---`, or make a file of each",
      };
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      if (/^[^\n]*:(?:[ \t]|\r?\n|$)/.test(text.slice(error.pos[0]))) {
        return { code: "WF1014", message: "a text with `: ` in it stands without quotes", help: quoteHelp };
      }
      return noKey;
    case "BAD_SCALAR_START":
      return {
        code: "WF1001",
        message: `a text without quotes cannot start with ${message.split(" ").at(-1)}`,
        help: quoteHelp,
      };
    case "BAD_ALIAS":
      return {
        code: "WF1007",
        message: "`*` and `&` without a name after them",
        help: 'a text that starts with `*` or `&` goes in quotes, e.g. "*.com"',
      };
    case "BAD_DQ_ESCAPE":
      return {
        code: "WF1001",
        message: `unknown escape ${JSON.stringify(message.split(" ").at(-1))} in double quotes`,
        help: "write a backslash as `\\\\`, or use single quotes",
      };
    case "BAD_INDENT":
      return {
        code: "WF1001",
        message: "the indentation does not fit what stands above",
        help: "entries of one map or list start in the same column",
      };
    case "TAG_RESOLVE_FAILED":
    case "BAD_COLLECTION_TYPE":
      return unknownTag;
    case "RESOURCE_EXHAUSTION":
      return tooDeep;
    case "MISSING_CHAR":
      if (message.startsWith("Missing closing")) {
        const start = unclosedQuote(text, message.includes('"') ? '"' : "'");
        return {
          code: "WF1001",
          message: "a quote is opened here and never closed",
          help: null,
          ...(start !== null && { start }),
        };
      }
      if (message.startsWith("Implicit map keys")) return noKey;
      break;
    default:
      break;
  }
  const line = text.slice(text.lastIndexOf("\n", error.pos[0] - 1) + 1, error.pos[1]);
  if (/[:-][ \t]+\{\{/.test(line))
    return { code: "WF1006", message: "a value that starts with `{{` must be in quotes", help: bracesHelp };
  if (message.endsWith("at node end")) {
    return {
      code: "WF1001",
      message: "the value ends before this",
      help: "a text that starts with a quote, `{` or `[` goes in quotes as a whole",
    };
  }
  return { code: "WF1001", message: message.charAt(0).toLowerCase() + message.slice(1), help: null };
}

export const unknownTag: SyntaxProblem = {
  code: "WF1013",
  message: "a YAML tag (`!...`) has no meaning in a manifest",
  help: "leave it out; a text that starts with `!` goes in quotes",
};

/** The bound of `readDocument`. */
export const DEEPEST_NESTING = 100;

export const tooDeep: SyntaxProblem = {
  code: "WF1008",
  message: `the file is nested more than ${DEEPEST_NESTING} levels deep`,
  help: "keep deep data in a file of its own and read it in a step",
};

/** The last quote that opens a value: after a `:`, a `-`, or inside a list. What follows it is all inside the quotes. */
function unclosedQuote(text: string, quote: string): number | null {
  for (
    let index = text.lastIndexOf(quote);
    index !== -1;
    index = index === 0 ? -1 : text.lastIndexOf(quote, index - 1)
  ) {
    if (/[:\-[{,][ \t]*$|^[ \t]*$/.test(lineBefore(text, index))) return index;
  }
  return null;
}

/** What stands before an offset in its line; of a long line only the end. */
const lineBefore = (text: string, index: number): string =>
  text
    .slice(Math.max(0, index - 200), index)
    .split("\n")
    .at(-1) as string;

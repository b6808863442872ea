import type { YAMLParseError } from "yaml";
import type { DiagnosticCode } from "../diagnostic/code.ts";

/** What a YAML error means to somebody who writes a manifest. */
export interface SyntaxProblem {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly help: string | null;
}

type Range = readonly [start: number, end: number];

/** Translates an error of the YAML library; `text` is the file. `range` is a better place than the library's. */
export function explainSyntaxError(error: YAMLParseError, text: string): SyntaxProblem & { readonly range?: Range } {
  const [start] = error.pos;
  const message = error.message.split("\n", 1)[0] as string;
  const lastWord = message.split(" ").at(-1) ?? "";
  switch (error.code) {
    case "TAB_AS_INDENT":
      return { code: "WF1002", message: "a tab is used to indent", help: "indent with spaces, two for each level" };
    case "MULTIPLE_DOCS":
      return severalDocuments;
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      if (!/:(?:\s|$)/.test(restOfLine(text, start))) return noKey;
      return { ...colonInText, range: [start, start + restOfLine(text, start).length] };
    case "BAD_SCALAR_START":
      return syntax(`a text without quotes cannot start with ${lastWord}`, quoteHelp);
    case "BAD_ALIAS":
      return namelessAlias;
    case "BAD_DQ_ESCAPE":
      return syntax(`unknown escape ${lastWord} in double quotes`, "write a backslash as `\\\\`, or use single quotes");
    case "BAD_INDENT": {
      const indent = restOfLine(text, start).search(/\S|$/);
      return { ...badIndent, range: [start + indent, start + restOfLine(text, start).length] };
    }
    case "TAG_RESOLVE_FAILED":
    case "BAD_COLLECTION_TYPE":
      return unknownTag;
    case "RESOURCE_EXHAUSTION":
      return tooDeep;
    default:
      return explainByMessage(message, error.pos, text);
  }
}

function explainByMessage(
  message: string,
  [start, end]: Range,
  text: string,
): SyntaxProblem & { readonly range?: Range } {
  if (message.startsWith("Missing closing")) {
    const open = unclosedQuote(text, message.includes('"') ? '"' : "'") ?? start;
    return {
      ...syntax("a quote is opened here and never closed", "put the same quote at the end of the text"),
      range: [open, end],
    };
  }
  if (message.startsWith("Implicit map keys")) return noKey;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const braces = /[:-][ \t]+\{\{/.exec(text.slice(lineStart, end));
  if (braces) {
    const open = lineStart + braces.index + braces[0].length - 2;
    return { ...unquotedBraces, range: [open, open + restOfLine(text, open).length] };
  }
  if (message.endsWith("at node end")) {
    return syntax(
      "the value ends before this",
      "a text that starts with a quote, `{` or `[` goes in quotes as a whole",
    );
  }
  return syntax(message.charAt(0).toLowerCase() + message.slice(1), null);
}

const syntax = (message: string, help: string | null): SyntaxProblem => ({ code: "WF1001", message, help });

const quoteHelp = 'put the text in quotes: "..."; or write it as a block below a `|`';

const noKey = syntax(
  "this line is neither a key with a value nor an entry of a list",
  "is there a `:` missing, or is the line indented wrongly?",
);

const badIndent = syntax(
  "the indentation does not fit what stands above",
  "entries of one map or list start in the same column",
);

const colonInText: SyntaxProblem = {
  code: "WF1014",
  message: "a text with `: ` in it stands without quotes",
  help: quoteHelp,
};

const severalDocuments: SyntaxProblem = {
  code: "WF1003",
  message: "the file holds more than one YAML document",
  help: "one file is one workflow: take out the `---`, or make a file of each",
};

const namelessAlias: SyntaxProblem = {
  code: "WF1007",
  message: "`*` and `&` without a name after them",
  help: 'a text that starts with `*` or `&` goes in quotes, e.g. "*.com"',
};

export const unquotedBraces: SyntaxProblem = {
  code: "WF1006",
  message: "a value that starts with `{{` must be in quotes",
  help: 'without quotes YAML takes it for a map; write "{{ ... }}"',
};

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

/** The text from an offset to the end of its line. */
function restOfLine(text: string, start: number): string {
  const feed = text.indexOf("\n", start);
  return text.slice(start, feed === -1 ? text.length : feed).trimEnd();
}

/** The last quote that opens a value: after a `:`, a `-`, or inside a list. What follows it is all inside the quotes. */
function unclosedQuote(text: string, quote: string): number | null {
  let index = text.lastIndexOf(quote);
  // Of a long line the end is enough to see what stands before the quote.
  while (index > 0 && !/(?:^|\n|[:\-[{,])[ \t]*$/.test(text.slice(Math.max(0, index - 100), index))) {
    index = text.lastIndexOf(quote, index - 1);
  }
  return index === -1 ? null : index;
}

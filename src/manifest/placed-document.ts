import type { Document as YamlDocument, LineCounter } from "yaml";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { err, ok, type Result } from "../util/result.ts";
import { convert } from "./convert.ts";
import { createDocument, spanOf, type Document } from "./document.ts";
import { explainSyntaxError, tooDeep, unknownTag, type SyntaxProblem } from "./syntax-error.ts";
import { yamlLibrary } from "./yaml-library.ts";

/** Reads all of YAML 1.2, with the places of all nodes, or says what is wrong with it. */
export function readPlacedDocument(source: SourceFile): Result<Document, readonly Diagnostic[]> {
  const lines = new (yamlLibrary().LineCounter)();
  const diagnostic = (
    { code, message, help }: SyntaxProblem,
    [start, end]: readonly [number, number],
    related: Diagnostic["related"] = [],
  ): Diagnostic => ({
    file: source.path,
    span: spanOf(lines, start, end),
    severity: "error",
    code,
    message,
    help,
    related,
  });

  const parsed = parseToTab(source.text, lines) ?? parse(source.text, lines);
  if (!parsed) return err([diagnostic(tooDeep, [0, 0])]);
  const [error] = parsed.errors;
  if (error) {
    const { range = error.pos, ...problem } = explainSyntaxError(error, source.text);
    return err([diagnostic(problem, onOneLine(source.text, range))]);
  }
  const tagged = parsed.warnings.find(
    (warning) => warning.code === "TAG_RESOLVE_FAILED" || warning.code === "BAD_COLLECTION_TYPE",
  );
  if (tagged) return err([diagnostic(unknownTag, tagged.pos)]);
  if (!parsed.contents) {
    return err([
      diagnostic({ code: "WF1011", message: "the file is empty", help: "a manifest starts with `muster: 1`" }, [0, 0]),
    ]);
  }
  const { data, anchors, problems } = convert(parsed.contents, source.text);
  if (problems.length === 0) return ok(createDocument(source, parsed.contents, data, anchors, lines));
  return err(
    problems.map(({ related, ...problem }) => {
      const others = related
        ? [{ file: source.path, span: spanOf(lines, ...related.range), message: related.message }]
        : [];
      return diagnostic(problem, problem.range, others);
    }),
  );
}

/** A range without the lines after its first: what the parser gave up on is rarely more than a hint of the place. */
function onOneLine(text: string, [start, end]: readonly [number, number]): readonly [number, number] {
  const feed = text.indexOf("\n", start);
  return [start, feed === -1 || feed > end ? Math.max(start, end) : feed];
}

/** A line that a tab indents. */
const TAB = /^ *\t[^\n]*/m;

/**
 * The text up to the first line that a tab indents, where that is what is wrong with it first: null where it is not. A
 * file that is indented by tabs has as many errors as lines, of which one is told.
 */
function parseToTab(text: string, lines: LineCounter): YamlDocument.Parsed | null {
  const tab = TAB.exec(text);
  if (tab === null) return null;
  const parsed = parse(text.slice(0, tab.index + tab[0].length), lines);
  const [error] = parsed?.errors ?? [];
  if (error?.code === "TAB_AS_INDENT" && error.pos[0] >= tab.index) return parsed;
  lines.lineStarts.length = 0;
  return null;
}

/** null when the nesting is deeper than the parser's stack. */
function parse(text: string, lineCounter: LineCounter): YamlDocument.Parsed | null {
  try {
    // The library's own check of duplicate keys is quadratic; ours is in convert.
    return yamlLibrary().parseDocument(text, {
      lineCounter,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "error",
      version: "1.2",
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

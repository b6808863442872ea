import fc from "fast-check";

/** Pieces of which YAML texts are made that are nearly right: what is common, and what looks like it. */
const scalars = [
  "a",
  "word",
  "two words",
  "x y: z",
  "a #b",
  "a#b",
  "# a",
  "a:b",
  "a:",
  "-a",
  "- a",
  "--",
  "-",
  "-1",
  "0",
  "-0",
  "007",
  "12345678901234567890",
  "1.5",
  "1.",
  ".5",
  "1e3",
  "0x1f",
  "0o17",
  "+1",
  "1.2.3",
  "10m",
  ".inf",
  "-.inf",
  ".nan",
  "true",
  "False",
  "null",
  "~",
  "yes",
  "2026-01-01",
  "${{ inputs.a }}",
  "{{ a }}",
  '"{{ a }}"',
  "'it''s'",
  "'a",
  '"a\\nb"',
  '"a\\x41"',
  '"a \\"b\\" c"',
  '"a"b',
  '""',
  "''",
  '"a\\"',
  '"a: b"',
  "'# a'",
  "é",
  "a\u00a0",
  "\u00a0a",
  "a\ufe0f",
  "&a b",
  "*a",
  "!t a",
  "@a",
  "`a",
  "%a",
  "?a",
  "? a",
  "<<",
  "<a",
  "=",
  "a, b",
  "a]",
  "a}",
  "[a",
  "{a",
  "",
  " ",
  "a  ",
  "a  # b",
  '"a"  # b',
  '"a"# b',
  "a\tb",
];
const keys = [
  "a",
  "b",
  "c",
  "a-b",
  "a.b",
  "_",
  "x1",
  "null",
  "true",
  "<<",
  "1",
  "a b",
  '"q"',
  "'q'",
  "a ",
  "__proto__",
  "?",
];
const inFlow = [
  "a",
  "b c",
  "1",
  '"d"',
  "'e'",
  "a:b",
  "${x}",
  "x#y",
  "x #y",
  "-1",
  "- a",
  "",
  "true",
  "{}",
  "[]",
  "*a",
  "é",
];

const flow: fc.Arbitrary<string> = fc.letrec<{ node: string; list: string; map: string }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, { weight: 4, arbitrary: fc.constantFrom(...inFlow) }, tie("list"), tie("map")),
  list: fc
    .tuple(fc.array(tie("node"), { maxLength: 3 }), fc.constantFrom(", ", ",", " , ", ",\n", ",\n    ", ",\n\n      "))
    .map(([nodes, comma]) => `[${nodes.join(comma)}]`),
  map: fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom(...keys), fc.constantFrom(": ", ":", ":  ", ""), tie("node")), {
        maxLength: 3,
      }),
      fc.constantFrom(", ", ",", ",\n   "),
      fc.constantFrom("", " ", "\n    ", ", "),
    )
    .map(([pairs, comma, pad]) => `{${pad}${pairs.map((pair) => pair.join("")).join(comma)}${pad}}`),
})).node;

/** One of `common` mostly, and now and then one of `rare`. */
const mostly = <T>(common: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: common }, { weight: 1, arbitrary: rare });

const fine = [
  "a",
  "two words",
  "x:y",
  "1",
  "-1.5",
  "null",
  "10m",
  "'b'",
  '"c d"',
  "${{ x }}",
  "é",
  "{a: b}",
  "[a, 'b']",
  "{ a: [1] }",
];
const value = mostly(fc.constantFrom(...fine), fc.oneof(fc.constantFrom(...scalars), flow));
const key = mostly(fc.constantFrom("a", "b", "c", "d", "e_f", "g-h", "i.j"), fc.constantFrom(...keys));
const end = mostly(
  fc.constantFrom("", "", "", " ", " # a", "\n", "\n# a", "\n  # b", "\n\n"),
  fc.constantFrom("# a", "\t", "\r", " :"),
);
const step = mostly(fc.constant(2), fc.nat(4));
const header = mostly(
  fc.constantFrom("|", "|-", ">", ">-"),
  fc.constantFrom("|+", ">+", "|2", ">1-", "| # a", "|a", "| "),
);
const textLine = mostly(
  fc.constantFrom("a", "b c", "# d", "e: f", "- g", ""),
  fc.constantFrom(" h", "  ", "    ", "\ti", "h  "),
);

type Lines = readonly string[];

/** Lines below one another, each deeper by some columns; the first may be apart. */
const deeper = (lines: Lines, columns: number, first = columns): Lines =>
  lines.map((line, index) => (line === "" ? line : " ".repeat(index === 0 ? first : columns) + line));

/** The lines of a node, and those of one that starts behind its key or dash. */
const { block } = fc.letrec<{ block: Lines; map: Lines; list: Lines; below: Lines; behind: Lines }>((tie) => ({
  block: fc.oneof({ maxDepth: 4 }, tie("map"), tie("map"), tie("list")),
  /** A key with what belongs to it. */
  below: fc.oneof(
    { maxDepth: 4 },
    { weight: 4, arbitrary: fc.tuple(value, end).map(([text, after]) => [` ${text}${after}`]) },
    fc.tuple(end).map(([after]) => [after]),
    fc.tuple(end, tie("block"), step).map(([after, lines, columns]) => [after, ...deeper(lines, columns)]),
    fc.tuple(end, tie("list")).map(([after, lines]) => [after, ...lines]),
    fc
      .tuple(header, fc.array(textLine, { minLength: 1, maxLength: 4 }), step)
      .map(([head, lines, columns]) => [` ${head}`, ...deeper(lines, columns)]),
  ),
  map: fc
    .array(fc.tuple(key, tie("below")), { minLength: 1, maxLength: 4 })
    .map((entries) => entries.flatMap(([name, [first = "", ...rest]]) => [`${name}:${first}`, ...rest])),
  behind: fc.oneof(
    { maxDepth: 4 },
    { weight: 2, arbitrary: fc.tuple(value, end).map(([text, after]) => [` ${text}${after}`]) },
    fc.tuple(tie("block"), mostly(fc.constant(1), fc.nat(3))).map(([lines, space]) => deeper(lines, space + 1, space)),
    fc
      .tuple(header, fc.array(textLine, { minLength: 1, maxLength: 3 }), step)
      .map(([head, lines, columns]) => [` ${head}`, ...deeper(lines, columns)]),
  ),
  list: fc
    .array(tie("behind"), { minLength: 1, maxLength: 3 })
    .map((entries) => entries.flatMap(([first = "", ...rest]) => [`-${first}`, ...rest])),
}));

/** A YAML text of some lines, right about as often as wrong. */
export function yamlText(): fc.Arbitrary<string> {
  const lineEnd = mostly(fc.constant("\n"), fc.constantFrom("\r\n", " \n", "\n\n"));
  const before = mostly(
    fc.constantFrom("", "", "# a\n", "\n"),
    fc.constantFrom("---\n", "%YAML 1.2\n---\n", " ", "\ufeff"),
  );
  const after = mostly(
    fc.constantFrom("\n", "\n\n", "", "\n# a"),
    fc.constantFrom("\n...\n", "\n---\na: b\n", "\n  ", "\n a"),
  );
  return fc.tuple(before, block, lineEnd, after).map(([start, lines, feed, last]) => start + lines.join(feed) + last);
}

import type { Json } from "../../../src/util/json.ts";

const odd = ["", " ", "é", "😀", "a.b", "a b", "A", "1", "null", "~", "<<", "x-y", "\u2028", "\u202e", "k".repeat(300)];

/** Keys of the language, of other languages, and of JavaScript's own objects. */
export const hostileKeys: readonly string[] = [
  ..."muster name version description inputs env secrets models agents limits defaults steps outputs".split(" "),
  ..."agent task run value needs if for_each join retry timeout on_error output idempotent shell stdin cwd".split(" "),
  ..."max_items max_parallel fail_fast at_least of any type properties items enum required pattern $ref $defs".split(
    " ",
  ),
  ..."concurrency grace max_attempts backoff delay max_delay jitter on model base_url api_key price".split(" "),
  ..."jobs depends_on when uses with continue-on-error timeout-minutes matrix repeat finally http sql".split(" "),
  ..."__proto__ constructor prototype toString hasOwnProperty valueOf then length".split(" "),
  ...odd,
];

/** Texts that mean something to a parser on the way: YAML, CEL, Handlebars, JSON Schema, regular expressions, the shell. */
export const hostileTexts: readonly string[] = [
  ["", " ", "a", "null", "true", "0x1F", "1e999", ".nan", "5m", "-5m", "99999999999d", "64KiB", "2026-11-22"],
  ["${{ }}", "${{ inputs.a }}", "${{ steps.a.output }}", "${{ steps }}", "${{ 1 + }}", "${{ '", "a ${{ inputs.a }} b"],
  ["${{ [1,2,3].map(x, x * 2) }}", "${{ {'a': 1}.a.b.c }}", "${{ 9223372036854775807 + 1 }}", "${{ secrets.KEY }}"],
  [
    "always()",
    "failure() && success()",
    "steps.a.output == 'x'",
    "a && 'x' || 'y'",
    "!!!!!!!!true",
    "1 / 0",
    "x.matches('(')",
  ],
  ["{{ x }}", "{{", "}}", "{{{ a }}}", "{{> part}}", "{{#each items}}", "{{#each items}}{{this}}{{/each}}", "{{/if}}"],
  [
    "{{ steps.a.output.b.c }}",
    "{{ json item }}",
    "{{ lookup . '__proto__' }}",
    "{{ constructor }}",
    "\\{{ x }}",
    "{{! no end",
  ],
  ["anthropic/claude-haiku-5-5", "openai/gpt", "auto", "auto/strong", "a/b/c", "/", "anthropic/"],
  ["^(a+)+$", "(?<=a)b", "[", "#/$defs/a", "#", "http://[", "https://user:pw@example.com/%zz"],
  [
    "\u0000",
    "\u001b[2J",
    "\ud800",
    "\ufeff",
    "\u202eabc",
    "a\u0301".repeat(40),
    "👩‍👩‍👧‍👦",
    "\r",
    "\t",
    "a: b",
    "- a",
    "# a",
    "&a",
    "*a",
    "!a",
  ],
  [
    "x".repeat(20_000),
    "{{ a }}".repeat(500),
    `\${{ ${"(".repeat(300)}1${")".repeat(300)} }}`,
    `\${{ ${"!".repeat(2000)}true }}`,
  ],
  [
    `\${{ ${Array.from({ length: 400 }, () => "1").join(" + ")} }}`,
    `\${{ ${"[".repeat(500)} }}`,
    `\${{ a${".a".repeat(2000)} }}`,
  ],
  [
    `{{#if a}}`.repeat(200),
    `{{ ${"(eq ".repeat(200)}1 1${")".repeat(200)} }}`,
    `{{ ${"a.".repeat(1000)}a }}`,
    `"${"\\".repeat(99)}`,
  ],
].flat();

/** Values of every kind where another was expected. */
export const hostileValues: readonly Json[] = [
  [null, true, false, 0, -0, -1, 1, 2, 1.5, 1e308, 5e-324, Number.MAX_SAFE_INTEGER, 2 ** 53, 1e21],
  [
    [],
    {},
    [[]],
    [null],
    [{}],
    [1, "a", null],
    { a: null },
    { type: "object" },
    { type: ["string", "null"] },
    { enum: [] },
  ],
  [{ any: ["a"] }, { at_least: 99, of: ["a"] }, { at_least: -1, of: [] }, { output: null }, { glob: "**" }, { "": "" }],
  [
    { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } },
    { allOf: [{ $ref: "#" }, { not: { $ref: "#" } }] },
    { type: "array", items: { type: "array", items: { type: "array", minItems: 1e9 } } },
    Array.from({ length: 200 }, (_, index) => index),
    Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, { value: index }])),
    nested(60, (inner) => [inner]),
    nested(60, (inner) => ({ a: inner })),
    nested(30, (inner) => ({ type: "object", properties: { a: inner } })),
    nested(30, (inner) => ({ steps: { a: inner } })),
  ],
  hostileTexts,
].flat();

function nested(levels: number, wrap: (inner: Json) => Json): Json {
  let value: Json = 1;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

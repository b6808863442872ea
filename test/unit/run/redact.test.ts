import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor, type Redactor } from "../../../src/run/redact.ts";
import type { Json } from "../../../src/util/json.ts";

function redactor(secrets: Record<string, string>): Redactor {
  const result = createRedactor(new Map(Object.entries(secrets)));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const base64url = (text: string) => Buffer.from(text).toString("base64url");
const form = (text: string) => new URLSearchParams({ v: text }).toString().slice("v=".length);
const json = (text: string) => JSON.stringify(text).slice(1, -1);
const lowerHex = (text: string) => text.replace(/%../g, (escape) => escape.toLowerCase());

describe("a redacted text", () => {
  const password = 'p@ss "wörd"/<1>\n+?';
  const { text } = redactor({ PASSWORD: password });

  it.each([
    ["as it is", password, "[secret:PASSWORD]"],
    ["without its outer white space", `${password.trim()};`, "[secret:PASSWORD];"],
    ["encodeURIComponent", encodeURIComponent(password), "[secret:PASSWORD]"],
    ["lower-case escapes", lowerHex(encodeURIComponent(password)), "[secret:PASSWORD]"],
    ["encodeURI", encodeURI(password), "[secret:PASSWORD]"],
    ["an HTML form", form(password), "[secret:PASSWORD]"],
    ["URL-encoded twice", encodeURIComponent(encodeURIComponent(password)), "[secret:PASSWORD]"],
    ["JSON", JSON.stringify({ a: password }), '{"a":"[secret:PASSWORD]"}'],
    ["JSON in JSON", JSON.stringify(JSON.stringify({ a: password })), String.raw`"{\"a\":\"[secret:PASSWORD]\"}"`],
    ["Python's JSON", String.raw`p@ss \"w\u00f6rd\"/<1>\n+?`, "[secret:PASSWORD]"],
    ["Go's JSON", String.raw`p@ss \"wörd\"/\u003c1\u003e\n+?`, "[secret:PASSWORD]"],
    ["PHP's JSON", String.raw`p@ss \"w\u00f6rd\"\/<1>\n+?`, "[secret:PASSWORD]"],
    ["base64", base64(password), "[secret:PASSWORD]"],
    ["base64 for URLs, no padding", base64url(password), "[secret:PASSWORD]"],
    ["hex", Buffer.from(password).toString("hex"), "[secret:PASSWORD]"],
    ["upper-case hex", Buffer.from(password).toString("hex").toUpperCase(), "[secret:PASSWORD]"],
  ])("hides the secret: %s", (_name, written, expected) => {
    expect(text(`<${written}>`)).toBe(`<${expected}>`);
  });

  it("hides the secret inside the base64 of a longer text, wherever it starts", () => {
    const key = redactor({ KEY: "hunter2-hunter2" });
    const headers = ["user:", "users:", "admins:"].map((user) => key.text(base64(`${user}hunter2-hunter2 and more`)));
    expect(headers).toEqual([
      "dXNlcjp[secret:KEY]IgYW5kIG1vcmU=",
      "dXNlcnM6[secret:KEY]IGFuZCBtb3Jl",
      "YWRtaW5zOm[secret:KEY]iBhbmQgbW9yZQ==",
    ]);
  });

  it("names every secret that a stretch of overlapping secrets holds", () => {
    const { text: hide } = redactor({ A: "abcdef", B: "defghi", LONG: "abcdefxyz" });
    expect(hide("1 abcdefghi 2 abcdefxyz 3 defghi")).toBe("1 [secret:A][secret:B] 2 [secret:LONG] 3 [secret:B]");
  });

  it("stays as it is when it is redacted again, even where a secret looks like a marker", () => {
    const { text: hide } = redactor({ ODD: "secret", TOKEN: "]token" });
    const once = hide("my secret is ]token");
    expect(once).toBe("my [secret:ODD] is [secret:TOKEN]");
    expect(hide(once)).toBe(once);
  });
});

it("redacts a value's keys, strings and numbers, and keeps everything else", () => {
  const { value } = redactor({ PIN: "12345678", WORD: "swordfish" });
  const input = JSON.parse(
    '{"swordfish":[1,null,true,"a swordfish"],"n":91234567801,"__proto__":{"x":"12345678"}}',
  ) as Json;
  expect(JSON.stringify(value(input))).toBe(
    '{"[secret:WORD]":[1,null,true,"a [secret:WORD]"],"n":"9[secret:PIN]01","__proto__":{"x":"[secret:PIN]"}}',
  );
});

it("refuses secrets that are too short, all of them by name", () => {
  const result = createRedactor(
    new Map([
      ["OK", "123456"],
      ["EMPTY", ""],
      ["SHORT", "12345"],
      ["BLANK", "  a\n      "],
      ["EURO", "€€"],
    ]),
  );
  expect(result).toEqual({
    ok: false,
    error: [
      { name: "EMPTY", bytes: 0 },
      { name: "SHORT", bytes: 5 },
      { name: "BLANK", bytes: 1 },
    ],
  });
});

describe("for any secrets and any text", () => {
  // Without the characters of markers, so that a marker never completes a secret by chance.
  const secret = fc
    .string({
      unit: fc.constantFrom("a", "b", "0", " ", '"', "\\", "/", "+", "%", "é", "€", "😀", "&", "\n"),
      minLength: 6,
      maxLength: 24,
    })
    .filter((text) => text.trim().length >= 6);
  const secrets = fc.array(secret, { minLength: 1, maxLength: 4 });
  const encoders: ((text: string) => string)[] = [
    (text) => text,
    encodeURIComponent,
    encodeURI,
    form,
    lowerHex,
    json,
    (text) => json(json(text)),
    base64,
    base64url,
    (text) => base64(`x${text}y`),
    (text) => base64(`xy${text}z`),
    (text) => Buffer.from(text).toString("hex"),
  ];
  const named = (values: readonly string[]) => Object.fromEntries(values.map((value, index) => [`N${index}`, value]));

  it("no form of a secret survives, whatever stands around it", () => {
    const pieces = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.string({ maxLength: 4 })), { maxLength: 8 });
    fc.assert(
      fc.property(secrets, pieces, (values, choices) => {
        const { text } = redactor(named(values));
        const written = choices.map(([which, how, between]) => {
          const value = values[which % values.length] as string;
          return (encoders[how % encoders.length] as (text: string) => string)(value) + between;
        });
        const redacted = text(written.join(""));
        for (const value of values) {
          for (const encode of encoders.slice(0, 9)) expect(redacted).not.toContain(encode(value));
        }
        expect(text(redacted)).toBe(redacted);
      }),
      { numRuns: 500 },
    );
  });

  it("a text without secrets is unchanged", () => {
    const { text, value } = redactor({ A: "a-long-secret", B: "another secret" });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.jsonValue(), (any, data) => {
        expect(text(any)).toBe(any);
        expect(value(data as Json)).toEqual(data);
      }),
    );
  });
});

it("redacts ten megabytes in linear time, also where everything almost matches", () => {
  const { text } = redactor({ A: `${"a".repeat(2000)}b` });
  const almost = "a".repeat(10_000_000);
  const startedMs = performance.now();
  expect(text(almost)).toHaveLength(almost.length);
  expect(performance.now() - startedMs).toBeLessThan(5000);
});

import { parse } from "junit2json";
import { describe, expect, it } from "vitest";
import { junitXml } from "../../../src/util/junit.ts";

describe("JUnit XML", () => {
  it("keeps any text, but for what XML cannot write", async () => {
    const name = `<"&'> ]]> \u0000\ud800 \u{1f600}\n\ttab\r`;
    const failure = { kind: "failure", type: name, message: name, text: name } as const;
    const text = junitXml([
      {
        name,
        at: 0,
        properties: [[name, name]],
        cases: [{ name, className: name, file: name, line: 3, durationMs: 1234, end: failure }],
      },
    ]);
    const kept = name.replace("\u0000\ud800", "\ufffd\ufffd");
    expect(await parse(text)).toMatchObject({
      tests: 1,
      failures: 1,
      testsuite: [
        {
          name: kept,
          timestamp: "1970-01-01T00:00:00",
          properties: [{ name: kept, value: kept }],
          testcase: [{ name: kept, time: 1.234, failure: [{ type: kept, message: kept, inner: kept }] }],
        },
      ],
    });
  });
});

import { expect, test } from "vitest";
import { suggest } from "../../../src/diagnostic/suggest.ts";

const words = ["needs", "timeout", "retry", "on_error", "output", "exponential", "if"];

test.each([
  ["need", "needs"],
  ["neeeds", "needs"],
  ["tiemout", "timeout"],
  ["Timeout", "timeout"],
  ["onerror", "on_error"],
  ["expo", "exponential"],
  ["fi", "if"],
])("%s is probably %s", (word, meant) => {
  expect(suggest(word, words)).toBe(meant);
});

test.each(["", "x", "workspace", "tim", "needs".repeat(40)])("%j is near to nothing", (word) => {
  expect(
    suggest(
      word,
      words.filter((candidate) => candidate !== "timeout"),
    ),
  ).toBeNull();
});

test("the nearest wins, the first of equals", () => {
  expect(suggest("stepz", ["stops", "steps", "stepq"])).toBe("steps");
});

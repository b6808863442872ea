import { expect, it } from "vitest";
import { readStatement, statementProblem } from "../../../src/plan/sql-statement.ts";

it.each([
  ["select 1", true],
  ["  -- a note\n SELECT * from t where a = 'delete from'", true],
  ["with a as (select 1) select * from a", true],
  ["with a as (delete from t returning *) select * from a", false],
  ["select * into other from t", false],
  ["select * from t for update", false],
  ["explain select 1", true],
  ["explain analyze insert into t values (1)", false],
  ["values (1)", true],
  ["insert into t values (1)", false],
  ["/* select */ delete from t", false],
  [`select "update", $$ drop table t $$`, true],
  ["call p()", false],
])("%s reads only: %s", (query, isRead) => {
  expect(readStatement(query).isRead).toBe(isRead);
});

it.each([
  ["select ? + ?", "sqlite" as const, 2, null],
  ["select ? + ?", "sqlite" as const, 1, "it takes 2 values, and `params` has 1"],
  ["select '?' -- ?", "sqlite" as const, 0, null],
  ["select ?1 + ?1", "sqlite" as const, 1, null],
  ["select $2::int + $1", "postgres" as const, 2, null],
  ["select $1", "postgres" as const, 0, "it takes 1 value, and `params` has 0"],
  ["select a ? 'b' from t", "postgres" as const, 0, null],
  ["select ';' ; ", "sqlite" as const, 0, null],
  ["select 1; select 2", null, 0, "it holds more than one statement: a step asks one"],
  [
    "pragma user_version",
    "sqlite" as const,
    0,
    "PRAGMA is not for a step, which is one statement in a transaction of its own",
  ],
  ["Commit", "postgres" as const, 0, "COMMIT is not for a step, which is one statement in a transaction of its own"],
  ["  ", null, 0, "there is no statement in it"],
])("%s for %s with %i values: %s", (query, dialect, values, expected) => {
  expect(statementProblem(readStatement(query), dialect, values)).toBe(expected);
});

it("takes no longer for a hostile text", () => {
  const long = "'".repeat(100_001) + " ".repeat(100_000) + "/*".repeat(50_000) + "$a".repeat(50_000);
  expect(readStatement(`select ${long}`).verb).toBe("SELECT");
});

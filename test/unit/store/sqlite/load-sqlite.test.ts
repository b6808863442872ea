import { describe, expect, it } from "vitest";
import { withoutSqliteWarning, type WarningHost } from "../../../../src/store/sqlite/load-sqlite.ts";

describe("loading node:sqlite", () => {
  it("keeps back its own experimental warning, and no other", () => {
    const seen: unknown[][] = [];
    const emitWarning = ((...args: unknown[]) => void seen.push(args)) as WarningHost["emitWarning"];
    const host = { emitWarning };
    const loaded = withoutSqliteWarning(host, () => {
      host.emitWarning("SQLite is an experimental feature and might change at any time", "ExperimentalWarning");
      host.emitWarning("Fetch is an experimental feature", "ExperimentalWarning");
      host.emitWarning("SQLite of old", "DeprecationWarning", "DEP1");
      return "module";
    });
    expect(loaded).toBe("module");
    expect(seen).toEqual([
      ["Fetch is an experimental feature", "ExperimentalWarning"],
      ["SQLite of old", "DeprecationWarning", "DEP1"],
    ]);
    expect(host.emitWarning).toBe(emitWarning);
  });
});

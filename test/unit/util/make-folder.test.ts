import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "../../../src/util/make-folder.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "muster-folder-"));
});
afterEach(() => rmSync(root, { recursive: true }));

describe("a folder with those around it", () => {
  it("is made, and the outermost new one told", () => {
    expect(makeFolder(join(root, "a/b/c"))).toBe(join(root, "a"));
    expect(existsSync(join(root, "a/b/c"))).toBe(true);
    expect(makeFolder(join(root, "a/b/c"))).toBeUndefined();
    expect(makeFolder(join(root, "a/b/d"))).toBe(join(root, "a/b/d"));
  });

  it("cannot be made in a file", () => {
    writeFileSync(join(root, "file"), "");
    expect(() => makeFolder(join(root, "file"))).toThrow("EEXIST");
    expect(() => makeFolder(join(root, "file/a/b"))).toThrow("ENOTDIR");
  });

  it.runIf(existsSync("/proc/self"))(
    "cannot be made where there are none, and says so instead of trying for ever",
    () => {
      expect(() => makeFolder("/proc/muster/a")).toThrow(/ENOENT|EPERM|EACCES/);
    },
  );
});

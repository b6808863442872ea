import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadKept } from "../../../src/cli/kept-code.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "muster-kept-"));
  writeFileSync(module(), source);
});
afterEach(() => rmSync(root, { recursive: true }));

const source = `
exports.answer = () => 6 * 7;
exports.path = () => require("node:path").basename(importMetaUrl);
`;
const module = (): string => join(root, "part-AB12.cjs");
const folder = (): string => join(root, "cache");
const load = (): { readonly exports: Exports; keep(): void } =>
  loadKept(module(), [folder()]) as ReturnType<typeof load>;
const kept = (): readonly string[] => readdirSync(folder());

interface Exports {
  answer(): number;
  path(): string;
}

describe("code that is kept compiled", () => {
  it("is the module, the first time and later", () => {
    for (let start = 0; start < 6; start += 1) {
      const part = load();
      expect([part.exports.answer(), part.exports.path()]).toEqual([42, "part-AB12.cjs"]);
      part.keep();
      expect(kept()).toEqual([`part-AB12.cjs.${process.version}-${process.arch}`]);
    }
  });

  it("is written a few times, then only read", () => {
    const texts = Array.from({ length: 5 }, () => {
      const part = load();
      part.exports.answer();
      part.keep();
      return readFileSync(join(folder(), kept()[0] ?? ""));
    });
    expect(texts.map((text) => text[4])).toEqual([1, 2, 3, 3, 3]);
  });

  it("is compiled anew where what was kept is torn or of something else, and kept again", () => {
    const part = load();
    part.keep();
    const file = join(folder(), kept()[0] ?? "");
    const whole = readFileSync(file);
    for (const broken of [
      whole.subarray(0, 100),
      Buffer.alloc(0),
      Buffer.from(whole).fill(7, 50, 60),
      Buffer.alloc(5000),
    ]) {
      writeFileSync(file, broken);
      const next = load();
      expect(next.exports.answer()).toBe(42);
      next.keep();
      expect(readFileSync(file)[4]).toBe(1);
    }
  });

  it("takes away what an earlier build left behind, and nothing else", () => {
    load().keep();
    writeFileSync(join(folder(), "part-OLD.cjs.v1"), "");
    writeFileSync(join(folder(), "other"), "");
    load().keep();
    expect(kept().toSorted()).toEqual(["other", `part-AB12.cjs.${process.version}-${process.arch}`]);
  });

  it("takes the next folder where one cannot be written, and does without any", () => {
    writeFileSync(join(root, "file"), "");
    const part = loadKept(module(), [join(root, "file/in"), folder()]);
    part.keep();
    expect(kept()).toHaveLength(1);
    const none = loadKept(module(), [join(root, "file/in")]);
    none.keep();
    expect((none.exports as Exports).answer()).toBe(42);
  });
});

import { expect, it } from "vitest";
import { version } from "../../../src/util/version.ts";
import { filesUnder, textOf } from "./source-file.ts";

it("the command says the version of the package", () => {
  const { version: packaged } = JSON.parse(textOf("package.json")) as { version: string };
  expect(version).toBe(packaged);
});

it("dependencies are exact versions", () => {
  const manifest = JSON.parse(textOf("package.json")) as Record<"dependencies" | "devDependencies", object>;
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(versions.filter(([, wanted]) => !/^\d+\.\d+\.\d+$/.test(String(wanted)))).toEqual([]);
});

it("the lock file names no registry", () => {
  expect(textOf("package-lock.json")).not.toContain('"resolved"');
});

it("every test file asserts something", () => {
  const tests = filesUnder("test", ".test.ts");
  expect(tests.filter(({ text }) => !/\b(?:expect|assert)\w*\s*[(.<]/.test(text)).map(({ path }) => path)).toEqual([]);
});

it("all files are named in kebab-case", () => {
  const files = [...filesUnder("src", ".ts"), ...filesUnder("test", ".ts"), ...filesUnder("scripts", ".mjs")];
  const names = files.map(({ path }) => path.split("/").at(-1) ?? "");
  expect(names.filter((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)+$/.test(name))).toEqual([]);
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSourceReader } from "../../../src/compose/source-reader.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "muster-reader-"));
  mkdirSync(join(root, "repo", ".git"), { recursive: true });
  mkdirSync(join(root, "repo", "workflows", "parts"), { recursive: true });
  writeFileSync(join(root, "outside.yaml"), "secret");
  writeFileSync(join(root, "repo", "shared.yaml"), "shared");
  writeFileSync(join(root, "repo", "workflows", "w.yaml"), "w");
  writeFileSync(join(root, "repo", "workflows", "parts", "a.yaml"), "\ufeffa");
});
afterEach(() => rmSync(root, { recursive: true }));

const read = (path: string) =>
  createSourceReader(join(root, "repo/workflows/w.yaml"), "workflows/w.yaml", { env: {}, isFrozen: true }).read(path);

test("files of the repository are read, and called as the user would call them", () => {
  expect(read("parts/a.yaml")).toMatchObject({ ok: true, value: { path: "workflows/parts/a.yaml" } });
  expect(read("../shared.yaml")).toMatchObject({ ok: true, value: { path: "shared.yaml", text: "shared" } });
});

test("nothing outside of it is, not even through a link", () => {
  symlinkSync(join(root, "outside.yaml"), join(root, "repo", "link.yaml"));
  symlinkSync(root, join(root, "repo", "workflows", "folder"));
  const outside = { ok: false, error: { isMissing: false, message: "is outside of the repository" } };
  expect(read("../../outside.yaml")).toEqual(outside);
  expect(read("../link.yaml")).toEqual(outside);
  expect(read("folder/outside.yaml")).toEqual(outside);
  // A link that stays inside is fine.
  symlinkSync(join(root, "repo", "shared.yaml"), join(root, "repo", "workflows", "inside.yaml"));
  expect(read("inside.yaml")).toMatchObject({ ok: true, value: { text: "shared" } });
});

test("without a repository nothing above the manifest is read", () => {
  rmSync(join(root, "repo", ".git"), { recursive: true });
  expect(read("parts/a.yaml").ok).toBe(true);
  expect(read("../shared.yaml")).toMatchObject({ ok: false, error: { message: "is outside of the repository" } });
});

test("what cannot be a text says so", () => {
  writeFileSync(join(root, "repo/workflows/large.md"), "x".repeat(1024 * 1024 + 1));
  writeFileSync(join(root, "repo/workflows/bytes.md"), Buffer.from([0x61, 0xff, 0xfe, 0x00]));
  expect(read("nowhere.md")).toEqual({ ok: false, error: { isMissing: true, message: "is not there" } });
  expect(read("w.yaml/x")).toEqual({ ok: false, error: { isMissing: true, message: "is not there" } });
  expect(read("parts")).toEqual({ ok: false, error: { isMissing: false, message: "is no file" } });
  expect(read("large.md")).toEqual({ ok: false, error: { isMissing: false, message: "is larger than 1024 KiB" } });
  expect(read("bytes.md")).toMatchObject({ ok: false, error: { isMissing: false } });
});

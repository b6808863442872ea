import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TempState } from "./temp-state.ts";

const state = new TempState();
const containing = (text: string): unknown => expect.stringContaining(text);
const bytes = Buffer.from("a value over 8 KiB, let us say");
const pathOf = (name: string) => join(state.folder, ".muster", "blobs", name.slice(0, 2), name.slice(2));

describe("a blob", () => {
  it("is a file by its hash, and no draft stays beside it", () => {
    const name = state.open().putBlob(bytes);
    expect(readFileSync(pathOf(name))).toEqual(bytes);
    expect(readdirSync(join(pathOf(name), ".."))).toEqual([name.slice(2)]);
  });

  it("that was changed is refused, with its file and hash, and mended by storing it again", () => {
    const store = state.open();
    const name = store.putBlob(bytes);
    writeFileSync(pathOf(name), "something else");
    expect(() => store.getBlob(name)).toThrow(
      expect.objectContaining({
        code: "corrupt",
        message: containing(`the state in ${pathOf(name)} is damaged: its content does not match its SHA-256 ${name}`),
      }),
    );
    expect(store.putBlob(bytes)).toBe(name);
    expect(Buffer.from(store.getBlob(name))).toEqual(bytes);
  });

  it("that is gone is refused, with its file and hash", () => {
    const store = state.open();
    const name = store.putBlob(bytes);
    rmSync(pathOf(name));
    expect(() => store.getBlob(name)).toThrow(
      expect.objectContaining({
        code: "corrupt",
        message: containing(`the state in ${pathOf(name)} is damaged: the blob ${name} is missing`),
      }),
    );
  });

  it("that cannot be written leaves no draft behind", () => {
    const store = state.open();
    const name = store.putBlob(bytes);
    rmSync(pathOf(name));
    mkdirSync(pathOf(name));
    expect(() => store.putBlob(bytes)).toThrow(expect.objectContaining({ name: "StoreError", code: "io" }));
    expect(readdirSync(join(pathOf(name), ".."))).toEqual([name.slice(2)]);
  });
});

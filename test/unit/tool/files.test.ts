import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Desk, SECRET, worker } from "../../rig/tool/desk.ts";

let desk: Desk;
beforeEach(() => void (desk = new Desk(() => null)));
afterEach(() => desk.close());

describe("tools for files", () => {
  it("read, list and search", async () => {
    const call = desk.agent();
    desk.write("docs/a.md", "one\ntwo words\n");
    desk.write("docs/deep/b.md", "Two Words\n");
    desk.write("node_modules/x/c.md", "two words\n");
    desk.write(".git/config", "two words\n");
    expect((await call("read_file", { path: "./docs//a.md" })).text).toBe("one\ntwo words\n");
    expect((await call("list_files", {})).text).toBe("docs/\nnode_modules/");
    expect((await call("list_files", { path: "docs", recursive: true })).text).toBe(
      "docs/a.md\ndocs/deep/\ndocs/deep/b.md",
    );
    expect((await call("search_files", { query: "two words" })).text).toBe("docs/a.md:2: two words");
    expect((await call("search_files", { query: "(?i)two w", regex: true, path: "docs" })).text).toBe(
      "docs/a.md:2: two words\ndocs/deep/b.md:1: Two Words",
    );
    expect((await call("search_files", { query: "(", regex: true })).text).toContain("is no regular expression");
    expect((await call("search_files", { query: "three" })).text).toBe("[no line holds it]");
  });

  it.each([
    ["there is no file 'x.md'", { path: "x.md" }],
    ["'docs' is a folder", { path: "docs" }],
    ["'bin' is no text in UTF-8", { path: "bin" }],
    ["'.' is the folder itself, not a file in it", { path: "" }],
    ["'docs/a.md/x' leads through something that is no folder", { path: "docs/a.md/x" }],
    ["a path has no NUL in it", { path: "a\0b" }],
  ])("tell why not: %s", async (why, input) => {
    desk.write("docs/a.md", "one");
    writeFileSync(join(desk.workspace, "bin"), Buffer.of(0xff, 0xfe, 0x00));
    expect(await desk.agent()("read_file", input)).toMatchObject({ isError: true, text: expect.stringContaining(why) });
  });

  it("cut what is long, and say so", async () => {
    desk.write("long.txt", "é".repeat(1000));
    const { text } = await desk.agent({ longestText: 101 })("read_file", { path: "long.txt" });
    expect(text).toBe(`${"é".repeat(50)}\n[cut here: 101 of 2000 bytes; search_files finds passages in it]`);
  });

  it("write new files, with their folders, and those that were read", async () => {
    const call = desk.agent();
    expect((await call("write_file", { path: "a/b/c.txt", content: "one" })).text).toBe("wrote 3 bytes");
    expect((await call("write_file", { path: "a/b/c.txt", content: "two" })).isError).toBeUndefined();
    desk.write("there.txt", "before");
    const unread = await call("write_file", { path: "there.txt", content: "after" });
    expect(unread).toMatchObject({ isError: true, text: expect.stringContaining("has not been read") });
    expect(desk.read("there.txt")).toBe("before");
    await call("read_file", { path: "there.txt" });
    await call("write_file", { path: "there.txt", content: "after" });
    expect(desk.read("there.txt")).toBe("after");
  });

  it("do not write over what somebody else has changed", async () => {
    const call = desk.agent();
    await call("write_file", { path: "a.txt", content: "mine" });
    desk.write("a.txt", "theirs");
    for (const [tool, input] of [
      ["write_file", { path: "a.txt", content: "mine again" }],
      ["edit_file", { path: "a.txt", old: "theirs", new: "x" }],
    ] as const)
      expect(await call(tool, input)).toMatchObject({
        isError: true,
        text: "'a.txt' has changed since it was read: read it again",
      });
    expect(desk.read("a.txt")).toBe("theirs");
    // The very content: a call that was done before its end could be recorded.
    expect((await call("write_file", { path: "a.txt", content: "theirs" })).isError).toBeUndefined();
    expect((await call("edit_file", { path: "a.txt", old: "theirs", new: "ours" })).text).toBe("done");
  });

  it("edit one passage, which must be the only one", async () => {
    const call = desk.agent();
    desk.write("a.txt", "one two one $& three");
    expect((await call("edit_file", { path: "a.txt", old: "two", new: "$&" })).text).toBe("done");
    expect(desk.read("a.txt")).toBe("one $& one $& three");
    expect((await call("edit_file", { path: "a.txt", old: "one", new: "1" })).text).toContain("more than once");
    expect((await call("edit_file", { path: "a.txt", old: "", new: "1" })).isError).toBe(true);
  });

  it("say what is not allowed", async () => {
    const call = desk.agent({ grant: { ...worker, files: "none" } });
    expect(await call("read_file", { path: "a" })).toMatchObject({
      isError: true,
      denied: "`permissions.files` does not allow to read",
    });
  });

  it("are not led astray by a link that is put there meanwhile", async () => {
    const call = desk.agent();
    desk.write("docs/secret.txt", "harmless");
    mkdirSync(join(desk.workspace, "away"));
    symlinkSync(desk.outside, join(desk.workspace, "link"));
    // Swaps the folder and the link as fast as it can, until it is ended.
    const swap = new Worker(
      `const { renameSync } = require("node:fs"); const { workerData: w } = require("node:worker_threads");
       const at = (n) => w + "/" + n;
       while (true) {
         renameSync(at("docs"), at("away/docs")); renameSync(at("link"), at("docs"));
         renameSync(at("docs"), at("link")); renameSync(at("away/docs"), at("docs"));
       }`,
      { eval: true, workerData: desk.workspace },
    );
    const told = new Set<string>();
    for (let i = 0; i < 1500; i += 1) told.add((await call("read_file", { path: "docs/secret.txt" })).text);
    await swap.terminate();
    expect([...told].filter((text) => text.includes(SECRET))).toEqual([]);
    expect(told.size).toBeGreaterThan(0);
  });
});

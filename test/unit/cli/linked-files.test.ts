import { describe, expect, it } from "vitest";
import { filesBelow, isBelow, type LinkedTree } from "../../../src/cli/linked-files.ts";

/** A tree of files, and of links to absolute targets; null = a link that leads nowhere. */
function tree(files: readonly string[], links: { readonly [path: string]: string | null }): LinkedTree {
  const follow = (path: string): string | null => {
    const link = Object.keys(links).find((each) => isBelow(path, each));
    if (link === undefined) return path;
    const target = links[link];
    return target === null || target === undefined ? null : follow(target + path.slice(link.length));
  };
  return {
    list: (folder) => ({
      files: files.filter((path) => isBelow(path, folder)),
      links: Object.keys(links).filter((path) => isBelow(path, folder)),
    }),
    follow(path) {
      const target = follow(path);
      return target === null ? null : { kind: files.includes(target) ? "file" : "folder", path: target };
    },
  };
}

const found = (files: readonly string[], links: { readonly [path: string]: string | null }, under = ["w"]) => {
  const { files: map, lost } = filesBelow(tree(files, links), under);
  return { files: Object.fromEntries(map), lost };
};

describe("filesBelow", () => {
  it("follows links to files and folders, and calls what is behind them as they are called", () => {
    expect(found(["w/a", "lib/b", "lib/sub/c"], { "w/link": "lib/b", "w/dir": "lib", other: "lib" })).toEqual({
      files: { "w/a": "w/a", "w/link": "lib/b", "w/dir/b": "lib/b", "w/dir/sub/c": "lib/sub/c" },
      lost: [],
    });
  });

  it("follows links behind links, and a folder that is one", () => {
    expect(found(["lib/b", "deep/c"], { w: "lib", "lib/more": "deep" }).files).toEqual({
      "w/b": "lib/b",
      "w/more/c": "deep/c",
    });
  });

  it("looks into each folder once, and not into those above", () => {
    expect(found(["w/a/x", "up"], { "w/again": "w/a", "w/a/up": "", "w/a/self": "w/a" })).toEqual({
      files: { "w/a/x": "w/a/x" },
      lost: [],
    });
    expect(Object.keys(found(["w/a", "b"], {}, ["w", ""]).files)).toEqual(["w/a", "b"]);
  });

  it("names the links that lead nowhere", () => {
    expect(found(["w/a"], { "w/gone.yaml": null })).toEqual({ files: { "w/a": "w/a" }, lost: ["w/gone.yaml"] });
  });
});

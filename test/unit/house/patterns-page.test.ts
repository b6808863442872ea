import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** The headings, questions and troubles of the guide, in its order. */
const headings = readFileSync(join(import.meta.dirname, "guide-headings.txt"), "utf8")
  .trimEnd()
  .split("\n");

const page = readFileSync("docs/patterns.md", "utf8");
const rows = page
  .split("\n")
  .flatMap((line) => {
    const [, heading = "", here = ""] = /^\| (.+?) \|\s?(.*?)\s?\|$/.exec(line) ?? [];
    return heading === "" || heading === "The guide" || heading.startsWith("---") ? [] : [{ heading, here }];
  })
  .map(({ heading, here }) => ({
    heading: heading.replace(/^\*\*(.*)\*\*$/, "$1"),
    here,
    isTitle: heading.startsWith("**"),
  }));

/** Where the guide itself is at hand. */
const guide = "../shared/orchestration-guide.txt";
if (!existsSync(guide)) process.stderr.write("skipped: the guide is not at hand, so its headings are not read anew\n");

describe("docs/patterns.md", () => {
  it("has a row for every heading of the guide, in its order", () => {
    expect(headings.length).toBeGreaterThan(90);
    expect(rows.map(({ heading }) => heading)).toEqual(headings);
  });

  it("says for each of them where it is here, or that it comes later", () => {
    const silent = rows.filter(({ here, isTitle }) => !isTitle && !/\]\(|`|later/.test(here));
    expect(silent).toEqual([]);
  });

  it("leads to files that are there, and to every pattern", () => {
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
    for (const target of links) expect(existsSync(join("docs", target)), target).toBe(true);
    const patterns = readdirSync("workflows/patterns").filter((file) => /^[a-z-]+\.yaml$/.test(file));
    expect(patterns.filter((file) => !links.includes(`../workflows/patterns/${file}`))).toEqual([]);
  });

  it.runIf(existsSync(guide))("knows all headings of the guide that is at hand", () => {
    const lines = readFileSync(guide, "utf8")
      .split("\n")
      .map((line) => line.trim());
    expect(headings.filter((heading) => !lines.includes(heading))).toEqual([]);
    const marked =
      /^(?:Pattern \d|Strategy \d|Architecture \d|Problem:|Case Study \d|vs [A-Z]|Integration Pattern|✅ DO:|❌ DON)/;
    expect(lines.filter((line) => marked.test(line) && !headings.includes(line))).toEqual([]);
    const questions = lines.filter((line) => /^[A-Z].*\?$/.test(line) && line.length < 90);
    expect(questions.filter((line) => !headings.includes(line))).toEqual([]);
  });
});

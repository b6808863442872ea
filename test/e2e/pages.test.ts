import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, inject, it } from "vitest";
import { parse } from "yaml";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";
import { runShell } from "../rig/muster/shell.ts";

/*
 * Pages whose outputs are real. Each `<!-- ... -->` line says what the block below it is:
 *
 *   file: PATH            it is written there
 *   edit: PATH | A | B    in that file A becomes B (`nothing`: it goes)
 *   run: COMMAND          it is what the command prints, after `$ COMMAND`; UPDATE_GOLDEN=1 writes it anew
 *   hidden: COMMAND       it is run, and nothing is shown
 */
const pages = ["docs/testing.md", "docs/ci.md", "docs/review.md"];

const DIRECTIVE = /<!-- (file|edit|run|hidden): ([^\n]*?) ?-->\n(?:\n```(\w*)\n([\s\S]*?)```\n)?/g;

describe("YAML in these pages", () => {
  for (const page of pages) {
    it(`can be read: ${page}`, () => {
      const blocks = [...readFileSync(page, "utf8").matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
      expect(blocks.length).toBeGreaterThan(0);
      for (const block of blocks) expect(() => parse(block) as unknown).not.toThrow();
    });
  }
});

describe("what pages show is what the command prints", () => {
  for (const page of pages) {
    story(page, async ({ project }) => {
      const text = readFileSync(page, "utf8");
      let made = "";
      let last = 0;
      for (const match of text.matchAll(DIRECTIVE)) {
        const [whole, verb = "", what = "", language = "", block = ""] = match;
        made += text.slice(last, match.index);
        last = match.index + whole.length;
        made += whole;
        if (verb === "file") project.write(what, block);
        if (verb === "edit") {
          const [path = "", before = "", after = ""] = what.split(" | ").map((part) => part.replaceAll("\\n", "\n"));
          project.edit(path, before, after === "nothing" ? "" : after);
        }
        if (verb === "hidden") await shown(project, what);
        if (verb !== "run") continue;
        const head = whole.slice(0, whole.indexOf("```"));
        made = `${made.slice(0, -whole.length)}${head}\`\`\`${language}\n$ ${what}\n${await shown(project, what)}\`\`\`\n`;
      }
      made += text.slice(last);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(page, made);
      else expect(made).toBe(text);
    });
  }
});

/** What a command prints on both streams, without what differs from run to run. */
async function shown(project: Project, command: string): Promise<string> {
  const output = await runShell(project, inject("musterScript"), command);
  return output.replaceAll(/\b01[0-9A-HJKMNP-TV-Z]{24}\b/g, "01J9ZQ4T7Y").replaceAll(/\d+\.\d+s\b/g, "0.4s");
}

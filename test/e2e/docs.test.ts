import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRecording } from "../../src/provider/recording/read.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const pages = [
  ...readdirSync(".").filter((name) => name.endsWith(".md")),
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

interface Block {
  readonly language: string;
  readonly text: string;
  /** `README.md:12`, the line of the fence. */
  readonly place: string;
}

const blocks = pages.flatMap(blocksOf);

/** The fenced blocks of a page. */
function blocksOf(page: string): Block[] {
  const found: Block[] = [];
  let open: { language: string; lines: string[]; line: number } | null = null;
  for (const [index, line] of readFileSync(page, "utf8").split("\n").entries()) {
    if (open === null && line.startsWith("```")) open = { language: line.slice(3), lines: [], line: index + 1 };
    else if (open !== null && line === "```") {
      found.push({ language: open.language, text: `${open.lines.join("\n")}\n`, place: `${page}:${open.line}` });
      open = null;
    } else open?.lines.push(line);
  }
  return found;
}

function blockOf(page: string, start: string): string {
  const block = blocks.find(({ place, text }) => place.startsWith(`${page}:`) && text.startsWith(start));
  if (block === undefined) throw new Error(`${page} has no block that starts with ${start}`);
  return block.text;
}

/** What differs from run to run. */
function masked(text: string): string {
  return text
    .replaceAll(/\b01[0-9A-HJKMNP-TV-Z]{24}\b/g, "RUN")
    .replaceAll(/\d+\.\d+s/g, "TIME")
    .replaceAll(/ +/g, " ");
}

/** The project's folder as a repository with a commit, as the pages suppose. */
function makeRepository({ folder }: Project): void {
  const git = (...args: string[]): Buffer =>
    execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.com", ...args], { cwd: folder });
  git("init", "--quiet");
  git("commit", "--quiet", "--allow-empty", "--message", "Exports keep all rows");
}

describe("workflows in the pages", () => {
  const manifests = blocks.filter(({ language, text }) => language === "yaml" && /^muster: 1$/m.test(text));

  it("are found", () => expect(manifests.length).toBeGreaterThanOrEqual(4));

  for (const { place, text } of manifests) {
    story(`${place} is valid, and succeeds`, async ({ fake, project }) => {
      makeRepository(project);
      project.write("flow.yaml", text);
      expect(await project.muster("validate", "flow.yaml")).toMatchObject({
        code: 0,
        stdout: "",
        stderr: "1 workflow valid\n",
      });
      // Nobody is here to answer: what asks people is simulated.
      const asksPeople = text.includes("approval:");
      const { code, stderr } = await project.muster("run", "flow.yaml", ...(asksPeople ? ["--simulate"] : []));
      expect(stderr).toMatch(/^succeeded in /m);
      expect(code).toBe(0);
      expect(fake.count() > 0).toBe(text.includes("agents:") && !asksPeople);
      expect(fake.refusals).toEqual([]);
    });
  }
});

it("recordings in the pages can be read", () => {
  const recordings = blocks.filter(({ text }) => text.includes("muster_recording: 1"));
  expect(recordings.length).toBeGreaterThan(0);
  for (const { place, text } of recordings) expect(readRecording({ path: place, text })).toMatchObject({ ok: true });
});

describe("what the pages say that the command prints", () => {
  const workflow = blockOf("docs/getting-started.md", "muster: 1\nname: release-notes");

  it("the first workflow is the same in the README", () => {
    expect(blockOf("README.md", "muster: 1")).toBe(workflow);
  });

  story("validate, with and without a mistake", async ({ project }) => {
    project.write("notes.yaml", workflow);
    const good = await project.muster("validate", "notes.yaml");
    expect(blockOf("docs/getting-started.md", "$ muster validate")).toBe(
      `$ muster validate notes.yaml\n${good.stderr}`,
    );

    project.edit("notes.yaml", "agent: writer", "agent: writter");
    const bad = await project.muster("validate", "notes.yaml");
    expect(blockOf("docs/getting-started.md", "$ muster validate notes.yaml\nnotes.yaml")).toBe(
      `$ muster validate notes.yaml\n${bad.stdout}${bad.stderr}`,
    );
  });

  story("resume after a kill -9", async ({ fake, project }) => {
    makeRepository(project);
    project.write("notes.yaml", workflow);
    const asked = fake.nextRequest("Exports keep all rows");
    const run = project.start(["run", "notes.yaml"]);
    await asked;
    await run.crash();
    const { code, stderr } = await project.muster("resume");
    expect(code).toBe(0);
    for (const page of ["README.md", "docs/getting-started.md"]) {
      const [command, ...printed] = blockOf(page, "$ muster resume").split("\n");
      expect(command).toBe("$ muster resume");
      expect(masked(stderr).slice(0, masked(printed.join("\n")).length)).toBe(masked(printed.join("\n")));
    }
  });

  story("the picture of a run", async ({ project }) => {
    cpSync("workflows", join(project.folder, "workflows"), { recursive: true });
    const { stdout, stderr } = await project.muster(
      "run",
      "workflows/review.yaml",
      "--replay",
      "workflows/review/recording.yaml",
    );
    const [command, ...lines] = pictureText(readFileSync("docs/run.svg", "utf8"));
    expect(command).toBe("$ muster run workflows/review.yaml --replay workflows/review/recording.yaml");
    const end = lines.findIndex((line) => line.startsWith("# Review"));
    expect(masked(lines.slice(0, end).join("\n")).split("\n").filter(isSteady).sort()).toEqual(
      masked(stderr.trimEnd()).split("\n").filter(isSteady).sort(),
    );
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(lines.slice(end, -1).join(" ").replaceAll(/\s+/g, " "));
  });
});

/** Which step was the slowest differs from run to run. */
function isSteady(line: string): boolean {
  return !line.includes("slowest");
}

/** The lines of text in an SVG. */
function pictureText(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>(.*?)<\/text>/g)].map(([, line = ""]) =>
    line
      .replaceAll(/<[^>]+>/g, "")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&"),
  );
}

describe("docs/cli.md", () => {
  const page = readFileSync("docs/cli.md", "utf8");

  story("has every command and every flag of --help, and no others", async ({ project }) => {
    const help = (await project.muster("--help")).stdout;
    const commands = [...help.slice(help.indexOf("Commands:")).matchAll(/^ {2}([a-z-]+) /gm)]
      .map(([, name]) => name)
      .filter((name) => name !== "help");
    expect([...page.matchAll(/^## muster (.+)$/gm)].map(([, name]) => name)).toEqual(commands);
    for (const flag of flagsOf(help)) expect(page).toContain(`\`${flag}`);

    for (const command of commands) {
      const own = (await project.muster(command ?? "", "--help")).stdout.split("Global Options:")[0] ?? "";
      const section = page.split(`## muster ${command}\n`)[1]?.split("\n## ")[0] ?? "";
      const told = [...section.matchAll(/^\| `(--[a-z-]+)`/gm)].map(([, flag]) => flag);
      expect({ command, flags: told }).toEqual({ command, flags: flagsOf(own) });
    }
  });

  function flagsOf(help: string): (string | undefined)[] {
    return [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)]
      .map(([, flag]) => flag)
      .filter((flag) => flag !== "--help");
  }
});

it("links between the pages lead somewhere", () => {
  for (const page of pages) {
    const text = readFileSync(page, "utf8").replaceAll(/```[\s\S]*?```/g, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (target.startsWith("https://")) continue;
      expect({ page, target, exists: existsSync(join(dirname(page), target)) }).toEqual({ page, target, exists: true });
    }
  }
});

import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

/** Puts the examples into a user's folder, as they are. */
function withExamples(project: Project): void {
  cpSync("workflows", join(project.folder, "workflows"), { recursive: true });
}

/** Every manifest under workflows/, those that others use included. */
const manifests = readdirSync("workflows", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".yaml") && !/(recording|\.test)\.yaml$/.test(path))
  .map((path) => `workflows/${path.replaceAll("\\", "/")}`)
  .sort();

describe("every example", () => {
  story("is a valid workflow, without a warning", async ({ project }) => {
    withExamples(project);
    const said = { stdout: "", stderr: `${manifests.length} workflows valid\n` };
    expect(await project.muster("validate")).toMatchObject({ code: 0, ...said });
  });

  story.for(manifests)("%s is planned and simulated without a model", async (path, { fake, project }) => {
    withExamples(project);
    project.write("docs/one.md", "# One\n");
    project.write("docs/two.md", "# Two\n");
    // Inputs without a default are given, as a user would.
    const needed = [...project.read(path).matchAll(/^ {2}(\w+): \{ type: string, description: [^}]*\}$/gm)];
    const given = needed.filter(([line]) => !line.includes("default:")).flatMap(([, name]) => ["--input", `${name}=x`]);
    const plan = await project.muster("plan", path, ...given);
    expect({ code: plan.code, stderr: plan.stderr }).toEqual({ code: 0, stderr: "" });
    expect(plan.stdout).toMatch(/^wave 1[,\n]/m);
    const run = await project.muster("run", path, "--simulate", ...given, "--report", "report.json");
    expect(run.code, run.stderr).toBe(0);
    expect(project.report()).toMatchObject({ status: "succeeded", simulated: true });
    expect(fake.count()).toBe(0);
  });
});

describe("workflows/content-pipeline.yaml", () => {
  story(
    "drafts until the editor accepts, and each draft knows what was wrong with the last",
    async ({ fake, project }) => {
      withExamples(project);
      fake.on("Collect the facts", "Restores fail.");
      fake.on("Outline an article", "1. Why");
      fake.on("Write the article", ({ text }) => (text.includes("wants changed") ? "# Better" : "# First"));
      fake.on("The article, on the topic", ({ text }) =>
        JSON.stringify(
          text.includes("# Better") ? { verdict: "accept", changes: [] } : { verdict: "revise", changes: ["say more"] },
        ),
      );
      const { code, stdout, stderr } = await project.muster(
        "run",
        "workflows/content-pipeline.yaml",
        "--report",
        "report.json",
      );
      expect(code, stderr).toBe(0);
      expect(stdout).toBe("# Better\n");
      expect(fake.count()).toBe(6);
      expect(fake.countOfModel("claude-haiku-5-5")).toBe(1);
      const second = fake.requests.filter(({ text }) => text.includes("Write the article"))[1]?.text;
      expect(second).toMatch(/Your last draft:\n# First\nWhat the editor wants changed:\n- say more\n/);
      expect(project.report().steps).toMatchObject({
        article: { results: [{ output: { verdict: "revise" } }, { output: { verdict: "accept" } }] },
        log: { status: "succeeded", kind: "run" },
      });
      expect(fake.refusals).toEqual([]);
    },
  );

  story(
    "an editor who never accepts ends it after four drafts, and `finally` still runs",
    async ({ fake, project }) => {
      withExamples(project);
      fake.on("Write the article", "# Draft");
      fake.on("The article, on the topic", JSON.stringify({ verdict: "revise", changes: ["all"] }));
      const { code } = await project.muster("run", "workflows/content-pipeline.yaml", "--report", "report.json");
      expect(code).toBe(1);
      expect(fake.count("Write the article")).toBe(4);
      expect(project.report()).toMatchObject({
        error: { class: "output", code: "repeat_exhausted" },
        steps: { log: { status: "succeeded" } },
      });
    },
  );
});

describe("workflows/map-reduce.yaml", () => {
  const summary = (title: string) => JSON.stringify({ title, summary: `About ${title}.`, gaps: [`more on ${title}`] });

  story("reads every file by itself, reports on all, and says which could not be read", async ({ fake, project }) => {
    withExamples(project);
    for (const name of ["a", "b", "c"]) project.write(`notes/${name}.md`, `text of ${name}`);
    fake.on("The file notes/", ({ text }) => summary(/file notes\/(\w)/.exec(text)?.[1] ?? ""));
    fake.on("The file notes/b.md", { kind: "fail", status: 400, type: "invalid_request_error", message: "no" });
    fake.on("Answer this question", "# Report");
    const { code, stdout, stderr } = await project.muster(
      "run",
      "workflows/map-reduce.yaml",
      "--input",
      "files=notes/*.md",
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ report: "# Report", files: 3 });
    expect(
      fake.requests
        .filter(({ text }) => text.includes("The file"))
        .every(({ text }) => /The file notes\/(\w)\.md:\ntext of \1/.test(text)),
    ).toBe(true);
    const report = fake.requests.find(({ text }) => text.includes("Answer this question"))?.text ?? "";
    expect(report).toMatch(/## notes\/a\.md: a\nAbout a\.\n- missing: more on a\n## notes\/c\.md: c\n/);
    expect(report).toMatch(/could not be read:\n- notes\/b\.md\n/);
    expect(fake.count()).toBe(4);
  });

  story("without a file there is nothing to report, and no call", async ({ fake, project }) => {
    withExamples(project);
    const { code, stderr } = await project.muster(
      "run",
      "workflows/map-reduce.yaml",
      "--input",
      "files=none/*.md",
      "--report",
      "report.json",
    );
    expect(code, stderr).toBe(0);
    expect(project.report().outputs).toEqual({ report: null, files: 0 });
    expect(fake.count()).toBe(0);
  });
});

describe("workflows/launch.yaml", () => {
  story("three teams work at once, and the lead sees what all of them made", async ({ fake, project }) => {
    withExamples(project);
    const firsts = ["Announce A lamp in 200 words", "for newsletter", "Name the 3 strongest objections"];
    const held = Promise.all(firsts.map((text) => fake.nextRequest(text)));
    fake.on("Edit: ", "A lamp!");
    fake.on(/A (warm|dry) post about/, ({ text }) =>
      JSON.stringify({ channel: /for (\w+)\.\s/.exec(`${text}\n`)?.[1], text: /A (\w+) post/.exec(text)?.[1] }),
    );
    fake.on("Choose the best post", JSON.stringify([{ channel: "mastodon", text: "dry" }]));
    fake.on("Answer this objection", ({ text }) => `answer to ${/: (.*)/.exec(text)?.[1] ?? ""}`);
    fake.on("Say it in one sentence", ({ text }) => `short ${/sentence: (.*)/.exec(text)?.[1] ?? ""}`);
    fake.on("Write the launch plan", "# Plan");
    const run = project.start(["run", "workflows/launch.yaml", "--input", "product=A lamp", "--report", "report.json"]);

    const [announce, newsletter, objections] = await held;
    await announce?.reply("A long text");
    await newsletter?.reply({ channel: "newsletter", text: "warm" });
    await objections?.reply(["Too dear", "Too bright"]);
    const { code, stdout, stderr } = await run.ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      plan: "# Plan",
      announcement: "A lamp!",
      posts: [{ channel: "mastodon", text: "dry" }],
    });
    const plan = fake.requests.find(({ text }) => text.includes("Write the launch plan"))?.text;
    expect(plan).toContain("The announcement:\nA lamp!\n");
    expect(plan).toContain("- mastodon: dry\n");
    expect(plan).toContain("- Too dear short answer to Too dear\n- Too bright short answer to Too bright\n");
    // 2 for content, 5 posts and a choice for marketing, 1 + 2 x 2 for sales, the plan.
    expect(fake.count()).toBe(14);
    expect(Object.keys(project.report().steps).filter((path) => path.startsWith("sales"))).toEqual([
      "sales",
      "sales/objections",
      "sales/prepare",
    ]);
    expect(fake.refusals).toEqual([]);
  });
});

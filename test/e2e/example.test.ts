import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { ollama } from "../rig/fake-openai/dialect.ts";
import { startFakeOpenai } from "../rig/fake-openai/fake-openai.ts";
import { story } from "../rig/muster/e2e.ts";
import { MusterProcess } from "../rig/muster/muster-process.ts";
import type { Project } from "../rig/muster/project.ts";

/** Puts the examples into a user's folder, as they are. */
function withExamples(project: Project): void {
  cpSync("workflows", join(project.folder, "workflows"), { recursive: true });
}

const finding = (problem: string) => ({ severity: "low", file: "src/a.ts:1", problem, suggestion: "another way" });

describe("workflows/review.yaml", () => {
  story("three reviewers read the diff at once, then the lead decides", async ({ fake, project }) => {
    withExamples(project);
    const held = Promise.all(["for security", "for correctness", "for the person"].map((who) => fake.nextRequest(who)));
    const lead = fake.nextRequest("Decide on this diff");
    const run = project.start(["run", "workflows/review.yaml", "--report", "report.json"]);

    const reviewers = await held;
    expect(fake.inFlight).toBe(3);
    for (const { request } of reviewers) {
      expect(request.text).toContain(project.read("workflows/review/example.diff").trimEnd());
      expect(request.text).toContain("8 files changed, 27 insertions(+), 26 deletions(-)");
      expect(request.body.model).toBe("claude-haiku-5-5");
    }
    expect(fake.count("Decide on this diff")).toBe(0);
    await Promise.all(reviewers.map((held, index) => held.reply({ findings: [finding(`problem ${index}`)] })));

    const { request } = await lead;
    expect(request.body.model).toBe("claude-opus-5-5");
    expect(request.text).toMatch(/Security: +.*problem 0.*\nCorrectness: +.*problem 1.*\nClarity: +.*problem 2/);
    await (await lead).reply({ verdict: "comment", summary: "Well made.", findings: [finding("problem 1")] });

    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^# Review: approved with comments\n\nWell made\.\n\n- \*\*low\*\* `src\/a\.ts:1`: problem 1\n {2}\*Instead:\* another way\n/,
    );
    expect(project.read(".muster/review/review.md").trimEnd()).toBe(stdout.trimEnd());
    expect(project.report().steps["verdict"]?.output).toMatchObject({ verdict: "comment" });
    expect(fake.count()).toBe(4);
    expect(fake.refusals).toEqual([]);
  });

  story("reviews an own diff; without findings it says so", async ({ fake, project }) => {
    withExamples(project);
    project.write("my.diff", "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old line\n+new line\n");
    fake.on("Review this diff", JSON.stringify({ findings: [] }));
    fake.on("Decide on this diff", JSON.stringify({ verdict: "approve", summary: "Fine.", findings: [] }));

    const { code, stdout } = await project.muster("run", "workflows/review.yaml", "--input", "diff=my.diff");
    expect(code).toBe(0);
    expect(stdout).toContain("# Review: approved\n\nFine.\n\nNo findings.\n");
    expect(fake.count("+new line")).toBe(4);
  });

  story("a diff that is not there, or too large, costs nothing", async ({ fake, project }) => {
    withExamples(project);
    project.write("large.diff", "x".repeat(200_001));

    const missing = await project.muster(
      "run",
      "workflows/review.yaml",
      "--input",
      "diff=none.diff",
      "--run-id",
      "missing",
    );
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(
      /^ {2}error {4}exit: step 'diff' failed: 'diff' ended with exit code \d+\n {2}said {5}.*none\.diff/m,
    );
    expect((await project.muster("show", "missing")).stdout).toContain(
      "there is no file none.diff: make one with 'git diff main... > my.diff'",
    );

    const large = await project.muster(
      "run",
      "workflows/review.yaml",
      "--input",
      "diff=large.diff",
      "--run-id",
      "large",
    );
    expect(large.code).toBe(1);
    expect((await project.muster("show", "large")).stdout).toContain("large.diff has 200001 bytes");
    expect(fake.count()).toBe(0);
  });
});

story(
  "a run with scripted answers says so while it runs and ever after, and asks no model",
  async ({ fake, project }) => {
    withExamples(project);
    const note = "The answers are scripted: written by hand, no model is asked.\n";
    const { stderr } = await project.muster(
      "run",
      "workflows/review.yaml",
      "--replay",
      "workflows/review/recording.yaml",
    );
    expect(stderr).toContain(note);
    expect((await project.muster("show")).stdout).toContain(note);
    expect(JSON.parse((await project.muster("show", "--json")).stdout)).toMatchObject({ replayed: "scripted" });
    expect(fake.count()).toBe(0);
  },
);

describe("npm start", () => {
  /** Runs its script in a repository with the files of the project, as npm does after the setup. */
  async function start(env: { readonly [name: string]: string }) {
    const clone = mkdtempSync(join(tmpdir(), "muster-clone-"));
    const read = (path: string): string => readFileSync(join(clone, path), "utf8");
    const git = (...args: string[]): string => spawnSync("git", args, { cwd: clone, encoding: "utf8" }).stdout;
    try {
      for (const path of ["scripts", "workflows", "package.json", ".gitignore"])
        cpSync(path, join(clone, path), { recursive: true });
      cpSync(resolve(inject("musterScript"), "../.."), join(clone, "dist"), { recursive: true });
      symlinkSync(resolve("node_modules"), join(clone, "node_modules"));
      git("init", "--quiet");
      git("add", "--all");
      const {
        code: status,
        stdout,
        stderr,
      } = await new MusterProcess("scripts/start.mjs", [], { cwd: clone, env }).ended;
      const left =
        status !== 0
          ? null
          : {
              review: read(".muster/review/review.md"),
              report: JSON.parse(read(".muster/review/report.json")) as unknown,
            };
      return { status, stdout, stderr, left, changed: git("ls-files", "--others", "--modified", "--exclude-standard") };
    } finally {
      rmSync(clone, { recursive: true, force: true });
    }
  }

  it("without a key it answers from the recording, and says so on the screen and in the report", async () => {
    const { status, stdout, stderr, left, changed } = await start({ PATH: process.env["PATH"] ?? "", CI: "true" });
    expect(stderr).toContain("The answers are scripted");
    expect(status).toBe(0);
    expect(stdout).toContain("wave 2  security, correctness, clarity\n");
    expect(stdout).toContain("The answers were scripted: written by hand, no model was asked.");
    expect(stdout).toContain(left?.review);
    expect(left?.review).toMatch(/^# Review: changes requested\n/);
    expect(changed).toBe("");
    expect(left?.report).toMatchObject({
      status: "succeeded",
      replayed: "scripted",
      steps: { verdict: { output: { verdict: "request_changes" } } },
    });
  });

  it("names every place of its review rightly: an added line of the bundled diff", () => {
    const added = addedLines(readFileSync("workflows/review/example.diff", "utf8"));
    const places = [...readFileSync("workflows/review/recording.yaml", "utf8").matchAll(/^ +file: (.+)$/gm)].map(
      ([, place]) => place,
    );
    expect(places.length).toBeGreaterThan(5);
    for (const place of places) expect(added).toContain(place);
  });

  story("with a key it asks the models", async ({ fake, project }) => {
    fake.on("Review this diff", JSON.stringify({ findings: [] }));
    fake.on("Decide on this diff", JSON.stringify({ verdict: "approve", summary: "Fine.", findings: [] }));
    const { status, stdout, left, changed } = await start({ PATH: process.env["PATH"] ?? "", ...project.env });
    expect(status).toBe(0);
    expect(stdout).toContain("The answers came from the models.\n");
    expect(left?.review).toMatch(/^# Review: approved\n/);
    expect(left?.report).toMatchObject({ status: "succeeded", replayed: null, usage: { calls: 4 } });
    expect(changed).toBe("");
    expect(fake.count()).toBe(4);
  });

  it("with a local engine and no key it asks that", async () => {
    const local = await startFakeOpenai({ dialect: ollama, models: ["qwen4:8b", "llama4:70b"] });
    onTestFinished(() => local.close());
    local.on("Review this diff", JSON.stringify({ findings: [] }));
    local.on("Decide on this diff", JSON.stringify({ verdict: "approve", summary: "Fine.", findings: [] }));
    const env = { PATH: process.env["PATH"] ?? "", OLLAMA_HOST: local.url };
    const { status, stdout, stderr, left } = await start(env);
    expect(status).toBe(0);
    expect(stdout).toContain("The answers came from the models.\n");
    expect(stderr).toContain("model: auto/fast = ollama/qwen4:8b, auto/strong = ollama/llama4:70b");
    expect(left?.report).toMatchObject({ status: "succeeded", replayed: null, cost_usd: 0 });
    expect([local.countOfModel("qwen4:8b"), local.countOfModel("llama4:70b")]).toEqual([3, 1]);
  });

  it("says what to do when git is missing", async () => {
    const { status, stdout, stderr } = await start({ PATH: "/nowhere" });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^npm start: git is missing .*git-scm\.com\/downloads.*\n$/);
  });
});

/** Every added line of a diff, as `path:line`. */
function addedLines(diff: string): string[] {
  const places: string[] = [];
  let path = "";
  let line = 0;
  for (const text of diff.split("\n")) {
    const hunk = /^@@ -\S+ \+(\d+)/.exec(text);
    if (text.startsWith("+++ b/")) path = text.slice(6);
    else if (hunk) line = Number(hunk[1]);
    else if (text.startsWith("+")) places.push(`${path}:${line++}`);
    else if (text.startsWith(" ")) line += 1;
  }
  return places;
}

describe("workflows/research.yaml", () => {
  const facts = (topic: string) =>
    JSON.stringify({ topic, facts: [{ fact: `${topic} is a database`, confidence: "sure" }] });

  story("goes on with two of three, and the report names the third", async ({ fake, project }) => {
    withExamples(project);
    fake.on("side of it: SQLite", facts("SQLite"));
    fake.on("side of it: PostgreSQL", {
      kind: "fail",
      status: 400,
      type: "invalid_request_error",
      message: "no such thing",
    });
    fake.on("side of it: DynamoDB", facts("DynamoDB"));
    fake.on("Answer the question", "# The report");

    const { code, stdout } = await project.muster("run", "workflows/research.yaml", "--report", "report.json");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "# The report\n" });
    expect(project.report().steps["research"]).toMatchObject({
      status: "succeeded",
      results: [{ status: "succeeded" }, { status: "failed" }, { status: "succeeded" }],
    });
    const asked = fake.requests.find(({ text }) => text.includes("Answer the question"))?.text;
    expect(asked).toContain("## SQLite\n- (sure) SQLite is a database\n");
    expect(asked).toContain("## DynamoDB\n- (sure) DynamoDB is a database\n");
    expect(asked).toMatch(/could not be researched:\n- PostgreSQL: .*no such thing/);
    expect(asked).not.toContain("## PostgreSQL");
    expect(fake.count()).toBe(4);
  });

  story("researches all topics at once, three at a time", async ({ fake, project }) => {
    withExamples(project);
    const topics = ["A1", "A2", "A3", "A4"];
    const first = Promise.all(topics.slice(0, 3).map((topic) => fake.nextRequest(`side of it: ${topic}`)));
    const fourth = fake.nextRequest("side of it: A4");
    fake.on(
      "Answer the question",
      ({ text }) => `sections: ${[...text.matchAll(/^## (.+)$/gm)].map(([, topic]) => topic).join(" ")}`,
    );
    const run = project.start(["run", "workflows/research.yaml", "--input", `topics=${JSON.stringify(topics)}`]);

    const [one, two, three] = await first;
    expect(fake.inFlight).toBe(3);
    expect(fake.count("A4")).toBe(0);
    await two?.reply(facts("A2"));
    await (await fourth).reply(facts("A4"));
    await three?.reply(facts("A3"));
    await one?.reply(facts("A1"));
    expect((await run.ended).stdout).toBe("sections: A1 A2 A3 A4\n");
  });

  story("fails when only one side is left", async ({ fake, project }) => {
    withExamples(project);
    fake.on(/side of it: (SQLite|DynamoDB)/, {
      kind: "fail",
      status: 400,
      type: "invalid_request_error",
      message: "no",
    });
    const { code } = await project.muster("run", "workflows/research.yaml");
    expect(code).toBe(1);
    expect(fake.count("Answer the question")).toBe(0);
  });
});

describe("workflows/triage.yaml", () => {
  const ticket = "My ticket.";
  for (const [topic, instructions, model] of [
    ["fault", "reports of faults in a web application", "claude-sonnet-5-5"],
    ["bill", "questions on bills", "claude-sonnet-5-5"],
    ["question", "You explain", "claude-haiku-5-5"],
  ] as const) {
    story(`a ticket about a ${topic} goes to one specialist`, async ({ fake, project }) => {
      withExamples(project);
      fake.on("You sort support tickets", JSON.stringify({ topic, urgency: "high", summary: "It is so." }));
      fake.on("Draft the answer", `the ${topic} is answered`);

      const { code, stdout } = await project.muster(
        "run",
        "workflows/triage.yaml",
        "--input",
        `ticket=${ticket}`,
        "--report",
        "report.json",
      );
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        topic,
        urgency: "high",
        summary: "It is so.",
        answer: `the ${topic} is answered`,
      });
      const [, second] = fake.requests;
      expect(second?.text).toContain(instructions);
      expect(second?.text).toContain(`Urgency: high.\n\n<ticket>\n${ticket}\n`);
      expect(second?.body.model).toBe(model);
      expect(fake.count()).toBe(2);
      const others = ["fault", "bill", "question"].filter((other) => other !== topic);
      expect(others.map((other) => project.report().steps[other]?.status)).toEqual(["skipped", "skipped"]);
    });
  }
});

import { readdirSync } from "node:fs";
import { describe, expect } from "vitest";
import { parse } from "yaml";
import { story } from "../rig/muster/e2e.ts";

const namesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .flatMap((file) => (file.endsWith(".yaml") && !file.endsWith(".test.yaml") ? [file.slice(0, -".yaml".length)] : []))
    .sort();

/** A step of a job. */
interface CiStep {
  readonly uses?: string;
  readonly run?: string;
}

describe("muster init", () => {
  story("lists the templates, the smallest first, each with what it does", async ({ project }) => {
    const { code, stdout } = await project.muster("init");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Workflows\n {2}hello {14}A program looks around, and an agent greets you with what it found\n/,
    );
    expect(stdout).toContain("\nPatterns\n  agent-pool         Tickets for a pool");
    const { stdout: json } = await project.muster("init", "--json");
    const listed = (JSON.parse(json) as { name: string; description: string }[]).map(({ name, description }) => [
      name,
      description !== "",
    ]);
    expect(listed).toEqual(
      ["hello", ...namesIn("workflows").filter((name) => name !== "hello"), ...namesIn("workflows/patterns")].map(
        (name) => [name, true],
      ),
    );
  });

  story("hello runs, and greets", async ({ fake, project }) => {
    await project.muster("init", "hello");
    fake.on("Greet Ada", ({ text }) => (text.includes("workflows/") ? "Hello Ada" : "Who is there?"));
    expect(await project.muster("run", "workflows/hello.yaml", "--input", "name=Ada")).toMatchObject({
      code: 0,
      stdout: "Hello Ada\n",
    });
  });

  story("leads an editor to the schema: the installed one, else the published one", async ({ project }) => {
    await project.muster("init", "hello");
    expect(project.read("workflows/hello.yaml")).toMatch(
      /^# yaml-language-server: \$schema=https:\/\/unpkg\.com\/agentmuster@\d+\.\d+\.\d+\/schemas\/workflow\.v1\.json\n/,
    );
    project.write("node_modules/agentmuster/schemas/workflow.v1.json", "{}");
    await project.muster("init", "triage");
    expect(project.read("workflows/triage.yaml")).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/node_modules\/agentmuster\/schemas\/workflow\.v1\.json\n/,
    );
  });

  story("lets templates share what they include", async ({ project }) => {
    expect((await project.muster("init", "map-reduce")).stdout).toContain("wrote workflows/prompts/house-style.md\n");
    const second = await project.muster("init", "launch");
    expect([second.code, second.stdout.includes("house-style")]).toEqual([0, false]);
    project.write("workflows/prompts/house-style.md", "mine");
    expect((await project.muster("init", "content-pipeline")).stderr).toContain(
      "workflows/prompts/house-style.md is there already",
    );
    expect(project.has("workflows/content-pipeline.yaml")).toBe(false);
  });

  story("writes jobs for CI once, which keep the state after a failure too", async ({ project }) => {
    expect((await project.muster("init", "hello")).stdout).toContain("wrote .github/workflows/muster.yaml\n");
    const text = project.read(".github/workflows/muster.yaml");
    const { jobs } = parse(text) as { jobs: { [name: string]: { steps: CiStep[] } } };
    const upload = jobs["run"]?.steps.find(({ uses }) => uses?.startsWith("actions/upload-artifact@"));
    expect(upload).toMatchObject({ if: "always()", with: { path: ".muster", "include-hidden-files": true } });
    // Nothing that somebody types becomes part of a script.
    const scripts = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run }) => run ?? ""));
    expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
    for (const script of scripts.filter((each) => each.startsWith("muster "))) {
      const flags = [...script.matchAll(/ (--[a-z-]+)/g)].map(([, flag]) => flag);
      const help = (await project.muster(script.split(" ")[1] ?? "", "--help")).stdout;
      for (const flag of flags) expect(help).toContain(flag);
    }
    project.write(".github/workflows/muster.yaml", "mine");
    project.write("muster-policy.yaml", "muster_policy: 1\n");
    expect((await project.muster("init", "triage")).code).toBe(0);
    expect(project.read(".github/workflows/muster.yaml")).toBe("mine");
    expect(project.read("muster-policy.yaml")).toBe("muster_policy: 1\n");
  });

  story("never writes over a file, and then writes nothing at all", async ({ project }) => {
    project.write("workflows/review/example.diff", "mine");
    const ended = await project.muster("init", "review");
    expect(ended).toMatchObject({
      code: 2,
      stdout: "",
      stderr: "muster: nothing was written: workflows/review/example.diff is there already; move it away first\n",
    });
    expect([project.read("workflows/review/example.diff"), project.has("workflows/review.yaml")]).toEqual([
      "mine",
      false,
    ]);
  });

  story("knows what was meant", async ({ project }) => {
    expect(await project.muster("init", "reveiw")).toMatchObject({
      code: 2,
      stderr: "muster: there is no template 'reveiw'; did you mean 'review'? 'muster init' lists them\n",
    });
  });
});

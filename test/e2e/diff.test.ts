import { execFileSync } from "node:child_process";
import { renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const FLOW = `muster: 1
name: flow
agents: { writer: { model: anthropic/claude-haiku-5-5, instructions: "You are {{> tone}}." } }
limits: { timeout: 10m }
steps:
  draft: { agent: writer, task: Draft }
  send: { uses: ./send.yaml, with: { text: "\${{ steps.draft.output }}" } }
`;

const SEND = `muster: 1
name: send
inputs: { text: { type: string } }
steps:
  out: { run: cat, stdin: "{{ inputs.text }}" }
outputs: { out: "\${{ steps.out.output }}" }
`;

const git = (project: Project, ...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.com", ...args], {
    cwd: project.folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

function repository(project: Project): void {
  project.write("workflows/flow.yaml", FLOW);
  project.write("workflows/send.yaml", SEND);
  project.write("workflows/prompts/tone.md", "kind\n");
  git(project, "init", "-q", "-b", "main");
  git(project, "add", ".");
  git(project, "commit", "-qm", "first");
}

describe("muster diff", () => {
  story("sees through partials and sub-workflows, in the working tree and between revisions", async ({ project }) => {
    repository(project);
    const same = await project.muster("diff", "main");
    expect(same).toMatchObject({ code: 0, stdout: "", stderr: "no change of meaning in 2 workflows\n" });

    project.write("workflows/prompts/tone.md", "cruel\n");
    project.edit("workflows/send.yaml", "run: cat", "run: cat, env: { A: b }, timeout: 20m");
    project.edit("workflows/flow.yaml", "limits: { timeout: 10m }", "# only a comment\nlimits: { timeout: 10m }");
    const changed = await project.muster("diff", "main", "--json");
    expect(changed.code).toBe(0);
    expect(JSON.parse(changed.stdout)).toMatchObject({
      version: 1,
      base: "main",
      head: null,
      workflows: [
        {
          path: "workflows/flow.yaml",
          workflow: [],
          agents: [{ name: "writer", fields: [{ field: "instructions", after: "You are cruel." }] }],
          steps: [{ name: "send/out", fields: [{ field: "timeout", direction: "widened" }, { field: "env.A" }] }],
          reuse: { kept: [], again: ["draft", "send/out"] },
        },
        { path: "workflows/send.yaml", steps: [{ name: "out" }] },
      ],
    });

    git(project, "commit", "-qam", "second");
    const between = await project.muster("diff", "main~1", "main", "--fail-on", "widened", "--format", "markdown");
    expect(between.code).toBe(3);
    expect(between.stdout).toContain("**Muster: 2 workflows changed, 2 widened.**");
    expect(between.stderr).toContain("--fail-on: workflows/flow.yaml: widened: step send/out, timeout: 10m -> 20m\n");
  });

  story("a workflow that is new, one that is gone, and one that is not valid any more", async ({ project }) => {
    repository(project);
    project.write("workflows/new.yaml", SEND.replace("name: send", "name: new"));
    git(project, "rm", "-q", "workflows/flow.yaml");
    project.write("workflows/send.yaml", SEND.replace("inputs.text", "inputs.txt"));
    const { code, stdout, stderr } = await project.muster("diff", "main");
    expect(code).toBe(3);
    expect(stdout).toContain("workflows/new.yaml: new, with 1 step");
    expect(stdout).toContain("workflows/flow.yaml: removed, with 3 steps");
    expect(stderr).toContain("workflows/send.yaml:5:31 error WF4004");

    git(project, "checkout", "-q", "HEAD", "--", ".");
    project.write("workflows/new.yaml", "muster: 1\nname: new\nsteps: { a: { runn: [x] } }\n");
    const comment = await project.muster("diff", "main", "--format", "markdown");
    expect(comment.code).toBe(3);
    expect(comment.stdout).not.toContain("no workflow changed");
    expect(comment.stdout).toContain(
      "- :x: `workflows/new.yaml`\n  - `workflows/new.yaml:3:15` WF2001: unknown key 'runn'",
    );
    const json = JSON.parse((await project.muster("diff", "main", "--json")).stdout) as { invalid: object[] };
    expect(json.invalid).toMatchObject([
      { path: "workflows/new.yaml", diagnostics: [{ file: "workflows/new.yaml", line: 3, code: "WF2001" }] },
    ]);

    git(project, "add", ".");
    git(project, "commit", "-qm", "not valid");
    git(project, "rm", "-q", "workflows/new.yaml");
    const gone = await project.muster("diff", "main", "--format", "markdown");
    expect([gone.code, gone.stdout]).toEqual([0, expect.stringContaining("1 workflow not valid before")]);
  });

  story("rules of the policy that are not kept are told in every format", async ({ project }) => {
    repository(project);
    project.edit("workflows/flow.yaml", "timeout: 10m", "timeout: 50m");
    project.write("muster-policy.yaml", "muster_policy: 1\nrules: { no: { require: 'false', message: never } }\n");
    const { code, stdout, stderr } = await project.muster("diff", "main", "--json");
    expect([code, stderr]).toEqual([3, "policy error: workflows/flow.yaml: no: never\n"]);
    const path = "workflows/flow.yaml";
    expect(JSON.parse(stdout)).toMatchObject({
      policy: [{ path, step: null, rule: "no", severity: "error", message: "never" }],
    });
    const comment = (await project.muster("diff", "main", "--format", "markdown")).stdout;
    expect(comment).toMatch(
      /^\*\*Muster: the policy refuses it \(1 rule not kept\); 1 workflow changed, 1 widened\.\*\*\n/,
    );
    expect(comment).toContain("- :x: `workflows/flow.yaml`: no: never\n");
  });

  story("a branch that left long ago is compared with where it left", async ({ project }) => {
    repository(project);
    git(project, "checkout", "-qb", "side");
    git(project, "checkout", "-q", "main");
    project.edit("workflows/flow.yaml", "task: Draft", "task: Draft on main");
    git(project, "commit", "-qam", "main goes on");
    git(project, "checkout", "-q", "side");
    expect((await project.muster("diff", "main...side")).stdout).toBe("");
    expect((await project.muster("diff", "main")).stdout).toContain("task  Draft on main -> Draft");
  });

  story("tells of who vouches for people, and of whom more is taken", async ({ project }) => {
    repository(project);
    const policy = (claims: string, more = ""): string =>
      `muster_policy: 1\nissuers:\n  - { issuer: https://gitlab.com, claims: { ${claims} } }\n${more}`;
    project.write("muster-policy.yaml", policy("project_path: a/b, ref: main"));
    git(project, "add", ".");
    git(project, "commit", "-qm", "policy");
    project.write("muster-policy.yaml", policy("ref: main, project_path: a/b"));
    expect(await project.muster("diff", "main")).toMatchObject({ code: 0, stdout: "" });
    project.write(
      "muster-policy.yaml",
      policy("project_path: [a/b, evil/b]", "  - { issuer: https://evil.example }\n"),
    );
    const wider = await project.muster("diff", "main", "--fail-on", "widened", "--format", "markdown");
    expect(wider.code).toBe(3);
    expect(wider.stderr.match(/^--fail-on: .*/gm)).toEqual([
      "--fail-on: muster-policy.yaml: widened: issuers, https://gitlab.com claims.project_path: +evil/b",
      "--fail-on: muster-policy.yaml: widened: issuers, https://gitlab.com claims.ref: -main",
      expect.stringContaining("--fail-on: muster-policy.yaml: widened: issuers, https://evil.example") as string,
    ]);
    expect(wider.stdout).toMatch(/^\*\*Muster: 1 workflow changed, 3 widened/);
    expect(wider.stdout).toContain("| workflow | `https://gitlab.com claims.project_path` | `+evil/b` |");
  });

  story("a workflow that was moved is held against what it was", async ({ project }) => {
    repository(project);
    git(project, "mv", "workflows/flow.yaml", "workflows/moved.yaml");
    expect(await project.muster("diff", "main", "--fail-on", "widened")).toMatchObject({
      code: 0,
      stdout: "",
      stderr: expect.stringMatching(
        /^workflows\/moved\.yaml was workflows\/flow\.yaml\nno change of meaning in /,
      ) as unknown,
    });
    project.edit("workflows/moved.yaml", "timeout: 10m", "timeout: 50m");
    const wider = await project.muster("diff", "main", "--fail-on", "widened", "--json");
    expect(wider.code).toBe(3);
    expect(wider.stderr).toContain("--fail-on: workflows/moved.yaml: widened: limits.timeout: 10m -> 50m");
    const { workflows } = JSON.parse(wider.stdout) as { workflows: object[] };
    expect(workflows).toMatchObject([{ path: "workflows/moved.yaml", moved_from: "workflows/flow.yaml" }]);
  });

  story("a manifest is found however it is spelled and named, and through links", async ({ project }) => {
    repository(project);
    const file = (name: string): string => join(project.folder, "workflows", name);
    const wider = FLOW.replace("timeout: 10m", "timeout: 50m");
    const said = "--fail-on: workflows/flow.yaml: widened: limits.timeout: 10m -> 50m";
    for (const text of [`\uFEFF${wider}`, wider.replace("muster: 1", "? muster\n: 1")]) {
      project.write("workflows/flow.yaml", text);
      const found = await project.muster("diff", "main", "--fail-on", "widened");
      expect([found.code, found.stderr]).toEqual([3, expect.stringContaining(said)]);
      expect((await project.muster("validate")).stderr).toBe("2 workflows valid\n");
    }
    renameSync(file("flow.yaml"), file("flow.YML"));
    expect((await project.muster("diff", "main", "--fail-on", "widened")).stderr).toContain(
      "limits.timeout: 10m -> 50m",
    );
    rmSync(file("flow.YML"));

    // What lies behind a link is read beside where it lies: in the working tree, and in a commit.
    project.write("lib/flow.yaml", wider);
    project.write("lib/send.yaml", SEND);
    project.write("lib/prompts/tone.md", "kind\n");
    symlinkSync("../lib/flow.yaml", file("flow.yaml"));
    expect((await project.muster("validate")).stderr).toBe("2 workflows valid\n");
    git(project, "add", ".");
    git(project, "commit", "-qm", "link");
    for (const head of [[], ["HEAD"]]) {
      const linked = await project.muster("diff", "main~1", ...head, "--fail-on", "widened");
      expect([linked.code, linked.stdout, linked.stderr]).toEqual([
        3,
        expect.not.stringContaining("removed"),
        expect.stringContaining(said),
      ]);
    }

    rmSync(file("flow.yaml"));
    symlinkSync("../../elsewhere/flow.yaml", file("flow.yaml"));
    git(project, "commit", "-qam", "astray");
    for (const args of [["validate"], ["diff", "main~1"], ["diff", "main~2", "HEAD"]]) {
      const astray = await project.muster(...args);
      expect([args, astray.code, astray.stderr]).toEqual([
        args,
        2,
        expect.stringContaining("workflows/flow.yaml is a link that leads out of the repository or nowhere"),
      ]);
    }
  });

  story("a shallow clone says what to fetch; nonsense says so", async ({ project, fake }) => {
    repository(project);
    project.edit("workflows/flow.yaml", "task: Draft", "task: Draft again");
    git(project, "commit", "-qam", "second");
    const clone = project.sibling(fake.url);
    execFileSync("git", ["clone", "-q", "--depth=1", `file://${project.folder}`, clone.folder], { stdio: "ignore" });
    const shallow = await clone.muster("diff", "HEAD~1");
    git(project, "branch", "old", "HEAD~1");
    const unknown = await clone.muster("diff", "old");
    const [, advice = ""] = /fetch it with 'git ([^']*)'/.exec(unknown.stderr) ?? [];
    git(clone, ...advice.split(" "));
    const followed = await clone.muster("diff", "old");
    expect([unknown.code, followed.code, followed.stdout]).toEqual([2, 0, expect.stringContaining("task  Draft -> ")]);
    const apart = await clone.muster("diff", "old...HEAD");
    expect([apart.code, apart.stderr]).toEqual([2, expect.stringContaining("git fetch --unshallow origin")]);
    git(clone, "fetch", "--unshallow", "origin");
    expect((await clone.muster("diff", "old...HEAD")).stdout).toBe(followed.stdout);
    await clone.close();
    expect(shallow.code).toBe(2);
    expect(shallow.stderr).toContain("this is a shallow clone: fetch it with 'git fetch --unshallow origin'");
    expect(shallow.stderr).toContain("fetch-depth: 0");
    expect(await project.muster("diff", "--", "--output=/tmp/x")).toMatchObject({ code: 2 });
    expect((await project.muster("diff", "main", "--fail-on", "cost:20")).stderr).toContain("'cost:20' is none of");
    expect(await project.muster("diff", "main", "--path", "..")).toMatchObject({ code: 2 });
  });
});

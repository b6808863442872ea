import { readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";
import { RemoteRepository } from "../rig/remote-repository.ts";

const review = `muster: 1
name: review
inputs: { text: { type: string } }
agents: { critic: { model: anthropic/claude-haiku-5-5, instructions: "{{> tone}}" } }
steps:
  judge: { agent: critic, task: 'Judge {{ inputs.text }} by {{ file "rules.md" }}' }
  score: { uses: ../shared/score.yaml, with: { text: "\${{ steps.judge.output }}" } }
outputs: { verdict: "\${{ steps.judge.output }}", size: "\${{ steps.score.output.size }}" }
`;

const score = `muster: 1
name: score
inputs: { text: { type: string } }
steps: { count: { value: "\${{ size(inputs.text) }}" } }
outputs: { size: "\${{ steps.count.output }}" }
`;

const files = {
  "flows/review.yaml": review,
  "flows/prompts/tone.md": "You are kind.\n",
  "flows/rules.md": "the book",
  "shared/score.yaml": score,
  "README.md": "nobody reads this",
};

/** A project with a workflow that uses one of another repository. */
function projectWith(project: Project, uses: string): void {
  project.write(
    "w.yaml",
    `muster: 1
name: w
steps:
  other: { uses: ${uses}, with: { text: the plan } }
outputs: { verdict: "\${{ steps.other.output.verdict }}", size: "\${{ steps.other.output.size }}" }
`,
  );
}

const lockOf = (project: Project) =>
  (JSON.parse(project.read("muster.lock")) as { repositories: { [name: string]: { [path: string]: string } } })
    .repositories;

const cacheOf = (project: Project) => join(project.folder, ".muster/cache/git");

describe("a workflow of another repository", () => {
  story(
    "is validated, locked with all that it names, planned and run, also without a network",
    async ({ fake, project }) => {
      const remote = new RemoteRepository(project, "acme/flows");
      const commit = remote.commit(files);
      projectWith(project, remote.at("flows/review.yaml", commit));

      // Nothing that nobody agreed to is run, or even fetched.
      const early = await project.muster("run", "w.yaml");
      expect([early.code, early.stderr]).toEqual([
        3,
        expect.stringContaining(`acme/flows@${commit} is not in muster.lock`),
      ]);
      expect(project.has(".muster/cache")).toBe(false);

      const validated = await project.muster("validate", "w.yaml");
      expect(validated).toMatchObject({
        code: 0,
        stderr: "fetching acme/flows\nmuster.lock has new entries: commit it\n1 workflow valid\n",
      });
      expect(Object.keys(lockOf(project)[`acme/flows@${commit}`] ?? {})).toEqual([
        "flows/prompts/tone.md",
        "flows/review.yaml",
        "flows/rules.md",
        "shared/score.yaml",
      ]);

      renameSync(join(project.folder, "remotes"), join(project.folder, "gone"));
      const planned = await project.muster("plan", "w.yaml", "--locked");
      expect([planned.code, planned.stdout]).toEqual([
        0,
        expect.stringContaining(`uses acme/flows/flows/review.yaml@${commit.slice(0, 12)}`),
      ]);
      const ran = await project.muster("run", "w.yaml", "--report", "report.json");
      expect(ran.code).toBe(0);
      const [request] = fake.requests;
      expect(request?.body).toMatchObject({
        system: [{ text: "You are kind." }],
        messages: [{ content: "Judge the plan by the book" }],
      });
      expect(project.report().outputs).toEqual({
        verdict: expect.any(String) as string,
        size: expect.any(Number) as number,
      });
    },
  );

  story("with the same content at another commit keeps what was paid for", async ({ fake, project }) => {
    const remote = new RemoteRepository(project, "acme/flows");
    projectWith(project, remote.at("flows/review.yaml", remote.commit(files)));
    project.edit("w.yaml", "outputs:", "  check: { run: 'exit 1', needs: other }\noutputs:");
    await project.muster("validate", "w.yaml");
    expect((await project.muster("run", "w.yaml", "--run-id", "r")).code).toBe(1);
    expect(fake.requests).toHaveLength(1);

    const after = remote.commit({ "README.md": "nobody reads this either" });
    project.edit("w.yaml", /@([0-9a-f]{40})/.exec(project.read("w.yaml"))?.[1] ?? "", after);
    project.edit("w.yaml", "exit 1", "exit 0");
    await project.muster("validate", "w.yaml");
    const resumed = await project.muster("resume", "r");
    expect(resumed.code).toBe(0);
    expect(fake.requests).toHaveLength(1);
    expect(Object.keys(lockOf(project))).toHaveLength(2);
  });

  story("uses one of a third repository, which is locked as well", async ({ project }) => {
    const inner = new RemoteRepository(project, "tools/score");
    const commit = inner.commit({ "score.yaml": score });
    const remote = new RemoteRepository(project, "acme/flows");
    const uses = remote.at(
      "flows/review.yaml",
      remote.commit({
        ...files,
        "flows/review.yaml": review.replace("../shared/score.yaml", inner.at("score.yaml", commit)),
      }),
    );
    projectWith(project, uses);
    expect((await project.muster("validate", "w.yaml")).code).toBe(0);
    expect(lockOf(project)).toMatchObject({
      [`tools/score@${commit}`]: { "score.yaml": expect.any(String) as string },
    });
    expect((await project.muster("run", "w.yaml")).code).toBe(0);
  });

  story("is refused when it is not what the lock says", async ({ fake, project }) => {
    const remote = new RemoteRepository(project, "acme/flows");
    const commit = remote.commit(files);
    projectWith(project, remote.at("flows/review.yaml", commit));
    await project.muster("validate", "w.yaml");
    const digest = lockOf(project)[`acme/flows@${commit}`]?.["flows/rules.md"] ?? "";
    project.edit("muster.lock", digest, "0".repeat(64));
    for (const command of ["validate", "plan", "run"]) {
      const refused = await project.muster(command, "w.yaml");
      expect([refused.code, refused.stdout + refused.stderr]).toEqual([
        3,
        expect.stringContaining("error WF8011: flows/rules.md of acme/flows@"),
      ]);
    }
    project.write("muster.lock", "<<<<<<< ours\n{}\n");
    expect((await project.muster("validate", "w.yaml")).stdout).toContain(
      "WF8012: muster.lock has an unresolved merge conflict",
    );
    expect(project.read("muster.lock")).toBe("<<<<<<< ours\n{}\n");
    expect(fake.requests).toHaveLength(0);
  });

  story("that is new is refused in CI and with --locked, and nothing is written", async ({ project }) => {
    const remote = new RemoteRepository(project, "acme/flows");
    projectWith(project, remote.at("flows/review.yaml", remote.commit(files)));
    for (const [args, env] of [
      [["--locked"], {}],
      [[], { CI: "true" }],
    ] as const) {
      const refused = await project.start(["validate", "w.yaml", ...args], env).ended;
      expect([refused.code, refused.stdout]).toEqual([3, expect.stringContaining("WF8012")]);
    }
    expect(project.has("muster.lock")).toBe(false);
  });

  story(
    "that cannot be fetched is exit code 2, and says what git said, without the key in the address",
    async ({ project }) => {
      const remote = new RemoteRepository(project, "acme/flows");
      projectWith(project, remote.at("flows/review.yaml", remote.commit(files)));
      remote.reach("http://user:sesame-opens@127.0.0.1:9/");
      const refused = await project.muster("validate", "w.yaml");
      expect([refused.code, refused.stdout]).toEqual([
        2,
        expect.stringContaining("error WF3040: acme/flows cannot be fetched at "),
      ]);
      expect(refused.stdout + refused.stderr).not.toContain("sesame");
      const planned = await project.muster("plan", "w.yaml");
      expect([planned.code, planned.stderr]).toEqual([2, expect.stringContaining("w.yaml could not be checked")]);
      expect(readdirSync(join(cacheOf(project), "acme/flows"))).toEqual([]);
    },
  );

  story("is found at a server that gives away the ends of branches only", async ({ project }) => {
    const remote = new RemoteRepository(project, "acme/flows");
    const commit = remote.commit(files);
    remote.commit({ "README.md": "a newer one" });
    project.write(".gitconfig", `${project.read(".gitconfig")}[protocol]\n  version = 0\n`);
    projectWith(project, remote.at("flows/review.yaml", commit));
    expect((await project.muster("validate", "w.yaml")).code).toBe(0);
  });

  story("cannot reach out of its repository, nor make git run a program", async ({ project }) => {
    const remote = new RemoteRepository(project, "acme/flows");
    const hostile = remote.commit({
      "out.yaml": score.replace("steps: {", "steps: { x: { uses: ../../../w.yaml },"),
      "link.yaml": "-> /etc/passwd",
      "lfs.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
      ".gitattributes": "*.yaml filter=evil\n",
      "folder/x.yaml": score,
    });
    project.write(
      ".gitconfig",
      `${project.read(".gitconfig")}[filter "evil"]\n  smudge = touch ${project.folder}/smudged\n`,
    );
    const say = async (path: string): Promise<string> => {
      projectWith(project, remote.at(path, hostile));
      return (await project.muster("validate", "w.yaml")).stdout;
    };
    expect(await say("out.yaml")).toContain("the workflow '../../../w.yaml' is outside of the repository");
    expect(await say("link.yaml")).toContain("is a link, which is not followed in another repository");
    expect(await say("lfs.yaml")).toContain("is kept with Git LFS, which is not fetched");
    expect(await say("folder")).toContain("is no file");
    expect(await say("nowhere.yaml")).toContain(`is not there at commit ${hostile.slice(0, 12)}`);
    expect(project.has("smudged")).toBe(false);
    expect(project.has("muster.lock")).toBe(false);
  });

  story("is fetched anew when its copy is damaged and taken away", async ({ project }) => {
    const remote = new RemoteRepository(project, "acme/flows");
    projectWith(project, remote.at("flows/review.yaml", remote.commit(files)));
    await project.muster("validate", "w.yaml");
    const packs = project.files().filter(({ path }) => path.startsWith(".muster/cache/") && path.endsWith(".pack"));
    for (const { path } of packs) {
      rmSync(join(project.folder, path));
      project.write(path, "garbage");
    }
    const broken = await project.muster("plan", "w.yaml");
    expect([broken.code, broken.stderr]).toEqual([3, expect.stringContaining("delete that folder to fetch it anew")]);
    rmSync(cacheOf(project), { recursive: true });
    expect((await project.muster("plan", "w.yaml")).code).toBe(0);
  });
});

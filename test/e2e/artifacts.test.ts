import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { environmentOf, startFakeS3 } from "../rig/fake-s3/fake-s3.ts";
import { story } from "../rig/muster/e2e.ts";

const PIPELINE = `muster: 1
name: pipeline
steps:
  make:
    run: mkdir -p out && echo one > out/a.txt && echo two > out/b.txt && echo made >> log.txt
    writes: out
  check:
    workspace: isolated
    run: cat out/a.txt out/b.txt && ls
    reads: out/*.txt
  told:
    run: [cat]
    stdin: '{{ artifact "out/b.txt" }}'
  names:
    value: \${{ steps.make.artifacts["out/a.txt"] }}
  said:
    run: [printf, "%s", '{{ artifact "out/a.txt" }}']
outputs:
  said: \${{ steps.said.output }}
  checked: \${{ steps.check.output }}
  told: \${{ steps.told.output }}
  a: \${{ steps.names.output }}
`;

describe("artifacts", () => {
  story("go from the step that writes them to those that read them", async ({ project }) => {
    project.write("workflows/p.yaml", PIPELINE);
    const { code, stderr } = await project.muster("run", "workflows/p.yaml", "--report", "report.json");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const report = project.report();
    expect(report.outputs).toEqual({
      checked: "one\ntwo\nout",
      told: "two",
      said: "one",
      a: { path: "out/a.txt", bytes: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), url: null },
    });
  });

  story("that were promised and are not there fail the step, as do links and secrets", async ({ project }) => {
    project.write(
      "workflows/p.yaml",
      `muster: 1
name: missing
secrets: [TOKEN]
steps:
  none: { run: "true", writes: out/none.txt, on_error: continue }
  link: { run: "ln -s /etc/passwd link.txt", writes: link.txt, on_error: continue }
  told: { run: 'echo "$T" > told.txt', env: { T: "\${{ secrets.TOKEN }}" }, writes: told.txt, on_error: continue }
  glob: { run: "true", writes: "nothing/*.txt" }
`,
    );
    project.env["TOKEN"] = "a-secret-value-1";
    expect(await project.muster("run", "workflows/p.yaml", "--report", "report.json")).toMatchObject({ code: 0 });
    const { steps } = project.report();
    expect(steps["none"]?.error).toMatchObject({ class: "output", code: "missing_file" });
    expect(steps["link"]?.error).toMatchObject({ class: "output", code: "artifact_refused" });
    expect(steps["told"]?.error).toMatchObject({ class: "output", code: "secret_in_artifact" });
    expect(steps["told"]?.error?.message).toContain("'told.txt' of 'told' holds the secret TOKEN");
    expect(steps["glob"]).toMatchObject({ status: "succeeded" });
    const kept = project.files().filter(({ path }) => path.startsWith(".muster/"));
    expect(kept.filter(({ bytes }) => bytes.includes("a-secret-value-1"))).toEqual([]);
  });

  for (const at of [2, 3, 4, 5, 6]) {
    story(`are put back by a resume, and not made again: a crash before commit ${at}`, async ({ project }) => {
      project.write("workflows/p.yaml", PIPELINE.replaceAll("    run:", "    idempotent: true\n    run:"));
      const preload = join(import.meta.dirname, "../rig/muster/crash-at-commit.ts");
      const crashed = await project.start(["run", "workflows/p.yaml", "--run-id", "R"], {
        NODE_OPTIONS: `--disable-warning=ExperimentalWarning --experimental-strip-types --import ${preload}`,
        CRASH_AT: String(at),
        CRASH_WHEN: "before",
      }).ended;
      expect(crashed.signal).toBe("SIGKILL");
      const isNamed = project.inStore((store) =>
        [...store.readFacts("R")].some(({ key, state }) => key.startsWith("make/") && state === "succeeded"),
      );
      rmSync(join(project.folder, "out"), { recursive: true, force: true });
      expect(await project.muster("resume", "R", "--report", "report.json")).toMatchObject({ code: 0 });
      expect(project.report().outputs).toMatchObject({ checked: "one\ntwo\nout", told: "two", a: { bytes: 4 } });
      expect(project.read("out/a.txt")).toBe("one\n");
      if (isNamed) expect(project.read("log.txt")).toBe("made\n");
    });
  }

  story("go to a store and come back from it where the run's folder did not come along", async ({ project }) => {
    const store = await startFakeS3();
    try {
      project.write(
        "workflows/p.yaml",
        `muster: 1
name: large
artifacts: { store: s3://bucket/prefix }
steps:
  make:
    run: head -c 2000000 /dev/zero > large.bin && echo small > small.txt
    writes: [large.bin, small.txt]
  check:
    run: test -f ready && wc -c < large.bin
    reads: large.bin
outputs:
  url: \${{ steps.make.artifacts["large.bin"].url }}
  bytes: \${{ steps.check.output }}
`,
      );
      expect(await project.muster("run", "workflows/p.yaml")).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("AWS_ACCESS_KEY_ID is not set"),
      });
      Object.assign(project.env, environmentOf(store));
      expect(await project.muster("run", "workflows/p.yaml", "--run-id", "R")).toMatchObject({ code: 1 });
      expect(store.objects.size).toBe(1);
      // Another machine: the state came along, the large content did not.
      const [key = ""] = store.objects.keys();
      const sha256 = key.split("/").at(-1) ?? "";
      rmSync(join(project.folder, ".muster/runs/R/artifacts", sha256.slice(0, 2), sha256.slice(2)));
      rmSync(join(project.folder, "large.bin"));
      project.write("ready", "");
      expect(await project.muster("resume", "R", "--report", "report.json")).toMatchObject({ code: 0 });
      expect(project.report().outputs).toEqual({ url: `s3://${key}`, bytes: "2000000" });
      expect(store.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(1);
      const secret = environmentOf(store)["AWS_SECRET_ACCESS_KEY"] ?? "";
      expect(project.files().filter(({ bytes }) => bytes.includes(secret))).toEqual([]);
    } finally {
      await store.close();
    }
  });

  story("are made up by a simulated run, which touches nothing", async ({ project }) => {
    project.write("workflows/p.yaml", PIPELINE.replace("writes: out\n", "writes: [out/a.txt, out/b.txt, more]\n"));
    expect(await project.muster("run", "workflows/p.yaml", "--simulate", "--report", "report.json")).toMatchObject({
      code: 0,
    });
    expect(project.report().steps["make"]).toMatchObject({
      artifacts: [{ path: "out/a.txt", bytes: 0, url: null }, { path: "out/b.txt" }, { path: "more" }],
    });
    expect(project.has("out")).toBe(false);
    expect(project.has("log.txt")).toBe(false);
  });
});

describe("workspaces", () => {
  story("worktree: without a commit, or without a repository, the failure says so", async ({ project }) => {
    project.write("flow.yaml", "muster: 1\nname: trees\nsteps:\n  a: { workspace: worktree, run: pwd }\n");
    const failureOf = async (): Promise<unknown> => {
      expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(1);
      return project.report().steps["a"]?.error;
    };
    const help = expect.stringContaining("commit something first, or write `workspace: isolated`");
    expect(await failureOf()).toMatchObject({
      class: "invalid",
      message: "'a' works in a worktree, and this folder is not in a git repository",
      help,
    });
    execFileSync("git", ["init", "--quiet"], { cwd: project.folder });
    expect(await failureOf()).toMatchObject({
      class: "invalid",
      message: "'a' works in a worktree, and this repository has no commit yet",
      help,
    });
  });

  story("worktree: units work in trees of their own, and their changes are on branches", async ({ project }) => {
    const git = (...args: string[]): string =>
      execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.com", ...args], {
        cwd: project.folder,
        encoding: "utf8",
      });
    git("init", "--quiet", "--initial-branch", "main");
    project.write("a.txt", "as it was\n");
    git("add", "a.txt");
    git("commit", "--quiet", "--message", "first");
    project.write(
      "workflows/p.yaml",
      `muster: 1
name: trees
workspace: worktree
steps:
  fix:
    for_each: [x, y]
    run: [sh, -c, 'echo "$1" >> a.txt', sh, "{{ item }}"]
  look: { run: cat a.txt }
  broken: { run: "echo half > b.txt; exit 1", on_error: continue }
  folder: { workspace: { path: made/here }, run: pwd }
outputs:
  folder: \${{ steps.folder.output }}
  none: \${{ steps.look.branch }}
  broken: \${{ steps.broken.branch }}
`,
    );
    const { code, stderr } = await project.muster(
      "run",
      "workflows/p.yaml",
      "--run-id",
      "R",
      "--report",
      "report.json",
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { outputs } = project.report();
    expect(outputs).toMatchObject({ none: null, broken: "muster/R/broken" });
    expect(outputs?.["folder"]).toMatch(/\/made\/here$/);
    expect(project.read("a.txt")).toBe("as it was\n");
    expect(git("show", "muster/R/fix-0:a.txt")).toBe("as it was\nx\n");
    expect(git("show", "muster/R/fix-1:a.txt")).toBe("as it was\ny\n");
    expect(git("show", "muster/R/broken:b.txt")).toBe("half\n");
    expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
    expect(git("branch", "--list", "muster/*").trim().split("\n")).toHaveLength(3);
  });
});

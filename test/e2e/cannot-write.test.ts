import { existsSync } from "node:fs";
import { describe, expect, inject } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import { shell } from "../rig/muster/shell.ts";

const flow = (script: string): string => `
muster: 1
name: writes
steps:
  say: { run: "${script}" }
outputs: { said: "\${{ steps.say.output }}" }
`;

describe("where nothing can be written", () => {
  story.for([
    ["no/r.json", /^muster: --report no\/r\.json: there is no folder .*\/no\n$/],
    ["/", /^muster: --report \/: it is a folder; name a file in it, e\.g\. \/report\.json\n$/],
  ] as const)("--report %s is refused before anything runs", async ([path, message], { project }) => {
    project.write("flow.yaml", flow("touch ran"));
    const ended = await project.muster("run", "flow.yaml", "--report", path);
    expect(ended).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) as unknown });
    expect(project.has("ran")).toBe(false);
  });

  story("a report that can no longer be written takes nothing from what is shown", async ({ project }) => {
    project.write("flow.yaml", flow("mkdir report.json; echo paid"));
    const ended = await project.muster("run", "flow.yaml", "--run-id", "r", "--report", "report.json");
    expect(ended).toMatchObject({ code: 2, stdout: "paid\n" });
    expect(ended.stderr).toMatch(/succeeded in [^]*cannot write the report to report\.json: .*'muster show r --json'/);
  });

  story("a project that cannot hold its state is named, with the way out", async ({ project }) => {
    project.write("flow.yaml", flow("echo hi"));
    project.write(".muster", "not a folder");
    const ended = await project.muster("run", "flow.yaml");
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(/^muster: cannot make .*\.muster, where runs are kept: .*--state PATH\n$/);
  });

  story("a full disk behind stdout is told without a trace, and ends no run", async ({ project }) => {
    if (!existsSync("/dev/full")) return;
    project.write("flow.yaml", flow("echo said"));
    const script = `
      for command in --version --help 'validate flow.yaml --json' 'plan flow.yaml' 'graph flow.yaml' 'run flow.yaml --run-id r'; do
        muster $command > /dev/full 2> told; echo "$? $(tail -n 1 told)"
      done
      muster run flow.yaml --run-id quiet 2> /dev/full; echo $?
      muster --help | true; echo "\${PIPESTATUS[0]}"`;
    const told = "1 muster: what it printed could not be written to stdout: ENOSPC: no space left on device, write\n";
    expect(await shell(project, inject("musterScript"), script)).toEqual({
      output: `${told.repeat(6)}said\n0\n0\n`,
      code: 0,
    });
    expect((await project.muster("show", "r")).stdout).toContain("succeeded");
  });

  story("a state where no folder can be made is an error at once", async ({ project }) => {
    if (!existsSync("/proc/self")) return;
    project.write("flow.yaml", flow("touch ran"));
    const ended = await project.muster("run", "flow.yaml", "--state", "/proc/muster/state.db");
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(/^muster: .*\/proc\/muster.*\n$/);
    expect(project.has("ran")).toBe(false);
  });
});

import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

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
});

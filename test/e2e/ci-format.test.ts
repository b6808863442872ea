import { describe, expect } from "vitest";
import { sarifToMarkdown } from "@security-alert/sarif-to-markdown";
import { parse } from "junit2json";
import type { Log } from "sarif";
import { diagnosticCodes } from "../../src/diagnostic/code.ts";
import { commandsIn, valuesIn } from "../rig/github/runner.ts";
import { story } from "../rig/muster/e2e.ts";

/** What a model says: commands to the runner, ends of values, markup. */
const HOSTILE = '::error::pwned\n::set-output name=x::y\n##[error]old\nEND\n<b> ``` | @all "quoted" 100% ]]> & \u0007';

const FLOW = `muster: 1
name: ci
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  say: { agent: writer, task: Say it }
  caught: { run: [sh, -c, "echo '::warning::x' >&2; exit 3"], on_error: continue }
  each: { for_each: [1, 2], run: [sh, -c, 'test "$I" = 1'], env: { I: "{{ item }}" }, join: settled, idempotent: true }
  ask: { needs: [say], approval: { prompt: "Publish {{ steps.say.output }}?" } }
outputs:
  said: \${{ steps.say.output }}
`;

describe("muster run --format github", () => {
  story("annotates, sums up and gives outputs; what a model says is no command", async ({ project, fake }) => {
    fake.on("Say it", () => HOSTILE);
    project.write("flow.yaml", FLOW);
    project.env["GITHUB_OUTPUT"] = `${project.folder}/output`;
    project.env["GITHUB_STEP_SUMMARY"] = `${project.folder}/summary.md`;
    const waiting = await project.muster("run", "flow.yaml", "--format", "github", "--run-id", "r1");
    expect([waiting.code, waiting.stderr]).toEqual([4, ""]);
    expect(commandsIn(waiting.stdout)).toEqual([
      {
        name: "warning",
        properties: { file: "flow.yaml", line: "6", title: "ci: exit" },
        message: "'caught' failed, and the run went on: 'caught' ended with exit code 3",
      },
      {
        name: "notice",
        properties: { file: "flow.yaml", line: "8", title: "ci waits" },
        message: "ask: Publish ::error::pwned\nmuster approve r1 ask   or   muster reject r1 ask",
      },
    ]);
    expect(valuesIn(`${project.folder}/output`)).toMatchObject({ "run-id": "r1", "run-status": "waiting" });

    project.write("output", "");
    expect((await project.muster("approve", "r1", "ask")).code).toBe(0);
    const done = await project.muster("resume", "r1", "--format", "github");
    expect(done.code).toBe(0);
    expect(commandsIn(done.stdout).map(({ name }) => name)).toEqual(["warning", "group", "endgroup"]);
    const values = valuesIn(`${project.folder}/output`);
    expect(values).toMatchObject({ "run-status": "succeeded", said: HOSTILE });
    expect(JSON.parse(values["run-outputs"] ?? "")).toEqual({ said: HOSTILE });
    const summary = project.read("summary.md");
    expect(summary).toContain("| `each` | ✅ succeeded 1/2 |");
    expect(summary).toContain("````text\n::error::pwned");
    expect(summary).toContain("flowchart TD");
    expect(summary).toMatch(/1 model call, .* tokens in, .* out, \$/);
    expect(fake.count()).toBe(1);
  });

  story("says of a problem before the run where it is, and leaves commands on", async ({ project }) => {
    project.write("flow.yaml", FLOW.replace("agent: writer", "agent: nobody"));
    project.env["GITHUB_STEP_SUMMARY"] = `${project.folder}/summary.md`;
    const { code, stdout } = await project.muster("run", "flow.yaml", "--format", "github");
    expect(code).toBe(3);
    const [problem, ...others] = commandsIn(`${stdout}::notice::after`);
    expect(problem).toMatchObject({ name: "error", properties: { file: "flow.yaml", line: "5" } });
    expect(problem?.properties["title"]).toMatch(/^WF30/);
    expect(others).toEqual([{ name: "notice", properties: {}, message: "after" }]);
    expect(stdout).toBe((await project.muster("validate", "flow.yaml", "--format", "github")).stdout);
    expect(project.read("summary.md")).toMatch(/^## flow\.yaml: ❌ not valid\n[^]*- `flow\.yaml:5:\d+` error WF30/);
  });
});

describe("muster run --junit", () => {
  story("is read by others, whatever a model says", async ({ project, fake }) => {
    fake.on("Say it", () => HOSTILE);
    project.write("flow.yaml", FLOW.replace("on_error: continue", "timeout: 1m").replace(/ {2}ask: .*\n/, ""));
    const { code } = await project.muster("run", "flow.yaml", "--junit", "junit.xml", "--run-id", "r1");
    expect(code).toBe(1);
    const suites = await parse(project.read("junit.xml"));
    expect(suites).toMatchObject({ name: "muster", tests: 4, failures: 1, skipped: 1 });
    const [suite] = (suites as { testsuite: { testcase: object[] }[] }).testsuite;
    expect(suite?.testcase).toMatchObject([
      { name: "say", classname: "ci" },
      { name: "caught", failure: [{ type: "exit/exit_3", message: "'caught' ended with exit code 3" }] },
      { name: "each[0]" },
      { name: "each[1]", skipped: [{}] },
    ]);
    expect((await project.muster("resume", "r1", "--junit", "nowhere/junit.xml")).code).toBe(2);
  });
});

describe("muster validate for code scanning", () => {
  const WRONG = "muster: 1\nname: wrong\nsteps:\n  a: { runn: [x] }\n  b: { run: [x], needs: [c] }\n";

  story("--format sarif is a log with the place and the rule of each problem", async ({ project }) => {
    project.write("repo/workflows/wrong file.yaml", WRONG);
    project.env["GITHUB_WORKSPACE"] = project.folder;
    const { code, stdout } = await project.muster("validate", "repo/workflows", "--format", "sarif");
    expect(code).toBe(3);
    const log = JSON.parse(stdout) as Log;
    const [run] = log.runs;
    // As somebody else reads it.
    const place = { owner: "acme", repo: "site", branch: "main", sourceRoot: "", title: "Muster" };
    const [read] = sarifToMarkdown({ ...place, severities: ["error"] })(log);
    expect(read?.hasMessages).toBe(true);
    expect(read?.body).toMatch(/- \*\*\[ERROR\]\*\* \*\*\[WF2001\]\*\* {2}`.*unknown key.*/);
    expect(read?.body).toContain("https://github.com/acme/site/blob/main/repo/workflows/wrong%20file.yaml#L4-L4");
    expect(log.version).toBe("2.1.0");
    const [rule] = run?.tool.driver.rules ?? [];
    expect([rule?.id, rule?.shortDescription?.text]).toEqual(["WF2001", diagnosticCodes.WF2001]);
    const told = new Set(run?.tool.driver.rules?.map(({ id }) => id));
    expect(new Set(run?.results?.map(({ ruleId }) => ruleId))).toEqual(told);
    expect(run?.results?.[0]).toMatchObject({
      ruleId: "WF2001",
      level: "error",
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "repo/workflows/wrong%20file.yaml" },
            region: { startLine: 4, startColumn: 8, endLine: 4, endColumn: 12 },
          },
        },
      ],
    });
  });

  story("--format github is an annotation for each problem", async ({ project }) => {
    project.write("workflows/a,b.yaml", WRONG);
    const { code, stdout } = await project.muster("validate", "--format", "github");
    expect(code).toBe(3);
    expect(commandsIn(stdout)[0]).toEqual({
      name: "error",
      properties: { file: "workflows/a,b.yaml", line: "4", endLine: "4", col: "8", endColumn: "12", title: "WF2001" },
      message: "unknown key 'runn'\nhelp: did you mean 'run'?",
    });
  });
});

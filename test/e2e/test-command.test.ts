import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const FLOW = `muster: 1
name: flow
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  look: { run: [touch, was-here] }
  draft: { agent: writer, task: "Draft from {{ steps.look.output }}", retry: { max_attempts: 2, delay: 1m } }
  fix: { if: size(steps.draft.output) > 20, agent: writer, task: "Fix {{ steps.draft.output }}", on_error: continue }
outputs: { text: "\${{ steps.draft.output }}" }
`;

const TESTS = `muster_test: 1
stubs: { look: { output: notes } }
tests:
  tries again:
    stubs: { draft: [{ fail: overloaded }, { output: a text }] }
    expect: { status: succeeded, outputs: { text: a text }, attempts: { draft: 2 }, skipped: [fix] }
  mends:
    stubs: { draft: { output: a text that is too long } }
    expect: { ran: [fix], snapshot: true }
`;

describe("muster test", () => {
  story("runs the tests beside workflows, without a model, effects, or state", async ({ project, fake }) => {
    project.write("workflows/flow.yaml", FLOW);
    project.write("workflows/flow.test.yaml", TESTS);
    const missing = await project.muster("test");
    expect(missing).toMatchObject({
      code: 3,
      stderr: "1 passed, 1 failed\n",
      stdout:
        "workflows/flow.test.yaml\n  ok    tries again\n  fail  mends\n" +
        "        workflows/flow.test.yaml:9 there is no snapshot yet: muster test --update writes it\n",
    });
    expect((await project.muster("test", "--update")).code).toBe(0);
    const covered = await project.muster("test", "workflows/flow.yaml", "--coverage", "--junit", "junit.xml");
    expect(covered).toMatchObject({
      code: 0,
      stdout:
        "workflows/flow.test.yaml\n  ok    tries again\n  ok    mends\n" +
        "coverage of workflows/flow.test.yaml: steps 3/3, branches 2/2, failure paths 1/2\n  never failed: fix: on_error\n",
    });
    expect(project.read("junit.xml")).toContain('<testsuite name="workflows/flow.test.yaml" tests="2" failures="0"');
    project.edit("workflows/flow.yaml", "Fix {{", "Mend {{");
    project.edit("workflows/flow.test.yaml", "too long", "much too long");
    const changed = await project.muster("test", "--json");
    expect(changed.code).toBe(3);
    expect(JSON.parse(changed.stdout)).toMatchObject({
      version: 1,
      passed: 1,
      failed: 1,
      files: [
        {
          file: "workflows/flow.test.yaml",
          tests: [
            { name: "tries again", line: 4, passed: true, problems: [] },
            { name: "mends", problems: [{ line: 9, message: "the snapshot differs" }] },
          ],
        },
      ],
    });
    expect([fake.requests.length, project.has("was-here"), project.has(".muster")]).toEqual([0, false, false]);
  });

  story("tells what is wrong with a test file or its workflow, and ends with 3", async ({ project }) => {
    project.write("workflows/flow.yaml", FLOW);
    project.write("workflows/flow.test.yaml", TESTS.replace("skipped: [fix]", "skipped: [fixed]"));
    project.write("workflows/other.yaml", "muster: 1\nname: other\nsteps: {}\n");
    project.write("workflows/other.test.yaml", "muster_test: 1\ntests: { a: { expect: { status: failed } } }\n");
    const { code, stderr } = await project.muster("test");
    expect(code).toBe(3);
    expect(stderr).toContain("workflows/flow.test.yaml:6:95 error WF3002: the workflow has no step 'fixed'");
    expect(stderr).toContain("workflows/other.yaml:3:");
    expect(stderr).toContain("0 passed, 0 failed, 2 files not valid\n");
    expect((await project.muster("test", "workflows/nothing")).code).toBe(2);
    project.write("src/empty.txt", "");
    expect(await project.muster("test", "src")).toMatchObject({
      code: 2,
      stderr: "muster: there is nothing to test: no *.test.yaml under src\n",
    });
  });

  story("--watch runs them again after each change, also after one that is wrong", async ({ project }) => {
    project.write("workflows/flow.yaml", FLOW);
    project.write("workflows/flow.test.yaml", TESTS.replace(", snapshot: true", ""));
    const watching = project.start(["test", "--watch"]);
    await watching.shows("watching workflows");
    await watching.shows("2 passed, 0 failed");
    project.edit("workflows/flow.test.yaml", "attempts: { draft: 2 }", "attempts: { draft: 5 }");
    await watching.shows("1 passed, 1 failed");
    project.edit("workflows/flow.test.yaml", "muster_test: 1", "muster_test: 1\nwrong: 1");
    await watching.shows("1 file not valid");
    watching.signal("SIGINT");
    expect((await watching.ended).code).toBe(0);
  });

  story("answers for agents from a recording, strictly", async ({ project, fake }) => {
    project.write("workflows/flow.yaml", FLOW.replace("[touch, was-here]", "[echo, notes]"));
    fake.on("Draft", () => "recorded");
    expect((await project.muster("run", "workflows/flow.yaml", "--record", "workflows/flow.recording.yaml")).code).toBe(
      0,
    );
    project.write(
      "workflows/flow.test.yaml",
      `muster_test: 1
recording: flow.recording.yaml
tests:
  same: { stubs: { look: { output: notes } }, expect: { status: succeeded, outputs: { text: recorded }, calls: 1 } }
  other: { stubs: { look: { output: others } }, expect: { status: failed, failed: [draft] } }
`,
    );
    expect(await project.muster("test")).toMatchObject({ code: 0, stderr: "2 passed, 0 failed\n" });
  });
});

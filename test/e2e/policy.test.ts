import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const FLOW = `muster: 1
name: flow
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  group:
    steps:
      draft: { agent: writer, task: Draft }
`;

const POLICY = `muster_policy: 1
rules:
  no-agents:
    for_each: steps
    require: item.kind != "agent"
    message: "{{ item.path }} asks a model"
tests:
  flow asks a model: { workflow: workflows/flow.yaml, breaks: [no-agents] }
  hello asks none: { workflow: workflows/hello.yaml, breaks: [] }
`;

describe("muster-policy.yaml", () => {
  story("validate and plan hold a workflow to it, and say where", async ({ project }) => {
    project.write("workflows/flow.yaml", FLOW);
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    expect((await project.muster("validate")).code).toBe(0);
    project.write("muster-policy.yaml", POLICY.split("tests:")[0] ?? "");
    const { code, stdout } = await project.muster("validate");
    expect(code).toBe(3);
    expect(stdout).toContain("workflows/flow.yaml:7:7 error WF8007: policy no-agents: group/draft asks a model");
    expect(stdout).toContain("help: the rule stands in muster-policy.yaml:3");
    const plan = await project.muster("plan", "workflows/flow.yaml");
    expect(plan.code).toBe(3);
    expect(plan.stdout).toContain("wave 1");
    expect(plan.stderr).toContain("policy no-agents: group/draft asks a model");
  });

  story("its tests are run, and fail when a rule does not do what is written down", async ({ project }) => {
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.write("workflows/flow.yaml", FLOW);
    project.write("workflows/hello.yaml", "muster: 1\nname: hello\nsteps: { a: { run: [echo, hi] } }\n");
    project.write("muster-policy.yaml", POLICY);
    expect(await project.muster("test")).toMatchObject({ code: 0, stderr: "2 passed, 0 failed\n" });
    project.edit("muster-policy.yaml", 'item.kind != "agent"', 'item.kind != "run"');
    const failed = await project.muster("test");
    expect(failed.code).toBe(3);
    expect(failed.stdout).toBe(
      "muster-policy.yaml\n" +
        "  fail  flow asks a model\n        muster-policy.yaml:8 'no-agents' should be broken, and holds\n" +
        "  fail  hello asks none\n        muster-policy.yaml:9 'no-agents' should hold, and is broken: a asks a model\n",
    );
  });

  story("one that is wrong is told, and lets nothing through", async ({ project }) => {
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.write("workflows/flow.yaml", FLOW);
    project.write("muster-policy.yaml", "muster_policy: 1\nrules:\n  a: { requires: 'true', message: no }\n");
    const { code, stderr } = await project.muster("validate");
    expect(code).toBe(3);
    expect(stderr).toContain("muster-policy.yaml:3:8 error WF2001: unknown key 'requires' in the rule 'a'");
    project.write("muster-policy.yaml", readFileSync("policies/starter.yaml", "utf8"));
    expect((await project.muster("validate")).stdout).toContain("policy budget-required");
  });
});

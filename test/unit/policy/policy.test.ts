import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { diffPlans } from "../../../src/diff/diff.ts";
import { createEvaluator } from "../../../src/expression/evaluate.ts";
import { compile } from "../../../src/plan/compile.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { violationsOf } from "../../../src/policy/evaluate.ts";
import { policyFacts } from "../../../src/policy/facts.ts";
import type { Policy } from "../../../src/policy/policy.ts";
import { readPolicy } from "../../../src/policy/read.ts";
import type { JsonObject } from "../../../src/util/json.ts";

const policyOf = (text: string): Policy => {
  const policy = readPolicy({ path: "muster-policy.yaml", text });
  if (!policy.ok) throw new Error(JSON.stringify(policy.error));
  return policy.value;
};
const planOf = (text: string): Plan => {
  const compiled = compile({ path: "flow.yaml", text });
  if (!compiled.ok || compiled.value.plan === null) throw new Error(JSON.stringify(compiled));
  return compiled.value.plan;
};
const starter = policyOf(readFileSync("policies/starter.yaml", "utf8"));
const broken = (plan: Plan, before: Plan | null = null): readonly string[] =>
  violationsOf(
    starter,
    policyFacts(plan, before === null ? null : diffPlans("flow.yaml", before, plan)),
    createEvaluator(),
  ).map(({ rule, severity, step }) => [rule, severity, step].join(" "));

const flow = (steps: string, more = ""): Plan => planOf(`muster: 1\nname: flow\n${more}\nsteps:\n${steps}`);
const AGENT = "agents: { writer: { model: anthropic/claude-haiku-5-5 } }";

describe("the starter policy", () => {
  it("lets an ordinary workflow without models through", () => {
    expect(broken(flow("  a: { run: [echo, hi] }"))).toEqual([]);
  });

  it("asks for a bound on cost where models are asked", () => {
    expect(broken(flow("  a: { agent: writer, task: Hi }", AGENT))).toEqual(["budget-required error "]);
  });

  it("knows which providers are allowed", () => {
    const other = "agents: { writer: { model: openai/gpt-5 } }";
    expect(broken(flow("  a: { agent: writer, task: Hi }", other))).toContain("allowed-models error ");
  });

  it("wants a person before production, through groups too", () => {
    const secrets = "secrets: [PROD_KEY]";
    const deploy = (needs: string): string => `run: [deploy], env: { KEY: "\${{ secrets.PROD_KEY }}" }${needs}`;
    const open = flow(`  go: { ${deploy("")} }`, secrets);
    expect(broken(open)).toEqual(["approval-before-production error go"]);
    const inside = flow(`  group:\n    steps:\n      go: { ${deploy("")} }`, secrets);
    expect(broken(inside)).toEqual(["approval-before-production error group/go"]);
  });

  it("takes no step for approved that runs when the approval was refused", () => {
    const go = (condition: string, ask = "", more = ""): Plan =>
      flow(
        `  ask: { approval: { prompt: Go? }${ask} }\n  mid: { needs: ask, run: "true"${condition} }\n` +
          `  go: { needs: mid, run: [deploy], env: { KEY: "\${{ secrets.PROD_KEY }}" }${more} }`,
        "secrets: [PROD_KEY]",
      );
    for (const held of [go(""), go(", if: success() && run.name != ''"), go(", on_error: continue")])
      expect(broken(held)).toEqual([]);
    const open = ["approval-before-production error go"];
    for (const condition of ["always()", "failure()", "success() || failure()", "cancelled() || true"]) {
      expect(broken(go(`, if: ${condition}`))).toEqual(open);
      expect(broken(go("", "", `, if: ${condition}`))).toEqual(open);
    }
    expect(broken(go("", ", on_error: continue"))).toEqual(open);
    const { steps } = policyFacts(go(", if: always()"), null) as { readonly steps: readonly JsonObject[] };
    const always = steps.find((step) => step["path"] === "go");
    expect(always).toMatchObject({ needs: ["mid"], after: ["mid"], approved: false });
  });

  it("knows an agent with a shell outside of a sandbox", () => {
    const agent = (sandbox: string): string =>
      `limits: { budget: { usd: 1 } }\nagents: { it: { model: anthropic/claude-haiku-5-5, tools: [shell], permissions: { shell: [git] }${sandbox} } }`;
    const step = "  a: { agent: it, task: Hi }";
    expect(broken(flow(step, agent(", sandbox: off")))).toEqual(["no-unsandboxed-shell error "]);
    expect(broken(flow(step, agent("")))).toEqual([]);
  });

  it("tells what is widened, and refuses a cost that grows too much", () => {
    const limits = (concurrency: number): string => `limits: { concurrency: ${concurrency} }\n${AGENT}`;
    const before = flow("  a: { agent: writer, task: Hi }", limits(2));
    const after = flow("  a: { agent: writer, task: Hi, retry: { max_attempts: 5 } }", limits(4));
    expect(broken(after, before)).toEqual([
      "budget-required error ",
      "widened-is-reviewed warning ",
      "widened-is-reviewed warning ",
      "cost-growth error ",
    ]);
  });
});

describe("a rule", () => {
  const rule = (text: string): Policy => policyOf(`muster_policy: 1\nrules:\n  it:\n${text}`);
  const say = (policy: Policy, plan: Plan) => violationsOf(policy, policyFacts(plan, null), createEvaluator());
  const plan = flow("  a: { run: [echo, hi] }\n  b: { needs: a, run: [echo, hi], idempotent: true }");

  it("is asked for each entry of its list, and its message tells of it", () => {
    const policy = rule(
      `    for_each: steps\n    require: item.effect == "idempotent"\n    message: "{{ item.path }} after {{ join item.after ', ' }}"`,
    );
    expect(say(policy, plan)).toEqual([{ rule: "it", severity: "error", message: "a after", step: "a" }]);
  });

  it("that cannot be evaluated counts as broken", () => {
    const policy = rule(`    severity: warning\n    require: workflow.nothing.at_all == 1\n    message: no`);
    expect(say(policy, plan)).toEqual([
      {
        rule: "it",
        severity: "error",
        step: null,
        message: expect.stringContaining("could not be evaluated, so it counts as broken") as string,
      },
    ]);
  });

  it.each([
    [`    require: "1 +"\n    message: no`, "WF4001"],
    [`    require: inputs.x == 1\n    message: no`, "WF4005"],
    [`    require: "true"`, "WF2002"],
    [`    require: "true"\n    message: "{{ nobody.x }}"`, "WF4004"],
    [`    requires: "true"\n    message: no`, "WF2001"],
    [`    severity: fatal\n    require: "true"\n    message: no`, "WF2004"],
    [`    require: size(workflow.name)\n    message: no`, "WF4007"],
  ])("%j is %s", (text, code) => {
    const policy = readPolicy({ path: "p.yaml", text: `muster_policy: 1\nrules:\n  it:\n${text}` });
    expect(policy.ok ? [] : policy.error.map((each) => each.code)).toContain(code);
  });
});

describe("issuers", () => {
  const issuers = (text: string) => readPolicy({ path: "p.yaml", text: `muster_policy: 1\nissuers:\n${text}` });

  it("have what is known of them, and what is said", () => {
    const policy =
      issuers(`  - { issuer: https://gitlab.com, claims: { project_path: [a/b, a/c], ref_protected: "true" } }
  - { issuer: https://login.example.com, audience: us, accounts: { staff: email }, claims: { org: x }, jwks: https://x.example/k }
`);
    expect(policy.ok ? policy.value.issuers : policy.error).toEqual([
      {
        issuer: "https://gitlab.com",
        audience: "muster",
        jwks: null,
        claims: { project_path: ["a/b", "a/c"], ref_protected: ["true"] },
        accounts: { gitlab: "user_login" },
      },
      {
        issuer: "https://login.example.com",
        audience: "us",
        jwks: "https://x.example/k",
        claims: { org: ["x"] },
        accounts: { staff: "email" },
      },
    ]);
  });

  it.each([
    ["{ issuer: http://example.com }", "WF2006", "does not start with https://"],
    ["{ issuer: nobody }", "WF2006", "is no URL"],
    ["{ issuer: https://a:b@example.com }", "WF2006", "takes no user and password"],
    ["{ audience: x }", "WF2002", "issuer is missing"],
    ["{ issuer: https://token.actions.githubusercontent.com }", "WF2002", "claims are missing"],
    ["{ issuer: https://token.actions.githubusercontent.com, accounts: {} }", "WF2002", "claims are missing"],
    ["{ issuer: https://x.example, accounts: { github: actor } }", "WF2002", "claims are missing"],
    ["{ issuer: https://x.example, accounts: { oidc: sub }, claims: { a: b } }", "WF2004", "no kind of account"],
    ["{ issuer: https://x.example, claims: { a: [] } }", "WF2005", "never right"],
    ["{ issuer: https://x.example, claim: { a: b } }", "WF2001", "did you mean"],
    ["{ issuer: https://x.example, jwks: file:///etc/passwd }", "WF2006", "does not start with https://"],
  ])("%s is %s", (text, code, message) => {
    const policy = issuers(`  - ${text}\n`);
    const [problem, ...others] = policy.ok ? [] : policy.error;
    expect(others).toEqual([]);
    expect(problem?.code).toBe(code);
    expect(`${problem?.message} ${problem?.help}`).toContain(message);
  });
});

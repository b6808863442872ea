import { describe, expect } from "vitest";
import type { FakeAnthropic } from "../rig/fake-anthropic/fake-anthropic.ts";
import { usageOf } from "../rig/fake-anthropic/usage.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const items = (count: number): string => `[${Array.from({ length: count }, (_, index) => index + 1).join(", ")}]`;

const flow = (limits: string, step: string, agent = ""): string => `
muster: 1
name: spending
models: { fast: { model: anthropic/claude-haiku-5-5, max_tokens: 100 } }
agents: { writer: { model: fast${agent} } }
limits: { concurrency: 24, ${limits} }
steps:
  ask: { ${step}, agent: writer, task: "Say {{ item }}" }
`;

/** What the fake was asked, priced as the price table has it: nano-dollars and tokens. */
function spentAt(fake: FakeAnthropic, reply: string): { readonly nanoUsd: number; readonly tokens: number } {
  let [nanoUsd, tokens] = [0, 0];
  const cache = new Set<string>();
  for (const { body } of fake.requests) {
    const usage = usageOf(body, reply, cache);
    nanoUsd += usage.input_tokens * 100 + usage.output_tokens * 500;
    tokens += usage.input_tokens + usage.output_tokens;
  }
  return { nanoUsd, tokens };
}

const budgetOf = (project: Project) => project.report() as unknown as { budget: readonly BudgetLine[] | null };

interface BudgetLine {
  readonly scope: string;
  readonly usd: { readonly limit: number; readonly spent: number } | null;
  readonly calls: { readonly limit: number; readonly spent: number } | null;
}

describe("no call starts that does not fit", () => {
  story("24 at once and room for 10 calls: there are 10, then the run fails", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      flow("budget: { calls: 10 }", `for_each: ${items(60)}, on_error: continue, join: settled`),
    );
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run.code).toBe(1);
    expect(fake.count()).toBe(10);
    expect(fake.mostInFlight).toBeLessThanOrEqual(10);
    expect(project.report()).toMatchObject({
      status: "failed",
      usage: { calls: 10 },
      error: { class: "budget", code: "budget_exceeded" },
    });
    expect(run.stderr).toContain(
      "the budget of the run has no room for a further call: 10 calls of 10 calls are spent",
    );

    // What is done is kept; a higher budget goes on from there, a lower one makes no call.
    expect((await project.muster("resume")).code).toBe(1);
    expect(fake.count()).toBe(10);
    const more = await project.muster("resume", "--budget", "calls=60", "--report", "report.json");
    expect(more.code).toBe(0);
    expect(fake.count()).toBe(60);
    expect(project.report()).toMatchObject({ usage: { calls: 60 } });
  });

  story("dollars and tokens, with retries of what the server broke: exact", async ({ fake, project }) => {
    let busy = 0;
    fake.on("Say", () => (busy++ % 4 === 0 ? { kind: "fail", status: 500, type: "api_error", message: "no" } : "fine"));
    const retry = "retry: { max_attempts: 20, backoff: fixed, delay: 1ms }";
    project.write("flow.yaml", flow("budget: { usd: 0.0002 }", `for_each: ${items(200)}, max_items: 200, ${retry}`));
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run.code).toBe(1);
    const answered = fake.requests.length;
    expect(answered).toBeGreaterThan(20);
    const cost = project.report().cost_usd ?? 0;
    expect(cost).toBeLessThanOrEqual(0.0002);
    // It did not give up early: what is left is less than one call may take.
    expect(0.0002 - cost).toBeLessThan(0.00013);
    const [line] = budgetOf(project).budget ?? [];
    expect(line).toMatchObject({ scope: "run", usd: { limit: 0.0002, spent: cost } });
  });

  story("what is not known to have failed counts: kill -9 in flight, then a resume", async ({ fake, project }) => {
    project.write("flow.yaml", flow("budget: { calls: 3 }", `for_each: ${items(2)}`));
    const held = [fake.nextRequest("Say 1"), fake.nextRequest("Say 2")];
    const run = project.start(["run", "flow.yaml"]);
    await Promise.all(held);
    await run.crash();
    expect(fake.count()).toBe(2);
    // Two may have been paid: there is room for one more.
    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed.code).toBe(1);
    expect(fake.count()).toBe(3);
    expect(budgetOf(project).budget).toMatchObject([
      { scope: "run", calls: { limit: 3, spent: 3 } },
      { scope: "agent:writer", calls: { limit: null, spent: 3 } },
    ]);
  });

  story("a reply of the fake costs what the report says", async ({ fake, project }) => {
    fake.on("Say", "four");
    project.write("flow.yaml", flow("budget: { usd: 1, tokens: 100000 }", `for_each: ${items(40)}`));
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(0);
    const { nanoUsd, tokens } = spentAt(fake, "four");
    expect(project.report().cost_usd).toBeCloseTo(nanoUsd / 1e9, 12);
    expect(budgetOf(project).budget?.[0]).toEqual({
      scope: "run",
      usd: { limit: 1, spent: nanoUsd / 1e9 },
      tokens: { limit: 100_000, spent: tokens },
      calls: { limit: null, spent: 40 },
    });
  });
});

describe("budgets inside of budgets", () => {
  story("an agent, a sub-workflow and the run each have their own", async ({ fake, project }) => {
    project.write(
      "child.yaml",
      `
muster: 1
name: child
agents: { asker: { model: anthropic/claude-haiku-5-5 } }
limits: { budget: { calls: 2 } }
steps: { inner: { for_each: [1, 2, 3], agent: asker, task: "Inner {{ item }}" } }
`,
    );
    project.write(
      "flow.yaml",
      `
muster: 1
name: parent
agents: { writer: { model: anthropic/claude-haiku-5-5, budget: { calls: 1 } } }
limits: { budget: { calls: 100 } }
steps:
  own: { for_each: [1, 2], agent: writer, task: "Own {{ item }}", on_error: continue }
  child: { for_each: [a, b], uses: ./child.yaml, on_error: continue, retry: { max_attempts: 3, on: [budget, output] } }
`.replace(", on: [budget, output]", ""),
    );
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run.code).toBe(1);
    expect([fake.count("Own"), fake.count("Inner")]).toEqual([1, 4]);
    expect(run.stderr).toContain("the budget of agent 'writer' has no room");
    expect(run.stderr).toContain("the budget of 'child[0]' has no room");
    expect(run.stderr).toContain("child[0]: 2 of 2 calls");
    expect((await project.muster("show")).stdout).toContain("budget of child[1]: 2 of 2 calls");
    expect(budgetOf(project).budget).toMatchObject([
      { scope: "run", calls: { limit: 100, spent: 5 } },
      { scope: "agent:writer", calls: { limit: 1, spent: 1 } },
      { scope: "agent:child.yaml#asker", calls: { limit: null, spent: 4 } },
      { calls: { limit: 2, spent: 2 } },
      { calls: { limit: 2, spent: 2 } },
    ]);
  });

  story("a budget of the command line is in dollars, and needs a price", async ({ fake, project }) => {
    project.env["OPENAI_API_KEY"] = "sk-test-0123456789";
    project.write("flow.yaml", flow("timeout: 5m", `for_each: ${items(2)}`));
    const unknown = await project.muster("run", "flow.yaml", "--model", "openai/nobody-knows", "--budget", "1");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain(
      "a budget in USD counts the calls of openai/nobody-knows, and its price is not known",
    );
    const wrong = await project.muster("run", "flow.yaml", "--budget", "much");
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain("write 2.50 for dollars, or usd=2.50,tokens=200000,calls=100");
    expect(fake.count()).toBe(0);
    expect((await project.muster("run", "flow.yaml", "--budget", "0.0000001")).code).toBe(1);
    expect(fake.count()).toBe(0);
    expect((await project.muster("resume", "--budget", "1")).code).toBe(0);
    expect(fake.count()).toBe(2);
  });
});

describe("on_exceeded: pause", () => {
  story(
    "what is in flight settles, the rest waits with exit code 4; only a higher limit goes on",
    async ({ fake, project }) => {
      const step = `for_each: ${items(8)}`;
      project.write("flow.yaml", flow("budget: { calls: 3, on_exceeded: pause }", step));
      const run = await project.muster("run", "flow.yaml", "--report", "report.json");
      expect(run.code).toBe(4);
      expect(run.stderr).toContain("waits    ask[");
      expect(run.stderr).toContain("resume with a higher one (--budget calls=N, or limits.budget.calls)");
      expect(fake.count()).toBe(3);
      expect(project.report()).toMatchObject({ status: "waiting", usage: { calls: 3 } });

      // A smaller call that would fit makes no difference: it was paused.
      for (const args of [[], ["--budget", "calls=3"], ["--budget", "calls=2"]]) {
        expect((await project.muster("resume", ...args)).code).toBe(4);
        expect(fake.count()).toBe(3);
      }
      expect((await project.muster("resume", "--budget", "calls=6")).code).toBe(4);
      expect(fake.count()).toBe(6);
      project.edit("flow.yaml", "calls: 3", "calls: 100");
      expect((await project.muster("resume")).code).toBe(0);
      expect(fake.count()).toBe(8);
    },
  );

  story("steps that ask no model go on to their end", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${flow("budget: { calls: 0, on_exceeded: pause }", "for_each: [1]")}  beside: { run: "echo done > beside.txt" }\n`,
    );
    const run = project.start(["run", "flow.yaml"]);
    expect((await run.ended).code).toBe(4);
    expect(project.read("beside.txt")).toBe("done\n");
    expect(fake.count()).toBe(0);
    const shown = await project.muster("show");
    expect(shown.stdout).toContain("waiting");
    expect(shown.stdout).toContain("budget of the run: 0 of 0 calls");
  });

  story("a simulation asks nobody and needs no budget", async ({ fake, project }) => {
    project.write("flow.yaml", flow("budget: { calls: 0 }", `for_each: ${items(2)}`));
    const run = await project.muster("run", "flow.yaml", "--simulate", "--report", "report.json");
    expect(run.code).toBe(0);
    expect(fake.count()).toBe(0);
    expect(budgetOf(project).budget).toBeUndefined();
  });
});

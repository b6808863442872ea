import { describe, expect, it } from "vitest";
import { coverageOf } from "../../../src/testing/coverage.ts";
import { failuresOf, FLOW, planOf, ran } from "./fixture.ts";

const head = `muster_test: 1
stubs:
  look: { output: x.txt }
  judge: { output: { verdict: good } }
  publish: { approve: { by: ann, comment: go } }
tests:
`;

describe("a test", () => {
  it("stubs steps and items, attempt by attempt, and waits at no cost", async () => {
    const results = await ran(`${head}  t:
    stubs:
      draft: { output: text }
      draft[1]: [{ fail: server }, { output: late }]
      each[1]/inner: { output: second }
    expect:
      status: succeeded
      outputs: { drafts: [text, late], by: ann }
      ran: [draft, judge, pause]
      skipped: [fix]
      attempts: { draft: 3 }
      calls: 3
      assert:
        - steps.draft.results[1].attempts == 2
        - steps.publish.output.comment == "go"
        - steps.each.output[1].is == "second"
        - duration_ms >= 29 * 60 * 1000
`);
    expect(results.flatMap(({ problems }) => problems)).toEqual([]);
    expect(results[0]?.report?.started_at).toBe("2026-01-01T00:00:00.000Z");
  });

  it("lets models refuse, and says what a stage after it came to", async () => {
    expect(
      await failuresOf(`${head}  t:
    stubs: { draft: [{ refuse: true }, { output: by second }] }
    expect: { status: succeeded, outputs: { drafts: [by second, by second] } }
`),
    ).toEqual([]);
  });

  it("holds what a stub says against the schema of its step", async () => {
    expect(
      await failuresOf(`${head}  t:
    stubs: { judge: { output: { verdict: maybe } } }
    expect: { status: failed, failed: [judge], assert: 'steps.judge.error.code == "schema_mismatch"' }
`),
    ).toEqual([]);
  });

  it("counts what calls cost, and budgets count it", async () => {
    const manifest = `muster: 1
name: spend
agents: { a: { model: anthropic/claude-haiku-5-5, max_tokens: 1000 } }
limits: { budget: { usd: 0.30 } }
steps:
  one: { agent: a, task: One }
  two: { agent: a, task: "Two {{ steps.one.output }}" }
outputs: { two: "\${{ steps.two.output }}" }
`;
    const test = (tokens: number, expected: string) =>
      `muster_test: 1\ntests:\n  t:\n    stubs: { one: { output: x, usage: { input_tokens: ${tokens}, output_tokens: 0 } } }\n    expect: ${expected}\n`;
    expect(
      await failuresOf(
        test(50_000, "{ status: succeeded, calls: 2, cost_usd: { min: 0.005, max: 0.0052 } }"),
        manifest,
      ),
    ).toEqual([]);
    expect(
      await failuresOf(test(2_000_000, "{ status: failed, error: { class: budget }, calls: 1 }"), manifest),
    ).toEqual([]);
  });

  it("answers approvals: given, refused, after its deadline, never", async () => {
    const open = FLOW.replace(", timeout: 2d, on_timeout: fail", "");
    const test = (stub: string, expected: string) =>
      `${head}  t: { stubs: { publish: ${stub} }, expect: ${expected} }\n`;
    expect(
      await failuresOf(
        test(
          "{ reject: not yet }",
          `{ status: failed, failed: [publish], assert: 'steps.publish.error.message.contains("not yet")' }`,
        ),
      ),
    ).toEqual([]);
    const late = `{ status: failed, assert: 'steps.publish.error.code == "approval_timeout"' }`;
    expect(await failuresOf(test("{ unanswered: true }", late))).toEqual([]);
    expect(await failuresOf(test("{ approve: true, delay: 3d }", late))).toEqual([]);
    expect(await failuresOf(test("{ approve: true, delay: 1d }", "{ status: succeeded }"))).toEqual([]);
    expect(await failuresOf(test("{ unanswered: true }", "{ status: waiting }"), open)).toEqual([]);
  });

  it("answers a handoff entry by entry, people and agents", async () => {
    const flow = `muster: 1
name: desk
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  title: { handoff: [{ approval: { prompt: A title? }, accept: output.contains("a") }, { agent: writer }], task: Write }
outputs: { title: "\${{ steps.title.output }}" }
`;
    const test = (stub: string, expected: string) =>
      `muster_test: 1\ntests:\n  t: { stubs: { title: ${stub} }, expect: ${expected} }\n`;
    expect(
      await failuresOf(
        test("[{ approve: { input: no } }, { output: b }]", "{ outputs: { title: b }, calls: 1 }"),
        flow,
      ),
    ).toEqual([]);
    expect(
      await failuresOf(test("{ approve: { input: abc } }", "{ outputs: { title: abc }, calls: 0 }"), flow),
    ).toEqual([]);
    const misplaced = `{ status: failed, assert: 'steps.title.error.code == "stub_for_a_person"' }`;
    expect(await failuresOf(test("{ reject: no }", misplaced), flow)).toEqual([]);
  });

  it("lets a timeout end what takes too long", async () => {
    expect(
      await failuresOf(`${head}  t:
    stubs: { look: { delay: 1h, output: x } }
    expect: { status: failed, assert: 'steps.look.error.class == "timeout"' }
`),
    ).toEqual([]);
  });

  it("says what does not hold, with what is expected and what came", async () => {
    const found = await failuresOf(`${head}  t:
    stubs: { draft: { output: text } }
    expect:
      status: failed
      outputs:
        drafts: [text, other]
      schema: { required: [title] }
      ran: [fix]
      skipped: [draft]
      failed: [judge]
      attempts: { draft: 4 }
      calls: { max: 1 }
      error: { class: exit }
      assert: steps.draft.attempts > 2
      snapshot: true
`);
    expect(found).toEqual([
      "10 status is succeeded\n- failed\n+ succeeded",
      '12 outputs.drafts\n-   "other"\n+   "text"',
      "13 outputs do not fit the schema: the value must have required property 'title'",
      "14 'fix' should have run, and is skipped",
      "15 'draft' should have been skipped, and is succeeded",
      "16 'judge' should have failed, and is succeeded",
      "17 attempts of 'draft'\n- 4\n+ 2",
      "18 model calls\n- at most 1\n+ 3",
      "19 there is no error: the run is succeeded",
      "20 steps.draft.attempts > 2 is false",
      "21 there is no snapshot yet: muster test --update writes it",
    ]);
  });

  it("says what it could not be run with", async () => {
    expect(await failuresOf(`${head}  t: { inputs: { topics: 3 }, expect: { status: succeeded } }\n`)).toEqual([
      "7 it could not be run: input 'topics': the value must be array",
    ]);
  });
});

describe("coverage", () => {
  it("names the steps and branches that no test reaches", async () => {
    const plan = planOf(FLOW);
    const once = await ran(`${head}  t: { expect: { status: succeeded } }\n`);
    const reached = (results: typeof once) => results.flatMap(({ reached: each }) => (each === null ? [] : [each]));
    expect(coverageOf(plan, reached(once))).toEqual({
      steps: { all: 8, missing: ["fix"] },
      branches: { all: 4, missing: ["fix: `if` is true", "publish: `if` is false"] },
      failures: {
        all: 6,
        missing: [
          "draft: retry",
          "draft: fallback 1",
          "draft: an item fails",
          "fix: on_error",
          "publish: a person says no",
          "publish: nobody answers",
        ],
      },
    });
    const more = await ran(`${head}  fixed:
    stubs: { judge: { output: { verdict: bad } }, fix: { fail: refused }, draft: [{ fail: server }, { fail: server }, { output: x }] }
    expect: { status: succeeded }
  judged not: { stubs: { judge: { fail: refused }, "draft[0]": { fail: refused } }, expect: { status: failed } }
  no: { stubs: { publish: { reject: no } }, expect: { status: failed } }
  nobody: { stubs: { publish: { unanswered: true } }, expect: { status: failed } }
`);
    expect(more.flatMap(({ problems }) => problems)).toEqual([]);
    expect(coverageOf(plan, reached([...once, ...more]))).toMatchObject({
      steps: { missing: [] },
      branches: { missing: [] },
      failures: { missing: [] },
    });
  });
});

describe("a step inside of a list", () => {
  const inside = `muster: 1
name: inside
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  each:
    for_each: [a, b, c]
    join: settled
    steps:
      draft: { agent: writer, task: "{{ item }}", retry: { max_attempts: 2, delay: 1s } }
      never: { if: item == "z", run: [echo] }
    outputs: { text: "\${{ steps.draft.output }}" }
outputs: { texts: "\${{ steps.each.output.map(e, e.text) }}" }
`;
  const wrongWith = async (expect: string): Promise<readonly string[]> => {
    const stubs = `"each[1]/draft": [{ fail: server }, { output: x }], "each[2]/draft": { fail: auth }`;
    const text = `muster_test: 1\ntests:\n  t: { stubs: { ${stubs} }, expect: { ${expect} } }\n`;
    return (await ran(text, inside)).flatMap(({ problems }) => problems.map(({ message }) => message));
  };

  it("is judged over all items together", async () => {
    expect(
      await wrongWith("ran: [each/draft], failed: [each/draft], skipped: [each/never], attempts: { each/draft: 4 }"),
    ).toEqual([]);
    expect(await wrongWith("ran: [each/never], failed: [each/never], skipped: [each/draft]")).toEqual([
      "'each/never' should have run in some item, and is skipped",
      "'each/draft' should have been skipped in some item, and is succeeded and failed",
      "'each/never' should have failed in some item, and is skipped",
    ]);
  });
});

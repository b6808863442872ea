import { join } from "node:path";
import pLimit from "p-limit";
import { describe, expect, inject } from "vitest";
import { startFakeAnthropic, type FakeAnthropic } from "../rig/fake-anthropic/fake-anthropic.ts";
import { story } from "../rig/muster/e2e.ts";
import { timeless } from "../rig/muster/timeless.ts";
import { Project, type Report } from "../rig/muster/project.ts";
import type { Fact } from "../../src/run/fact.ts";

/** A fan-out, a repair turn, a retry, and a step that reads them all: eight calls, one of them fails. */
const WORKFLOW = `
muster: 1
name: crash
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps:
  research:
    for_each: [one, two, three]
    agent: writer
    task: Research {{ item }}
    output: { type: object, properties: { site: { type: string } }, required: [site] }
  flaky:
    agent: writer
    task: Flaky work
    retry: { max_attempts: 2, backoff: fixed, delay: 1ms }
  facts: { run: [printf, facts], idempotent: true }
  report:
    agent: writer
    task: "Report {{ json steps.research.output }} {{ steps.flaky.output }} {{ steps.facts.output }}"
outputs: { report: "\${{ steps.report.output }}" }
`;
const CALLS = 7;

/** Answers by what is asked alone; Flaky fails as long as \`fails\` says so. */
function answerAll(fake: FakeAnthropic, fails: () => boolean): void {
  fake.on(/Research (\w+)/, ({ text }) => {
    const site = /Research (\w+)/.exec(text)?.[1];
    return site === "two" && !text.includes("does not fit") ? `{"page":"two"}` : JSON.stringify({ site });
  });
  fake.on("Flaky work", () =>
    fails() ? { kind: "fail", status: 500, type: "api_error", message: "boom" } : "flaky is done",
  );
  fake.on("Report", ({ text }) => `# ${text.slice(text.indexOf("Report"))}`);
}

/** How many answers of the model server are on the record. */
function recordedCalls(facts: readonly Fact[]): number {
  return facts.reduce((sum, fact) => sum + (fact.usage?.calls ?? (fact.state === "failed" ? 1 : 0)), 0);
}

async function uncrashed(): Promise<Report> {
  const fake = await startFakeAnthropic();
  const project = new Project(inject("musterScript"), fake.url);
  let failures = 0;
  answerAll(fake, () => (failures += 1) === 1);
  project.write("flow.yaml", WORKFLOW);
  const { code } = await project.muster("run", "flow.yaml", "--report", "report.json");
  const report = project.report();
  expect([code, fake.count(), fake.refusals]).toEqual([0, CALLS, []]);
  await project.close();
  await fake.close();
  return report;
}

describe("kill -9 at every commit of a run: what is on the record is not paid again", () => {
  story.for(["before", "inside", "after"])("%s the commit", async (when) => {
    const whole = timeless(await uncrashed());
    const limit = pLimit(3);
    let isThrough = false;
    const crashAt = async (at: number): Promise<void> => {
      if (isThrough) return;
      const fake = await startFakeAnthropic();
      const project = new Project(inject("musterScript"), fake.url);
      let failures = 0;
      answerAll(fake, () => (failures += 1) === 1);
      project.write("flow.yaml", WORKFLOW);
      const preload = join(import.meta.dirname, "../rig/muster/crash-at-commit.ts");
      const first = await project.start(["run", "flow.yaml"], {
        NODE_OPTIONS: `--import ${preload}`,
        CRASH_AT: String(at),
        CRASH_WHEN: when,
      }).ended;
      if (first.signal !== "SIGKILL") {
        isThrough = true;
      } else {
        const facts = project.inStore((store) => store.listRuns().flatMap(({ runId }) => [...store.readFacts(runId)]));
        const [run] = project.inStore((store) => store.listRuns());
        const recorded = recordedCalls(facts);
        const before = fake.count();
        failures = facts.some(({ failure }) => failure?.code === "http_500") ? 1 : 0;
        const second = await project.muster(
          ...(run === undefined ? ["run", "flow.yaml"] : ["resume", run.runId]),
          "--report",
          "report.json",
        );
        const told = `killed ${when} commit ${at}: ${before} calls, ${recorded} of them on the record\n${second.stderr}`;
        expect(second.code, told).toBe(0);
        expect(fake.count() - before, told).toBe(CALLS - recorded);
        expect(timeless(project.report()), told).toEqual(whole);
        expect(fake.refusals).toEqual([]);
      }
      await project.close();
      await fake.close();
    };
    await Promise.all(Array.from({ length: 100 }, (_, index) => limit(crashAt, index + 1)));
    expect(isThrough).toBe(true);
  });
});

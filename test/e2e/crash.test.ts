import { join } from "node:path";
import pLimit from "p-limit";
import { describe, expect, inject } from "vitest";
import { startFakeAnthropic, type FakeAnthropic, type FakeRequest } from "../rig/fake-anthropic/fake-anthropic.ts";
import { story } from "../rig/muster/e2e.ts";
import { timeless } from "../rig/muster/timeless.ts";
import type { MusterProcess } from "../rig/muster/muster-process.ts";
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

/** Answers by what is asked alone; "Flaky work" fails until a failure of it is on the record. */
function answerAll(fake: FakeAnthropic, project: Project): void {
  fake.on(/Research (\w+)/, ({ text }) => {
    const site = /Research (\w+)/.exec(text)?.[1];
    return site === "two" && !text.includes("does not fit") ? `{"page":"two"}` : JSON.stringify({ site });
  });
  fake.on("Flaky work", () => {
    const hasFailed = factsOf(project).some(({ failure }) => failure?.code === "http_500");
    return hasFailed ? "flaky is done" : { kind: "fail", status: 500, type: "api_error", message: "boom" };
  });
  fake.on("Report", ({ text }) => `# ${text.slice(text.indexOf("Report"))}`);
}

/** What is on the record of the project's only run. */
function factsOf(project: Project): readonly Fact[] {
  return project.inStore((store) => store.listRuns().flatMap(({ runId }) => [...store.readFacts(runId)]));
}

/** How many answers of the model server are on the record. */
function recordedCalls(facts: readonly Fact[]): number {
  return facts.reduce((sum, fact) => sum + (fact.usage?.calls ?? (fact.state === "failed" ? 1 : 0)), 0);
}

/** A folder and a model server for one run among many. */
async function inFolder<T>(work: (project: Project, fake: FakeAnthropic) => Promise<T>): Promise<T> {
  const fake = await startFakeAnthropic();
  const project = new Project(inject("musterScript"), fake.url);
  try {
    return await work(project, fake);
  } finally {
    await project.close();
    await fake.close();
  }
}

/** Starts a command that dies at a commit. */
function startDoomed(project: Project, args: readonly string[], when: string, at: number): MusterProcess {
  const preload = join(import.meta.dirname, "../rig/muster/crash-at-commit.ts");
  return project.start(args, {
    NODE_OPTIONS: `--disable-warning=ExperimentalWarning --experimental-strip-types --import ${preload}`,
    CRASH_AT: String(at),
    CRASH_WHEN: when,
  });
}

/** Goes through commit 1, 2, 3, ... until a run gets through (`work` says true), some of them at once. */
async function atEveryCommit(work: (at: number) => Promise<boolean>): Promise<void> {
  let isThrough = false;
  const next = async (at: number): Promise<void> => {
    if (!isThrough && (await work(at))) isThrough = true;
  };
  const limit = pLimit(3);
  await Promise.all(Array.from({ length: 60 }, (_, index) => limit(next, index + 1)));
  expect(isThrough).toBe(true);
}

const uncrashed = (): Promise<Report> =>
  inFolder(async (project, fake) => {
    answerAll(fake, project);
    project.write("flow.yaml", WORKFLOW);
    const { code } = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect([code, fake.count(), fake.refusals]).toEqual([0, CALLS, []]);
    return project.report();
  });

/** What the server heard after the crash although something that it had heard before shows it to be done. */
function paidTwice(before: readonly FakeRequest[], after: readonly FakeRequest[]): string[] {
  const heard = (text: string): boolean => before.some((request) => request.text.includes(text));
  const flakyBefore = before.filter(({ text }) => text.includes("Flaky work")).length;
  let flaky = flakyBefore === 2 ? 1 : 2;
  return after
    .map(({ text }) => text.trim())
    .filter((text) => {
      if (text.startsWith("Report")) return false;
      if (heard("Report")) return true;
      if (text.startsWith("Flaky work")) return (flaky -= 1) < 0;
      return text.startsWith("Research two") && !text.includes("does not fit") && heard("does not fit");
    });
}

describe("kill -9 at every commit of a run: what is on the record is not paid again", () => {
  story.for(["before", "inside", "after"])("%s the commit", async (when) => {
    const whole = timeless(await uncrashed());
    await atEveryCommit((at) =>
      inFolder(async (project, fake) => {
        answerAll(fake, project);
        project.write("flow.yaml", WORKFLOW);
        if ((await startDoomed(project, ["run", "flow.yaml"], when, at).ended).signal !== "SIGKILL") return true;

        const [run] = project.inStore((store) => store.listRuns());
        const recorded = recordedCalls(factsOf(project));
        const before = fake.count();
        const again = run === undefined ? ["run", "flow.yaml"] : ["resume", run.runId];
        const resumed = await project.muster(...again, "--report", "report.json");
        const told = `killed ${when} commit ${at}: ${before} calls, ${recorded} of them on the record\n${resumed.stderr}`;
        expect(resumed.code, told).toBe(0);
        expect(fake.count() - before, told).toBe(CALLS - recorded);
        expect(paidTwice(fake.requests.slice(0, before), fake.requests.slice(before)), told).toEqual([]);
        expect(timeless(project.report()), told).toEqual(whole);
        expect(fake.refusals).toEqual([]);
        return false;
      }),
    );
  });

  story("a runner that dies after each answer still comes to the end", async ({ fake, project }) => {
    answerAll(fake, project);
    project.write("flow.yaml", WORKFLOW);
    let crashes = 0;
    /** Dies as soon as one more answer is on the record; false when none was missing. */
    const diesAfterAnAnswer = async (args: readonly string[]): Promise<boolean> => {
      const run = project.start([...args, "--concurrency", "1", "--json", "--report", "report.json"]);
      const answers = ["model.called", "attempt.failed"].map((type) => run.shows(`"type":"${type}"`));
      if (
        await Promise.any(answers).then(
          () => false,
          () => true,
        )
      )
        return false;
      await run.crash();
      return true;
    };
    let args = ["run", "flow.yaml", "--run-id", "again"];
    while (await diesAfterAnAnswer(args)) {
      crashes += 1;
      args = ["resume", "again"];
    }

    expect(crashes).toBeGreaterThan(4);
    expect(crashes).toBeLessThanOrEqual(CALLS);
    expect(fake.count()).toBeLessThanOrEqual(CALLS + crashes);
    expect(timeless(project.report())).toEqual(timeless(await uncrashed()));
  });
});

describe("kill -9 at every commit of a run with an effect", () => {
  story.for(["before", "inside", "after"])(
    "%s the commit: it is never repeated without a person's word",
    async (when) => {
      const outcomes = new Set<string>();
      await atEveryCommit((at) =>
        inFolder(async (project) => {
          project.write(
            "flow.yaml",
            `
muster: 1
name: effect
steps:
  pay: { run: echo paid >> paid.txt }
  tell: { value: "\${{ steps.pay.output + 'done' }}" }
outputs: { tell: "\${{ steps.tell.output }}" }
`,
          );
          if ((await startDoomed(project, ["run", "flow.yaml"], when, at).ended).signal !== "SIGKILL") return true;

          const [run] = project.inStore((store) => store.listRuns());
          const paidBefore = project.has("paid.txt");
          const resumed = await project.muster(
            ...(run === undefined ? ["run", "flow.yaml"] : ["resume", run.runId]),
            "--report",
            "report.json",
          );
          const told = `killed ${when} commit ${at}\n${resumed.stderr}`;
          if (resumed.code === 0) {
            expect(project.read("paid.txt"), told).toBe("paid\n");
            outcomes.add(paidBefore ? "kept" : "done now");
          } else {
            expect(project.has("paid.txt"), told).toBe(paidBefore);
            expect(project.report().steps["pay"]?.error?.code, told).toBe("outcome_unknown");
            outcomes.add("unknown");
          }
          return false;
        }),
      );
      // Inside of a commit the signal hits now before, now after the point of no return: not every outcome comes up.
      const possible = ["done now", "kept", "unknown"];
      const seen = [...outcomes].toSorted((a, b) => a.localeCompare(b));
      expect(seen).toEqual(when === "inside" ? possible.filter((outcome) => outcomes.has(outcome)) : possible);
      expect(outcomes).toContain("done now");
    },
  );
});

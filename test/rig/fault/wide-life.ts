import { prepareResume } from "../../../src/engine/local/resume.ts";
import { startRun } from "../../../src/engine/local/start.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import type { JsonObject } from "../../../src/util/json.ts";
import { sha256 } from "../../../src/util/digest.ts";
import { createFakeClock } from "../clock.ts";
import { reportOf, started, surroundings } from "../engine/launch.ts";
import { createMortalStore, type Death } from "../engine/mortal-store.ts";
import { World } from "../engine/world.ts";

/** What came of a run of any layers, from its first start to its end. */
export interface WideLife {
  /** What must not depend on crashes. */
  readonly result: JsonObject;
  readonly commits: number;
  readonly deaths: number;
  /** Rules of SEMANTICS.md that were broken. */
  readonly problems: readonly string[];
}

/** Lives a run through its deaths; between two starts a day goes by where `days` says so. */
export async function liveWide(plan: Plan, seed: number, deaths: readonly Death[], days: number): Promise<WideLife> {
  const clock = createFakeClock();
  const memory = createMemoryStore({ clock });
  const world = new World(seed, clock);
  const problems: string[] = [];
  let onRecord = "";
  let commits = 0;
  world.onEffect = ({ text, call, ...effect }) => {
    const attempt = /a(\d+)$/.exec(effect.key)?.[1] ?? "1";
    const answer = `said ${sha256(`${text} ${call} ${attempt}`).slice(0, 6)}`;
    if (onRecord.includes(answer)) problems.push(`'${text}' was asked again, and was on the record`);
    if (memory.findRun("R")?.lease === null) problems.push(`'${text}' was asked by nobody's run`);
  };
  for (let epoch = 0; ; epoch += 1) {
    commits = 0;
    const store = createMortalStore(memory, deaths[epoch] ?? null, () => void (commits += 1));
    const around = surroundings({ store, clock, provider: world.provider, runStep: world.runStep });
    const before = memory.findRun("R");
    let outcome;
    if (before === null)
      outcome = await started(
        startRun({ runId: "R", plan, manifestPath: "workflow.yaml", inputs: {}, choice: {} }, around),
      ).done;
    else {
      const prepared = prepareResume(before, plan, new Set(), around);
      if (!prepared.ok) throw new Error(`the run does not resume: ${prepared.error.message}`);
      const taken = prepared.value.take();
      if (!taken.ok) throw new Error("somebody else holds the run");
      outcome = await taken.value.go().done;
    }
    const facts = [...memory.readFacts("R")];
    if (outcome.status === "not_saved" && epoch <= deaths.length && memory.findRun("R")?.status === "running") {
      onRecord = JSON.stringify(facts.filter(({ state }) => state === "succeeded"));
      // The machine was off for a day.
      if (days > epoch) await new Promise<void>((resolve) => void clock.after(86_400_000, resolve));
      continue;
    }
    const events = [...memory.readEvents("R")];
    problems.push(...eventProblems(events.map(({ type, step }) => ({ type, step }))));
    const status = memory.findRun("R")?.status ?? "lost";
    // A process that died behind its last commit has no end to report; a resume would only print it.
    const report = outcome.status === "not_saved" ? null : reportOf(plan, memory, "R", outcome);
    return { result: resultOf(report, status), commits, deaths: epoch, problems };
  }
}

/** One terminal event for each step, one end of the run. */
function eventProblems(events: readonly { readonly type: string; readonly step: string | undefined }[]): string[] {
  const ends = new Map<string, number>();
  let since = 0;
  for (const [index, { type }] of events.entries()) if (type === "run.started") since = index;
  for (const { type, step } of events.slice(since))
    if (step !== undefined && /^step\.(?:succeeded|failed|skipped|cancelled)$/.test(type))
      ends.set(step, (ends.get(step) ?? 0) + 1);
  const problems = [...ends].flatMap(([step, count]) =>
    count === 1 ? [] : [`${step} ended ${count} times in one start`],
  );
  if (events.filter(({ type }) => type === "run.finished").length !== 1) problems.push("the run has not ended once");
  return problems;
}

function resultOf(report: JsonObject | null, status: string): JsonObject {
  if (report === null) return { status, steps: null };
  const steps = Object.entries(report["steps"] as { readonly [id: string]: JsonObject });
  return {
    status,
    steps: Object.fromEntries(
      steps.map(([id, { status: end, output }]) => [id, { status: end ?? null, output: output ?? null }]),
    ),
  };
}

import { prepareResume } from "../../../src/engine/local/resume.ts";
import { startRun } from "../../../src/engine/local/start.ts";
import type { LocalRun } from "../../../src/engine/local/run.ts";
import type { RunOutcome } from "../../../src/engine/local/run-outcome.ts";
import type { Surroundings } from "../../../src/engine/local/surroundings.ts";
import type { StepHandler } from "../../../src/engine/step/handler.ts";
import type { Plan } from "../../../src/plan/types.ts";
import type { StoredEvent } from "../../../src/run/event.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import type { Store } from "../../../src/store/store.ts";
import type { JsonObject } from "../../../src/util/json.ts";
import { ok } from "../../../src/util/result.ts";
import { createStateTools } from "../../../src/tool/state.ts";
import { reportOf, started, surroundings } from "../engine/launch.ts";
import { createSimulatedClock } from "./clock.ts";
import { Outside } from "./outside.ts";
import { People } from "./people.ts";
import { createTroubledStore, type Trouble } from "./troubled-store.ts";
import { Watch } from "./watch.ts";

/** What happens to the clock in the course of a life. */
export interface Jump {
  readonly afterMs: number;
  readonly kind: "jump" | "sleep";
  readonly ms: number;
}

/** What is made once for many lives. */
export type Shared = Pick<Surroundings, "evaluator" | "check">;

export interface LifeOptions {
  readonly shared: Shared;
  readonly plan: Plan;
  /** The same with budgets that never end: what a person goes on with after a pause. */
  readonly generous: () => Plan;
  readonly flag: boolean;
  readonly seed: number;
  readonly pace: number;
  readonly breaks: number;
  /** One for each start, until there is none left. */
  readonly troubles: readonly Trouble[];
  readonly jumps: readonly Jump[];
  /** A person stops this step, or the run (null), after so long; undefined = nobody does. */
  readonly kill?: { readonly afterMs: number; readonly step: string | null };
}

/** All there is to say of a run from its first start to its end. */
export interface SimulatedLife {
  /** What must not depend on crashes, times and orders of arrival, where the workflow is calm. */
  readonly result: JsonObject;
  readonly events: readonly StoredEvent[];
  readonly commits: number;
  readonly starts: number;
  readonly effects: number;
  readonly problems: readonly string[];
}

/** More starts than any life needs. */
const MOST_STARTS = 300;

export async function liveThrough(options: LifeOptions): Promise<SimulatedLife> {
  const watch = new Watch();
  let stuck: () => void = () => {};
  const isStuck = new Promise<"stuck">((resolve) => (stuck = () => resolve("stuck")));
  const clock = createSimulatedClock(() => stuck());
  const memory = createMemoryStore({ clock });
  const { seed, pace, breaks, troubles, jumps, kill } = options;
  const begins = (effect: Parameters<Watch["effectBegins"]>[0]): void => watch.effectBegins(effect);
  const ends = (effect: Parameters<Watch["effectEnds"]>[0]): void => watch.effectEnds(effect);
  const outside = new Outside({ clock, seed, pace, breaks, begins, ends });
  const people = new People(clock, memory, seed, pace);
  const cancels = jumps.map(({ afterMs, kind, ms }) => clock.after(afterMs, () => clock[kind](ms)));
  if (kill !== undefined)
    cancels.push(
      clock.after(kill.afterMs, () => {
        if (memory.findRun("R") !== null)
          memory.post("R", { at: clock.now(), kind: "kill", body: { step: kill.step } });
      }),
    );
  const zombies: Promise<RunOutcome>[] = [];
  let plan = options.plan;
  /** The start before this one ended because nothing more fits into a budget. */
  let isPaused = false;
  let commits = 0;
  for (let epoch = 1; ; epoch += 1) {
    if (epoch > MOST_STARTS) watch.wrong(5, `the run does not end in ${MOST_STARTS} starts`);
    const before = watch.calls;
    const life = oneStart(epoch);
    const outcome = await Promise.race([life.run.done, life.overtaken, isStuck]);
    if (outcome === "stuck" || epoch > MOST_STARTS) {
      if (outcome === "stuck") watch.wrong(5, "the run waits for what never comes");
      return over("stuck", null);
    }
    if (outcome === "overtaken") {
      zombies.push(life.run.done);
      continue;
    }
    watch.leave();
    const { status } = outcome;
    if (status === "lease_lost") watch.wrong(2, "the run was taken by nobody");
    if (status === "not_saved" && !life.isDead())
      watch.wrong(2, `the run broke off: ${outcome.failure?.message ?? ""}`);
    const onRecord = memory.findRun("R")?.status;
    if (onRecord === "running" || onRecord === "interrupted") continue;
    if (onRecord === "waiting") {
      if (status === "waiting" && outcome.waitsFor.every(({ what }) => what.kind === "budget")) {
        // The first time nobody gives it more.
        if (isPaused) plan = options.generous();
        if (isPaused && watch.calls > before) watch.wrong(9, "a paused run that is resumed makes calls");
        isPaused = !isPaused;
        continue;
      }
      await Promise.race([people.done(), isStuck]);
      await passDeadline(status === "waiting" ? outcome : null);
      continue;
    }
    return over(status, outcome);
  }

  function oneStart(epoch: number) {
    let isDead = false;
    let overtake: () => void = () => {};
    const overtaken = new Promise<"overtaken">(
      (resolve) => (overtake = () => setImmediate(() => resolve("overtaken"))),
    );
    commits = 0;
    watch.enter(epoch, plan);
    const store = createTroubledStore(memory, troubles[epoch - 1] ?? null, {
      committed(batch) {
        commits += 1;
        if (batch.events.length > 0) clock.progress();
        watch.committed(batch);
      },
      troubled(kind) {
        if (kind === "overtaken") overtake();
        else if (kind === "interrupted") setImmediate(() => run.interrupt());
        else {
          isDead = true;
          watch.leave();
        }
      },
      get isDead() {
        return isDead;
      },
    });
    const around = aroundOf(epoch, store);
    const summary = memory.findRun("R");
    const first = { runId: "R", plan, manifestPath: "workflow.yaml", inputs: { flag: options.flag }, choice: {} };
    const run: LocalRun =
      summary === null ? started(startRun(first, around)) : resumed(prepareResume(summary, plan, new Set(), around));
    return { run, overtaken, isDead: () => isDead };
  }

  function aroundOf(epoch: number, store: Store): Surroundings {
    const provider = outside.provider(epoch);
    const made = surroundings({
      store,
      clock,
      provider,
      runStep: outside.runStep(epoch),
      onEvents: (events) => people.see(events),
      shared: options.shared,
      tools: createStateTools(),
    });
    const told = (handler: StepHandler): StepHandler =>
      telling(handler, (label, attempt) => watch.attemptBegins(epoch, label, attempt));
    const handlers = Object.fromEntries(
      Object.entries(made.handlers).map(([kind, handler]) => [kind, kind === "value" ? handler : told(handler)]),
    ) as unknown as Surroundings["handlers"];
    return { ...made, handlers, cache: NO_CONTENTS, unitFiles: NO_FILES };
  }

  /** Nobody answers: the time goes by until somebody's patience is at its end. */
  async function passDeadline(outcome: Extract<RunOutcome, { status: "waiting" }> | null): Promise<void> {
    const deadlines = (outcome?.waitsFor ?? []).flatMap(({ what }) => what.deadline ?? []);
    if (deadlines.length === 0) return;
    const leftMs = Math.min(...deadlines) - clock.now() + 1;
    if (leftMs > 0) await new Promise<void>((resolve) => void clock.after(leftMs, resolve));
  }

  async function over(status: string, outcome: RunOutcome | null): Promise<SimulatedLife> {
    for (const cancel of cancels) cancel();
    for (const zombie of zombies) {
      const end = await Promise.race([zombie, isStuck]);
      if (end !== "stuck" && end.status !== "lease_lost") watch.wrong(2, `who lost the run ended as ${end.status}`);
    }
    const summary = memory.findRun("R");
    const onRecord = summary?.status ?? "lost";
    if (status !== "stuck") watch.end(onRecord);
    const report = outcome === null || outcome.status === "not_saved" ? null : reportOf(plan, memory, "R", outcome);
    if (report !== null) watch.spent(Number((report["usage"] as JsonObject)["calls"]));
    const result = resultOf(report, onRecord, memory);
    const starts = memory.findRun("R")?.epoch ?? 0;
    return {
      result,
      events: [...memory.readEvents("R")],
      commits,
      starts,
      effects: watch.effects,
      problems: watch.problems,
    };
  }
}

function resumed(prepared: ReturnType<typeof prepareResume>): LocalRun {
  if (!prepared.ok) throw new Error(`the run does not resume: ${prepared.error.message}`);
  const taken = prepared.value.take();
  if (!taken.ok) throw new Error("somebody else holds the run");
  return taken.value.go();
}

/** The same handler; told when an attempt begins its work. */
function telling(handler: StepHandler, tell: (label: string, attempt: number) => void): StepHandler {
  return {
    prepare(step, context) {
      const work = handler.prepare(step, context);
      if (!work.ok || work.value.kind === "now") return work;
      const { run } = work.value;
      return ok({
        ...work.value,
        run: (attempt) => {
          tell(attempt.label, attempt.attempt);
          return run(attempt);
        },
      });
    },
  };
}

/** No step of a simulation has files. */
const NO_CONTENTS = { contents: null } as unknown as NonNullable<Surroundings["cache"]>;
const NO_FILES = {
  restore: () => Promise.resolve(null),
  text: () => ok(""),
  hand: () => Promise.resolve(null),
  adopt: () => Promise.resolve(null),
} as unknown as NonNullable<Surroundings["unitFiles"]>;

function resultOf(report: JsonObject | null, status: string, store: Store): JsonObject {
  const values = Object.fromEntries(store.state.list("").map(({ key, value }) => [key, value]));
  if (report === null) return { status, steps: null, values };
  const steps = Object.entries(report["steps"] as { readonly [id: string]: JsonObject });
  return {
    status,
    values,
    outputs: report["outputs"] ?? null,
    steps: Object.fromEntries(
      steps.map(([id, { status: end, output }]) => [id, { status: end ?? null, output: output ?? null }]),
    ),
  };
}

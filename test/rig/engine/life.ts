import { readRun } from "../../../src/engine/local/read-run.ts";
import { prepareResume } from "../../../src/engine/local/resume.ts";
import { startRun } from "../../../src/engine/local/start.ts";
import type { RunOutcome } from "../../../src/engine/local/run-outcome.ts";
import { buildPlan } from "../../../src/plan/build.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { callKey } from "../../../src/run/attempt-key.ts";
import type { Fact } from "../../../src/run/fact.ts";
import { noSpend } from "../../../src/run/spend.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import type { RunStatus, Store } from "../../../src/store/store.ts";
import type { JsonObject } from "../../../src/util/json.ts";
import { load } from "../../golden/load.ts";
import { createFakeClock } from "../clock.ts";
import { reportOf, started, surroundings } from "./launch.ts";
import { createMortalStore, type Death } from "./mortal-store.ts";
import { World, type Effect } from "./world.ts";

/** The plan of a manifest that is given as data. */
export function planOf(manifest: JsonObject): Plan {
  const { document, manifest: normal } = load(JSON.stringify(manifest));
  const built = buildPlan(document, normal);
  if (!built.ok)
    throw new Error(`not a valid manifest: ${JSON.stringify(built.error)}\n${JSON.stringify(manifest, null, 2)}`);
  return built.value.plan;
}

export interface LifeOptions {
  /** One plan for each start of the run; the last one goes on. */
  readonly plans: readonly [Plan, ...Plan[]];
  readonly seed: number;
  /** How each start ends but the last. */
  readonly deaths: readonly Death[];
  /** What the world's answers depend on; see `World`. */
  readonly sees?: (text: string) => string;
}

/** All there is to say of a run from its first start to its end. */
export interface Life {
  readonly report: JsonObject;
  readonly status: RunStatus;
  readonly store: Store;
  readonly effects: readonly Effect[];
  /** How often the run was started. */
  readonly starts: number;
  /** How many effects there had been at each death. */
  readonly effectsAtDeath: readonly number[];
  /** Keys of attempts with a success on the record at each death. */
  readonly succeededAtDeath: readonly ReadonlySet<string>[];
  /** For each attempt, how many deaths it was in flight at. */
  readonly deathsInFlight: ReadonlyMap<string, number>;
  /** Effects that were answered and paid for, but whose answer died with its process. */
  readonly lost: ReadonlySet<Effect>;
  /** Commits of the last start. */
  readonly commits: number;
  /** Rules that were broken on the way. */
  readonly problems: readonly string[];
}

/**
 * Lives a run to its end through all its deaths, and watches that nothing happens outside before its start is on the
 * record (invariant 2), and that nothing with a success on the record is started again (invariant 10).
 */
export async function live({ plans, seed, deaths, sees }: LifeOptions): Promise<Life> {
  const clock = createFakeClock();
  const memory = createMemoryStore({ clock });
  const world = new World(seed, clock, sees);
  const problems: string[] = [];
  const startsOf = new Map<string, number>();
  const deathsInFlight = new Map<string, number>();
  const effectsAtDeath: number[] = [];
  const succeededAtDeath: ReadonlySet<string>[] = [];
  const lost = new Set<Effect>();
  const settled = new Set<Effect>();
  let commits = 0;

  world.onEffect = ({ key, call, text }) => {
    const facts = [...memory.readFacts("R")].filter((fact) => fact.key === key);
    const starts = (startsOf.get(key) ?? 0) + (call === 1 ? 1 : 0);
    startsOf.set(key, starts);
    if (!facts.some(({ state }) => state === "started"))
      problems.push(`${key} took effect before its start was committed (${text})`);
    if (plans.length === 1 && facts.some(({ state }) => state !== "started"))
      problems.push(`${key} was started again, and had ended`);
  };

  for (let epoch = 0; ; epoch += 1) {
    const plan = plans[Math.min(epoch, plans.length - 1)] as Plan;
    commits = 0;
    const store = createMortalStore(memory, deaths[epoch] ?? null, () => void (commits += 1));
    const around = surroundings({ store, clock, provider: world.provider, runStep: world.runStep });
    const before = memory.findRun("R");
    const run =
      before === null
        ? started(startRun({ runId: "R", plan, manifestPath: "workflow.yaml", inputs: {}, choice: {} }, around))
        : resumed(prepareResume(before, plan, new Set(), around));
    const outcome = await run.done;
    const facts = [...memory.readFacts("R")];
    const summary = memory.findRun("R");
    if (summary === null) throw new Error("the run is gone");
    if (outcome.status === "not_saved") {
      effectsAtDeath.push(world.effects.length);
      succeededAtDeath.push(new Set(facts.filter(({ state }) => state === "succeeded").map(({ key }) => key)));
      noteInFlight(facts, world.effects, settled, lost, deathsInFlight);
      if (summary.status === "running") continue;
    }
    const end = outcome.status === "not_saved" ? endOnRecord(memory, plan, around) : outcome;
    return {
      report: reportOf(plan, memory, "R", end),
      status: summary.status,
      store: memory,
      starts: epoch + 1,
      effects: world.effects,
      effectsAtDeath,
      succeededAtDeath,
      deathsInFlight,
      lost,
      commits,
      problems,
    };
  }
}

function resumed(prepared: ReturnType<typeof prepareResume>) {
  if (!prepared.ok) throw new Error(`the run does not resume: ${prepared.error.message}`);
  const taken = prepared.value.take();
  if (!taken.ok) throw new Error("somebody else holds the run");
  return taken.value.go();
}

/** Sorts the effects of the process that died into those whose outcome is on the record and those that are lost. */
function noteInFlight(
  facts: readonly Fact[],
  effects: readonly Effect[],
  settled: Set<Effect>,
  lost: Set<Effect>,
  deathsInFlight: Map<string, number>,
): void {
  const ended = new Set(facts.filter(({ state }) => state !== "started").map(({ key }) => key));
  const inFlight = new Set<string>();
  for (const effect of effects) {
    if (settled.has(effect) || lost.has(effect)) continue;
    if (ended.has(effect.key)) settled.add(effect);
    else {
      inFlight.add(effect.key);
      (ended.has(callKey(effect.key, effect.call)) ? settled : lost).add(effect);
    }
  }
  for (const key of inFlight) deathsInFlight.set(key, (deathsInFlight.get(key) ?? 0) + 1);
}

/** The end of a run whose process died after it had written that end. */
function endOnRecord(
  store: Store,
  plan: Plan,
  around: ReturnType<typeof surroundings>,
): Pick<RunOutcome, "record" | "outputs" | "spend" | "failure"> {
  const summary = store.findRun("R");
  const read = summary === null ? null : readRun(summary, plan, { ...around, store });
  if (read === null || !read.ok) throw new Error("the run cannot be read");
  const { record, ending, facts } = read.value;
  return {
    record,
    outputs: ending?.outputs ?? null,
    failure: ending?.failure ?? null,
    spend: facts.spend() ?? noSpend,
  };
}

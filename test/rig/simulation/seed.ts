import { isDeepStrictEqual } from "node:util";
import type { Plan } from "../../../src/plan/types.ts";
import { jsonText, type JsonObject } from "../../../src/util/json.ts";
import { drawOf, type Draw } from "./draw.ts";
import { liveThrough, type Jump, type LifeOptions, type Shared, type SimulatedLife } from "./life.ts";
import { planOf } from "./plan.ts";
import type { Trouble } from "./troubled-store.ts";
import { workflowOf, type SimulatedWorkflow } from "./workflow.ts";

/** What came of a seed. */
export interface SeedStory {
  readonly seed: number;
  /** Rules that were broken; empty = none. */
  readonly problems: readonly string[];
  readonly steps: number;
  readonly effects: number;
  readonly starts: number;
  readonly troubles: readonly Trouble["kind"][];
  /** How its lives ended. */
  readonly ends: readonly string[];
  /** Kinds and layers in the workflow. */
  readonly keys: readonly string[];
}

const DAY_MS = 86_400_000;

/** Lives the workflow of a seed without trouble, then with, in another order of arrival. */
export async function tellSeed(
  seed: number,
  shared: Shared,
  look: (life: SimulatedLife, options: Partial<LifeOptions>) => void = () => {},
): Promise<SeedStory> {
  const draw = drawOf(seed);
  const workflow = workflowOf(draw);
  const { isCalm, breaks } = workflow.temper;
  const plan = planOf(workflow);
  const generous = (): Plan => planOf({ files: withoutBudgets(workflow.files) });
  const base = {
    plan,
    generous,
    shared,
    flag: draw.chance(0.5),
    seed,
    breaks,
    troubles: [],
    jumps: [],
  } satisfies Partial<LifeOptions>;
  const whole = await liveThrough({ ...base, pace: seed });
  const problems = whole.problems.map((problem) => `without trouble: ${problem}`);
  if (draw.chance(0.1)) {
    const again = await liveThrough({ ...base, pace: seed });
    if (!isDeepStrictEqual(again.events, whole.events)) problems.push("(1) the same world gives other events");
  }
  const troubles = troublesOf(draw, whole.commits);
  const kill = !isCalm && draw.chance(0.3) ? { kill: killOf(draw, plan) } : {};
  const options = { ...base, ...kill, pace: draw.among(1e9), troubles, jumps: jumpsOf(draw, isCalm) };
  const life = await liveThrough(options);
  look(whole, base);
  look(life, options);
  problems.push(...life.problems);
  if (isCalm) problems.push(...differences(whole, life));
  return {
    seed,
    problems,
    steps: plan.scopes.reduce((sum, { steps }) => sum + steps.length, 0),
    effects: whole.effects + life.effects,
    starts: life.starts,
    troubles: troubles.map(({ kind }) => kind),
    ends: [whole, life].map(({ result }) => jsonText(result["status"])),
    keys: keysOf(workflow),
  };
}

function troublesOf(draw: Draw, commits: number): Trouble[] {
  return Array.from({ length: draw.among(4) - 1 }, () => ({
    atCommit: draw.among(commits + 1) - 1,
    kind: draw.one(["lost", "lost", "dies", "dies", "overtaken", "interrupted"]),
  }));
}

/** The time of day may jump in any case; a machine that sleeps lets time limits pass, which is another outcome. */
function jumpsOf(draw: Draw, isCalm: boolean): Jump[] {
  return Array.from({ length: draw.among(3) - 1 }, () => ({
    afterMs: draw.among(30_000),
    kind: isCalm ? "jump" : draw.one(["jump", "sleep"]),
    ms: draw.one([DAY_MS, -DAY_MS, 3_600_000]),
  })).map((jump) => (jump.kind === "sleep" ? { ...jump, ms: DAY_MS } : jump)) as Jump[];
}

function killOf(draw: Draw, plan: Plan): NonNullable<LifeOptions["kill"]> {
  const ids = (plan.scopes[0] as Plan["scopes"][0]).steps.map(({ id }) => id) as [string, ...string[]];
  return { afterMs: draw.among(6000), step: draw.chance(0.3) ? null : draw.one(ids) };
}

/** Crashes, orders of arrival and jumps of the clock must not show in what came out. */
function differences(whole: SimulatedLife, life: SimulatedLife): string[] {
  const [one, other] = [whole.result, life.result];
  if (one["steps"] === null || other["steps"] === null)
    return one["status"] === other["status"]
      ? []
      : [`(10) ${jsonText(other["status"])}, without trouble ${jsonText(one["status"])}`];
  if (isDeepStrictEqual(one, other)) return [];
  const steps = Object.keys(one["steps"] as JsonObject).filter(
    (id) => !isDeepStrictEqual((one["steps"] as JsonObject)[id], (other["steps"] as JsonObject)[id]),
  );
  const told = steps.slice(0, 3).map((id) => {
    const [was, is] = [one, other].map((result) => JSON.stringify((result["steps"] as JsonObject)[id]).slice(0, 300));
    return `${id} is ${is ?? ""}, without trouble ${was ?? ""}`;
  });
  return [
    `(10) another result: ${told.join("; ")}${steps.length === 0 ? ` ${JSON.stringify([one, other]).slice(0, 2000)}` : ""}`,
  ];
}

function withoutBudgets(files: SimulatedWorkflow["files"]): SimulatedWorkflow["files"] {
  const text = JSON.stringify(files, (key, value: unknown) => (key === "budget" ? { calls: 1_000_000 } : value));
  return JSON.parse(text) as SimulatedWorkflow["files"];
}

/** The keys of steps that there are. */
function keysOf({ files }: SimulatedWorkflow): string[] {
  const keys = new Set<string>();
  const look = (steps: JsonObject | undefined): void => {
    for (const step of Object.values(steps ?? {}) as JsonObject[]) {
      for (const key of Object.keys(step)) keys.add(key);
      if (typeof step["steps"] === "object") look(step["steps"] as JsonObject);
    }
  };
  for (const file of Object.values(files)) {
    look(file["steps"] as JsonObject);
    if ("finally" in file) keys.add("finally");
    for (const limit of Object.keys((file["limits"] as JsonObject | undefined) ?? {})) keys.add(`limits.${limit}`);
  }
  return [...keys];
}

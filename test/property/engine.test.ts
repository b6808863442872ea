import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/util/json.ts";
import { live, planOf, type Life } from "../rig/engine/life.ts";
import type { Death } from "../rig/engine/mortal-store.ts";
import { randomManifest } from "../rig/engine/random-manifest.ts";

/** Always the same manifests; FC_SEED=... tries others, FC_SCALE=10 ten times as many. */
const seed = Number(process.env["FC_SEED"] ?? 20_261_122);
const scale = Number(process.env["FC_SCALE"] ?? 1);
const check = <T>(property: fc.IAsyncProperty<T>, runs: number): Promise<void> =>
  fc.assert(property, { seed, numRuns: runs * scale });

const death: fc.Arbitrary<Death> = fc.record({ atCommit: fc.nat(25), isDurable: fc.boolean() });
const worldSeed = fc.nat(1_000_000);

describe(`the engine, on random workflows that crash (FC_SEED=${seed})`, () => {
  test("invariant 1: the same plan in the same world gives the same events, at the same times", () =>
    check(
      fc.asyncProperty(randomManifest({ calm: false, idempotent: false }), worldSeed, async (manifest, world) => {
        const plan = planOf(manifest);
        const [one, other] = [
          await live({ plans: [plan], seed: world, deaths: [] }),
          await live({ plans: [plan], seed: world, deaths: [] }),
        ];
        expect([...other.store.readEvents("R")]).toEqual([...one.store.readEvents("R")]);
        expect(other.report).toEqual(one.report);
        expectNothingWrong(one);
      }),
      60,
    ));

  test("invariant 10: a crash at any commit, then resume, gives the outputs of the run that did not crash", () =>
    check(
      fc.asyncProperty(randomManifest({ calm: true, idempotent: true }), worldSeed, async (manifest, world) => {
        const plan = planOf(manifest);
        const whole = await live({ plans: [plan], seed: world, deaths: [] });
        for (let atCommit = 0; atCommit < whole.commits; atCommit += 1) {
          for (const isDurable of [false, true]) {
            const life = await live({ plans: [plan], seed: world, deaths: [{ atCommit, isDurable }] });
            expect(resultOf(life)).toEqual(resultOf(whole));
            expectNothingWrong(life);
            if (!hasFailFast(manifest)) expectStepsAddUp(life);
          }
        }
      }),
      25,
    ));

  test("invariant 10, with crashes of the resumes too", () =>
    check(
      fc.asyncProperty(
        randomManifest({ calm: true, idempotent: true }),
        worldSeed,
        fc.array(death, { minLength: 2, maxLength: 3 }),
        async (manifest, world, deaths) => {
          const plan = planOf(manifest);
          const whole = await live({ plans: [plan], seed: world, deaths: [] });
          const life = await live({ plans: [plan], seed: world, deaths });
          expect(resultOf(life)).toEqual(resultOf(whole));
          expectNothingWrong(life);
        },
      ),
      150,
    ));

  test("an unsafe effect never happens twice, whatever crashes; nothing else breaks a rule either", () =>
    check(
      fc.asyncProperty(
        randomManifest({ calm: false, idempotent: false }),
        worldSeed,
        fc.array(death, { minLength: 1, maxLength: 3 }),
        async (manifest, world, deaths) => {
          const life = await live({ plans: [planOf(manifest)], seed: world, deaths });
          expectNothingWrong(life);
          const kinds = kindsOf(manifest);
          const unsafe = life.effects
            .filter(({ text }) => kinds.get(text.slice(0, text.indexOf("|"))) === "run")
            .map(({ key }) => key);
          expect(unsafe.length).toBe(new Set(unsafe).size);
        },
      ),
      150,
    ));

  for (const isSame of [true, false]) {
    test(`an edit runs that step again, and those that read a value that is another now (here ${isSame ? "none is" : "its output is"})`, () =>
      check(
        fc.asyncProperty(
          randomManifest({ calm: true, idempotent: true }),
          worldSeed,
          fc.nat(11),
          death,
          async (manifest, world, edited, end) => {
            const changed = editOf(manifest, edited);
            const sees = isSame ? (text: string) => text.replace(".v2|", "|") : (text: string) => text;
            const plans = [planOf(manifest), planOf(changed)] as const;
            const fresh = await live({ plans: [plans[1]], seed: world, deaths: [], sees });
            const life = await live({
              plans,
              seed: world,
              deaths: [{ ...end, atCommit: end.atCommit % fresh.commits }],
              sees,
            });
            expect(life.problems).toEqual([]);
            fc.pre(life.starts === 2); // else it ended before it could die
            expect(resultOf(life)).toEqual(resultOf(fresh));
            const [before = 0] = life.effectsAtDeath;
            const texts = new Set(life.effects.slice(0, before).map(({ key, text, call }) => `${key} ${call} ${text}`));
            const again = life.effects
              .slice(before)
              .filter(
                ({ key, text, call }) => texts.has(`${key} ${call} ${text}`) && life.succeededAtDeath[0]?.has(key),
              );
            expect(again).toEqual([]);
          },
        ),
        100,
      ));
  }
});

/** What must not depend on crashes: how each step ended, and with what. */
function resultOf({ report, status }: Life): Json {
  const steps = Object.entries(report["steps"] as { [id: string]: JsonObject });
  return {
    status,
    outputs: report["outputs"] as Json,
    steps: Object.fromEntries(
      steps.map(([id, { status: end, output, caught }]) => [id, { status: end, output, caught }]),
    ) as JsonObject,
  };
}

/** No rule was broken on the way, no effect happened more often than it had to, and every call is accounted for. */
function expectNothingWrong(life: Life): void {
  expect(life.problems).toEqual([]);
  const counts = new Map<string, number>();
  for (const { key, call } of life.effects) counts.set(`${key} ${call}`, (counts.get(`${key} ${call}`) ?? 0) + 1);
  for (const [effect, count] of counts) {
    const key = effect.slice(0, effect.lastIndexOf(" "));
    expect(count, `times that ${effect} happened`).toBeLessThanOrEqual(1 + (life.deathsInFlight.get(key) ?? 0));
  }
  const paid = life.effects.filter((effect) => effect.usage !== null && !life.lost.has(effect));
  const input = paid.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0), 0);
  expect(life.report["usage"]).toMatchObject({ calls: paid.length, input_tokens: input });
}

/** Every call stands with its step. */
function expectStepsAddUp({ report }: Life): void {
  const steps = Object.values(report["steps"] as { [id: string]: { usage: { calls: number } | null } });
  const calls = steps.reduce((sum, { usage }) => sum + (usage?.calls ?? 0), 0);
  expect(report["usage"]).toMatchObject({ calls });
}

/** An attempt that was stopped has no outcome, so a resume does not ask what its first call had cost the step. */
function hasFailFast(manifest: JsonObject): boolean {
  return Object.values(manifest["steps"] as { [id: string]: JsonObject }).some((step) => "fail_fast" in step);
}

function kindsOf(manifest: JsonObject): ReadonlyMap<string, string> {
  const steps = Object.entries(manifest["steps"] as { [id: string]: JsonObject });
  return new Map(steps.map(([id, step]) => [id, "run" in step ? "run" : "other"]));
}

/** The manifest with another text in one step that asks somebody; the same one when it has none. */
function editOf(manifest: JsonObject, edited: number): JsonObject {
  const steps = Object.entries(manifest["steps"] as { [id: string]: JsonObject });
  const asking = steps.filter(([, step]) => "run" in step || "agent" in step).map(([id]) => id);
  const chosen = asking[edited % Math.max(1, asking.length)];
  const changed = steps.map(([id, step]) => {
    if (id !== chosen) return [id, step] as const;
    const env = step["env"] as JsonObject | undefined;
    const renamed = (text: Json | undefined): string => (text as string).replace(`${id}|`, `${id}.v2|`);
    return [
      id,
      env === undefined ? { ...step, task: renamed(step["task"]) } : { ...step, env: { TEXT: renamed(env["TEXT"]) } },
    ] as const;
  });
  return { ...manifest, steps: Object.fromEntries(changed) };
}

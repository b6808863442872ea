import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/util/json.ts";

/** What the random manifests may hold. */
export interface ManifestOptions {
  /**
   * Things whose result depends on what came first are left out: join `any`, and reading the outputs of steps that
   * need not have ended. What is left gives equal outputs in every order of arrival.
   */
  readonly calm: boolean;
  /** `run` steps say `idempotent: true`. */
  readonly idempotent: boolean;
}

/** Small manifests of 3 to 12 steps, as data; every one is valid. Steps are called `s0`, `s1`, ... */
export function randomManifest(options: ManifestOptions): fc.Arbitrary<JsonObject> {
  return fc
    .record({ steps: fc.array(stepSeed, { minLength: 3, maxLength: 12 }), concurrency: fc.integer({ min: 1, max: 4 }) })
    .map(({ steps, concurrency }) => manifestOf(steps, concurrency, options));
}

const stepSeed = fc.record({
  kind: fc.constantFrom("value", "run", "run", "agent", "agent", "typed"),
  reads: fc.array(fc.nat(11), { maxLength: 2 }),
  needs: fc.record({
    kind: fc.constantFrom("none", "none", "list", "any", "at_least"),
    of: fc.uniqueArray(fc.nat(11), { maxLength: 3 }),
  }),
  condition: fc.constantFrom(null, null, null, null, "always()", "failure()", "success()", "false"),
  fan: fc.option(
    fc.record({
      /** 0 to 3 entries of its own, or those of an earlier fan. */
      size: fc.nat(3),
      over: fc.option(fc.nat(11), { nil: null }),
      join: fc.constantFrom("all", "settled", "at_least", "any"),
      failFast: fc.boolean(),
      maxParallel: fc.option(fc.integer({ min: 1, max: 2 }), { nil: null }),
    }),
    { nil: null, freq: 3 },
  ),
  attempts: fc.integer({ min: 1, max: 3 }),
  delay: fc.constantFrom("0s", "1s"),
  onError: fc.constantFrom(null, null, "continue", "output"),
});

type StepSeed = typeof stepSeed extends fc.Arbitrary<infer Seed> ? Seed : never;

function manifestOf(seeds: readonly StepSeed[], concurrency: number, options: ManifestOptions): JsonObject {
  const steps = Object.fromEntries(seeds.map((seed, index) => [`s${index}`, stepOf(seed, index, seeds, options)]));
  return {
    muster: 1,
    name: "random",
    agents: { writer: { model: "anthropic/claude-haiku-5-5", instructions: "You write." } },
    limits: { concurrency },
    steps,
    outputs: { all: seeds.map((_, index) => `\${{ steps.s${index}.output }}`) },
  };
}

function stepOf(seed: StepSeed, index: number, seeds: readonly StepSeed[], options: ManifestOptions): JsonObject {
  const earlier = (numbers: readonly number[]): number[] =>
    index === 0 ? [] : [...new Set(numbers.map((n) => n % index))];
  const id = `s${index}`;
  const of = earlier(seed.needs.of);
  const isPartial = of.length > 0 && (seed.needs.kind === "any" || seed.needs.kind === "at_least");
  const reads = earlier(seed.reads).filter((read) => !(options.calm && isPartial && of.includes(read)));
  const fan = fanOf(seed, index, seeds, options, isPartial ? of : []);
  return {
    ...bodyOf(seed, id, reads, fan !== null, options),
    ...needsOf(seed, of),
    ...(seed.condition === null ? {} : { if: seed.condition }),
    ...fan,
    retry: { max_attempts: seed.attempts, delay: seed.delay },
    ...(seed.onError === null
      ? {}
      : {
          on_error: seed.onError === "continue" ? "continue" : { output: seed.kind === "typed" ? { n: 0 } : "caught" },
        }),
  };
}

/** Texts start with `STEP|ITEM|`: so the rig knows whose text it is. */
function bodyOf(
  seed: StepSeed,
  id: string,
  reads: readonly number[],
  hasItem: boolean,
  options: ManifestOptions,
): JsonObject {
  const text = `${id}|${hasItem ? "{{ json item }}" : ""}|${reads.map((read) => `{{ json steps.s${read}.output }}`).join(" ")}`;
  switch (seed.kind) {
    case "value":
      return {
        value: { id, read: reads.map((read) => `\${{ steps.s${read}.output }}`), item: hasItem ? "${{ item }}" : null },
      };
    case "run":
      return { run: "do", env: { TEXT: text }, ...(options.idempotent ? { idempotent: true } : {}) };
    default:
      return { agent: "writer", task: text, ...(seed.kind === "typed" ? { output: TYPED } : {}) };
  }
}

/** What steps of kind `typed` answer. */
const TYPED = { type: "object", properties: { n: { type: "integer" } }, required: ["n"], additionalProperties: false };

function needsOf(seed: StepSeed, of: readonly number[]): JsonObject {
  const names = of.map((need) => `s${need}`);
  if (names.length === 0 || seed.needs.kind === "none") return {};
  if (seed.needs.kind === "any") return { needs: { any: names } };
  if (seed.needs.kind === "at_least") return { needs: { at_least: Math.max(1, names.length - 1), of: names } };
  return { needs: names };
}

function fanOf(
  { fan }: StepSeed,
  index: number,
  seeds: readonly StepSeed[],
  options: ManifestOptions,
  unsure: readonly number[],
): JsonObject | null {
  if (fan === null) return null;
  const join = joinOf(fan.join, options);
  // A list that is empty as written is refused where one item at least must succeed.
  const size = join === "any" || join === "at_least" ? Math.max(1, fan.size) : fan.size;
  const own = Array.from({ length: size }, (_, item) => `i${item}`);
  const over = fan.over === null || index === 0 ? null : fan.over % index;
  const items: Json =
    over !== null && givesList(seeds[over], options) && !unsure.includes(over) ? `\${{ steps.s${over}.output }}` : own;
  return {
    for_each: items,
    join: join === "at_least" ? { at_least: 1 } : join,
    ...(fan.failFast && join !== "settled" ? { fail_fast: true } : {}),
    ...(fan.maxParallel === null ? {} : { max_parallel: fan.maxParallel }),
  };
}

/** A step whose output is a list of texts or values that are all different: then an item tells which one it is. */
function givesList(seed: StepSeed | undefined, options: ManifestOptions): boolean {
  return (
    seed !== undefined &&
    seed.fan !== null &&
    joinOf(seed.fan.join, options) !== "any" &&
    seed.kind !== "typed" &&
    seed.onError !== "output"
  );
}

function joinOf(join: string, { calm }: ManifestOptions): string {
  return calm && join === "any" ? "all" : join;
}

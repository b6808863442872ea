import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { createSourceReader } from "../../../src/compose/source-reader.ts";
import { buildPlan } from "../../../src/plan/build.ts";
import { WorkflowLoader } from "../../../src/plan/load-workflows.ts";
import { noChoice } from "../../../src/plan/model-choice.ts";
import { noFiles, type SourceFiles } from "../../../src/plan/source-files.ts";
import type { Plan, PlannedStep } from "../../../src/plan/types.ts";
import { isJsonObject, type Json } from "../../../src/util/json.ts";
import { casesOf, readWorkflow } from "../../golden/golden-file.ts";
import { load } from "../../golden/load.ts";

/** `files` is the folder of a golden case. */
function planOf(text: string, files: SourceFiles = noFiles): Plan {
  const { document, manifest } = load(text);
  const built = buildPlan(document, manifest, new WorkflowLoader(files, noChoice));
  if (!built.ok) throw new Error(built.error.map(({ message }) => message).join("\n"));
  return built.value.plan;
}

function stepsOf(steps: string): readonly PlannedStep[] {
  const text = `muster: 1\nname: test\nagents:\n  a: { model: anthropic/claude-haiku-5-5 }\nsteps:\n${steps}`;
  return planOf(text).scopes[0]?.steps ?? [];
}

describe("what a step waits for", () => {
  it("is what it reads, in one group that needs all", () => {
    const [, , sum] = stepsOf(`
  a: { value: 1 }
  b: { value: 2 }
  sum: { value: "\${{ steps.b.output + steps.a.output + steps.b.output }}" }`);
    expect(sum?.needs).toEqual([{ of: [0, 1], required: 2 }]);
  });

  it("is read from every part of a step", () => {
    const ids = ["f", "i", "e", "s", "c", "o", "d"];
    const steps = stepsOf(`
${ids.map((id) => `  ${id}: { value: [x] }`).join("\n")}
  all:
    description: "{{ steps.d.output }}"
    for_each: \${{ steps.f.output }}
    if: steps.i.status == 'succeeded'
    run: make
    env: { E: "{{ steps.e.output }}" }
    stdin: "{{ steps.s.output }}"
    cwd: "{{ steps.c.output }}"
    on_error: { output: "\${{ steps.o.output }}" }`);
    expect(steps.at(-1)?.needs).toEqual([{ of: [0, 1, 2, 3, 4, 5, 6], required: 7 }]);
  });

  it("joins `needs` that ask for all with the references", () => {
    const steps = stepsOf(`
  a: { value: 1 }
  b: { value: 2 }
  c: { value: "\${{ steps.b.output }}", needs: [a, b] }`);
    expect(steps[2]?.needs).toEqual([{ of: [0, 1], required: 2 }]);
  });

  it("follows `needs` for the steps that it names, and the references for all others", () => {
    const steps = stepsOf(`
  deep: { value: 1 }
  clean: { value: 2 }
  facts: { value: 3 }
  sum: { value: "\${{ [steps.deep.output, steps.facts.output] }}", needs: { any: [deep, clean] } }`);
    expect(steps[3]?.needs).toEqual([
      { of: [2], required: 1 },
      { of: [0, 1], required: 1 },
    ]);
  });

  it("is nothing where nothing is read or named", () => {
    const [a, b] = stepsOf(`
  a: { value: 1 }
  b: { value: 2, needs: [] }`);
    expect([a?.needs, b?.needs]).toEqual([[], []]);
  });
});

describe("what a step may try again", () => {
  it("leaves out what could do an unsafe effect twice, unless it is named", () => {
    const [plain, safe, named, agent] = stepsOf(`
  plain: { run: make, retry: { max_attempts: 2 } }
  safe: { run: make, idempotent: true, retry: { max_attempts: 2 } }
  named: { run: make, retry: { max_attempts: 2, on: [timeout, exit] } }
  agent: { agent: a, task: Hi., retry: { max_attempts: 2 } }`);
    expect([plain?.effect, plain?.retry.on]).toEqual(["unsafe", ["rate_limit", "overloaded", "server", "output"]]);
    const all = ["rate_limit", "overloaded", "server", "network", "timeout", "output"];
    expect([safe?.effect, safe?.retry.on]).toEqual(["idempotent", all]);
    expect([named?.effect, named?.retry.on]).toEqual(["unsafe", ["timeout", "exit"]]);
    expect([agent?.effect, agent?.retry.on]).toEqual(["none", all]);
  });
});

describe("a gate", () => {
  it("waits for the end of all needs where `if` asks how they ended", () => {
    const steps = stepsOf(`
  a: { value: 1 }
  plain: { value: 1, needs: a, if: steps.a.status == 'succeeded' }
  success: { value: 1, needs: a, if: success() && true }
  failure: { value: 1, needs: a, if: "\${{ failure() }}" }
  always: { value: 1, needs: a, if: always() || cancelled() }
  words: { value: 1, needs: a, if: "'always()' != 'x'" }`);
    expect(steps.map((step) => step.whenSettled)).toEqual([false, false, false, true, true, false]);
    expect(steps[3]?.condition).toBe("failure()");
  });
});

describe("the digest of a plan", () => {
  it.each(casesOf("plan"))("does not depend on comments, spelling and the order of keys: %s", (name) => {
    const text = readWorkflow("plan", name);
    const path = fileURLToPath(new URL(`../../golden/plan/${name}/workflow.yaml`, import.meta.url));
    const files = createSourceReader(path, "workflow.yaml", { env: {}, isFrozen: true });
    const { digest } = planOf(text, files);
    const data = parse(text) as Json;
    expect(planOf(`# a comment\n${stringify(data, { indent: 4, lineWidth: 0 })}`, files).digest).toBe(digest);
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (random) => {
        expect(planOf(JSON.stringify(shuffled(data, random, [])), files).digest).toBe(digest);
      }),
      { numRuns: 5 },
    );
  });

  it("depends on the order of the steps, and on what they do", () => {
    const digests = [
      "  a: { value: 1 }\n  b: { value: 2 }",
      "  b: { value: 2 }\n  a: { value: 1 }",
      "  a: { value: 1 }\n  b: { value: 3 }",
      "  a: { value: 1 }\n  b: { value: 2, needs: a }",
    ].map((steps) => planOf(`muster: 1\nname: test\nsteps:\n${steps}`).digest);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it("is of the plan itself", () => {
    expect(planOf("muster: 1\nname: test\nsteps:\n  a: { value: 1 }").digest).toMatch(/^[0-9a-f]{64}$/);
  });
});

/** Maps whose order has a meaning: which step starts first, which combination comes first, which variant a key takes. */
const ORDERED = /^(?:steps|finally|variants)(?:\/\w+\/steps)*$|\/matrix$/;

/** The same data with the keys of every map in another order, but for the steps themselves and the matrices. */
function shuffled(value: Json, random: Iterator<number>, path: readonly string[]): Json {
  if (Array.isArray(value)) return value.map((item: Json) => shuffled(item, random, [...path, "*"]));
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value).map((key) => ({ key, rank: (random.next().value as number | undefined) ?? 0 }));
  if (!ORDERED.test(path.join("/"))) keys.sort((a, b) => a.rank - b.rank);
  return Object.fromEntries(keys.map(({ key }) => [key, shuffled(value[key] as Json, random, [...path, key])]));
}

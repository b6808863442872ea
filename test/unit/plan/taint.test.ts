import { describe, expect, it } from "vitest";
import { findTaint } from "../../../src/plan/taint.ts";
import { planOfText } from "../../rig/engine/story.ts";

const HEAD = `muster: 1\nname: w\npermissions: { network: ["*"], shell: any, state: write, files: write }\nsteps:\n`;

/** `SOURCE -> SINK PART` of all that is found. */
function found(steps: string): readonly string[] {
  const plan = planOfText(HEAD + steps);
  return findTaint(plan).map(
    ({ source, scope, step, part }) => `${source.id} -> ${plan.scopes[scope]?.steps[step]?.id} ${part.join(".")}`,
  );
}

const FETCH = `  fetch: { http: { url: "https://example.com/" } }\n`;
const USE = `run: ./work.sh, env: { T: "{{ steps.fetch.output }}" }`;

describe("an approval between", () => {
  it("lets what comes before it through", () => {
    expect(
      found(
        `${FETCH}  ask: { needs: fetch, approval: { prompt: Look? } }\n  use: { needs: ask, ${USE} }\n  early: { ${USE} }\n`,
      ),
    ).toEqual(["fetch -> early env"]);
  });

  it("is none where it does not come after the source, may be passed by, or does not end the run", () => {
    expect(found(`${FETCH}  ask: { approval: { prompt: Look? } }\n  use: { needs: ask, ${USE} }\n`)).toEqual([
      "fetch -> use env",
    ]);
    expect(
      found(
        `${FETCH}  ask: { needs: fetch, approval: { prompt: Look? } }\n  other: { run: "true" }\n  use: { needs: { any: [ask, other] }, ${USE} }\n`,
      ),
    ).toEqual(["fetch -> use env"]);
    expect(
      found(
        `${FETCH}  ask: { needs: fetch, approval: { prompt: Look? }, on_error: continue }\n  use: { needs: ask, ${USE} }\n`,
      ),
    ).toEqual(["fetch -> use env"]);
  });

  it("is none for what runs when it was refused, nor for what comes after that", () => {
    const ask = `${FETCH}  ask: { needs: fetch, approval: { prompt: Look? } }\n`;
    expect(found(`${ask}  use: { needs: ask, if: always(), ${USE} }\n`)).toEqual(["fetch -> use env"]);
    expect(
      found(`${ask}  mid: { needs: ask, if: success() || failure(), run: "true" }\n  use: { needs: mid, ${USE} }\n`),
    ).toEqual(["fetch -> use env"]);
    expect(found(`${ask}  use: { needs: ask, if: success() && run.name != "", ${USE} }\n`)).toEqual([]);
  });

  it("is one where it is asked whatever became of what is read", () => {
    expect(
      found(
        `${FETCH}  ask: { needs: fetch, if: always(), approval: { prompt: Look? } }\n  use: { needs: ask, ${USE} }\n`,
      ),
    ).toEqual([]);
  });

  it("holds for all that is inside of a group behind it", () => {
    const group = (needs: string) =>
      `${FETCH}  ask: { needs: fetch, approval: { prompt: Look? } }\n  group:\n    ${needs}\n    steps:\n      use: { ${USE} }\n    outputs: {}\n`;
    expect([found(group("needs: ask")), found(group("needs: fetch"))]).toEqual([[], ["fetch -> use env"]]);
  });
});

it("follows a value through models, programs, lists and groups, and not through what a schema pins down", () => {
  expect(
    found(`${FETCH}  run: { ${USE} }
  list: { value: "\${{ [steps.run.output] }}" }
  each: { for_each: "\${{ steps.list.output }}", run: [echo, "{{ item }}"] }
  group:
    for_each: "\${{ steps.list.output }}"
    steps: { inner: { state: { set: "{{ item }}", value: 1 } } }
    outputs: { n: "\${{ steps.inner.output }}" }
  closed: { run: ./work.sh, stdin: "{{ steps.fetch.output }}", output: { type: object, properties: { ok: { type: boolean }, why: { type: string } }, required: [ok, why] } }
  yes: { run: ./work.sh, env: { OK: "{{ steps.closed.output.ok }}" } }
  why: { run: ./work.sh, env: { WHY: "{{ steps.closed.output.why }}" } }
`),
  ).toEqual([
    "fetch -> run env",
    "fetch -> closed stdin",
    "fetch -> why env",
    "fetch -> each run",
    "fetch -> inner state",
  ]);
});

it("finds nothing in a plan without a source", () => {
  expect(found(`  a: { run: echo }\n  b: { run: ./work.sh, stdin: "{{ steps.a.output }}" }\n`)).toEqual([]);
});

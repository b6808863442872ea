import { describe, expect, it } from "vitest";
import { graphOf } from "../../../src/plan/graph.ts";
import { onlySteps } from "../../../src/plan/only.ts";
import { EMPTY_SCOPE, type Plan } from "../../../src/plan/types.ts";
import { planOf } from "../../rig/progress.ts";

const written = planOf(`  fetch: { value: 1 }
  lint: { value: 2 }
  build: { value: "\${{ steps.fetch.output }}" }
  test: { value: "\${{ steps.build.output }}", if: "\${{ steps.lint.status == 'succeeded' }}" }
  either: { value: 3, needs: { any: [build, lint] } }
  deploy: { needs: [test], value: 4 }
  tidy: { value: "\${{ steps.lint.output }}" }
outputs:
  built: "\${{ steps.build.output }}"
  both: ["\${{ steps.build.output }}", "\${{ steps.deploy.output }}"]
  fixed: 7
`);

/** `tidy` as a `finally` step: it reads `lint` without an edge. */
const plan: Plan = {
  ...written,
  scopes: written.scopes.map((scope) => ({
    ...scope,
    steps: scope.steps.map((step) => (step.id === "tidy" ? { ...step, needs: [], isFinally: true } : step)),
  })),
};

function only(...ids: string[]): Plan {
  const reduced = onlySteps(plan, ids);
  if (!reduced.ok) throw new Error(reduced.error);
  return reduced.value;
}

const idsOf = (reduced: Plan): string[] => (reduced.scopes[0]?.steps ?? []).map(({ id }) => id);

describe("a plan of only some steps", () => {
  it("has them and what they need, in the order of the file, whatever the order of their names", () => {
    expect(idsOf(only("build"))).toEqual(["fetch", "build"]);
    expect(idsOf(only("test", "fetch"))).toEqual(["fetch", "lint", "build", "test"]);
    expect(idsOf(only("lint", "lint"))).toEqual(["lint"]);
  });

  it("names its steps by their new positions", () => {
    expect(graphOf(only("either").scopes[0] ?? EMPTY_SCOPE)).toEqual([[], [], [0], [1, 2]]);
    expect(only("either").scopes[0]?.steps[3]?.needs).toEqual([{ of: [1, 2], required: 1 }]);
  });

  it("has a finally step only when it is named, with what it reads", () => {
    expect(idsOf(only("tidy"))).toEqual(["lint", "tidy"]);
    expect(idsOf(only("deploy"))).not.toContain("tidy");
  });

  it("has the outputs that it can still tell", () => {
    expect(Object.keys(only("build").scopes[0]?.outputs ?? {})).toEqual(["built", "fixed"]);
    expect(Object.keys(only("deploy").scopes[0]?.outputs ?? {})).toEqual(["built", "both", "fixed"]);
  });

  it("is another plan, always the same one", () => {
    expect(only("build").digest).not.toBe(plan.digest);
    expect(only("build")).toEqual(only("build", "fetch"));
  });

  it("keeps what is inside of a group, with what that reads, and nothing of a group that is left out", () => {
    const grouped = planOf(`  fetch: { value: 1 }
  other: { steps: { inside: { agent: a, task: x } } }
  group:
    steps:
      inner: { value: "\${{ steps.fetch.output }}" }
`);
    const reduced = onlySteps(grouped, ["group"]);
    const scopes = reduced.ok ? reduced.value.scopes.map(({ steps }) => steps.map(({ id }) => id)) : [];
    expect(scopes[0]).toEqual(["fetch", "group"]);
    expect(scopes.slice(1)).toEqual([[], ["inner"]]);
  });

  it("of no names is the plan itself", () => {
    expect(onlySteps(plan, [])).toEqual({ ok: true, value: plan });
  });

  it("does not know a step that is not there", () => {
    expect(onlySteps(plan, ["build", "tset"])).toEqual({
      ok: false,
      error: "the workflow has no step 'tset'; did you mean 'test'?",
    });
  });
});

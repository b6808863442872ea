import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  grantOf,
  narrowed,
  refusalOf,
  type Access,
  type Grant,
  type Permissions,
} from "../../../src/plan/permissions.ts";
import { childGrant, membersOf, teamOf } from "../../../src/plan/team.ts";
import type { PlannedAgent } from "../../../src/plan/types.ts";

const seed = Number(process.env["FC_SEED"] ?? 20_261_128);

const hosts = ["*", "*.example.com", "a.example.com", "b.org", "localhost", "10.0.0.5"];
const level = fc.constantFrom("none", "read", "write") as fc.Arbitrary<Permissions["files"]>;
const programs = fc.constantFrom("git", "npm", "make");
const permissions: fc.Arbitrary<Permissions> = fc.record({
  files: level,
  network: fc.uniqueArray(fc.constantFrom(...hosts), { maxLength: 4 }),
  shell: fc.oneof(fc.constantFrom("none" as const, "any" as const), fc.uniqueArray(programs, { minLength: 1 })),
  state: level,
});
const accesses: readonly Access[] = [
  ...["a.example.com", "b.example.com", "b.org", "localhost", "10.0.0.5", "other.net"].flatMap((host) =>
    [true, false].map((isPrivate): Access => ({ kind: "host", host, isPrivate })),
  ),
  ...["git", "npm", "make", "rm"].map((program): Access => ({ kind: "program", program })),
  { kind: "script" },
  ...(["files", "state"] as const).flatMap((kind) =>
    (["read", "write"] as const).map((mode): Access => ({ kind, mode })),
  ),
];

const names = ["a", "b", "c", "d"];
const agent = fc.record({ permissions, children: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }) });
const agents = fc.record(Object.fromEntries(names.map((name) => [name, agent])));

function planned(all: { readonly [name: string]: { permissions: Permissions; children: readonly string[] } }) {
  return Object.fromEntries(
    Object.entries(all).map(([name, { permissions: own, children }]): [string, PlannedAgent] => [
      name,
      {
        instructions: null,
        models: [],
        tools: {
          names: [],
          permissions: own,
          sandbox: "require",
          resources: { memoryBytes: 1, cpuMs: 1, processes: 1, outputBytes: 1 },
          maxTurns: 1,
          spawn: { agents: Object.fromEntries(children.map((child) => [child, child])), maxChildren: 1, models: {} },
        },
      },
    ]),
  );
}

/** What the inner one may touch and the outer may not. */
const beyond = (outer: Grant, inner: Grant): readonly Access[] =>
  accesses.filter((access) => refusalOf(inner, access) === null && refusalOf(outer, access) !== null);

describe("invariant 12: a child's permissions are within its parent's", () => {
  it("whatever both are allowed, under whatever cap of a file", () => {
    fc.assert(
      fc.property(permissions, permissions, permissions, (file, parent, child) => {
        const around = narrowed(grantOf(file), grantOf(parent));
        // As the engine has it: the step's cap, then each agent's own, from the leader down.
        const inner = narrowed(around, grantOf(child));
        expect(beyond(around, inner)).toEqual([]);
        expect(beyond(grantOf(child), inner)).toEqual([]);
      }),
      { seed, numRuns: 500 },
    );
  });

  it("at every depth of every team, as the plan tells it", () => {
    fc.assert(
      fc.property(agents, (all) => {
        const plan = planned(all);
        const leader = grantOf((all["a"] as { permissions: Permissions }).permissions);
        const members = membersOf(plan, "a");
        for (const { name, grant } of members) {
          expect(beyond(leader, grant)).toEqual([]);
          for (const child of Object.values(plan[name]?.tools?.spawn?.agents ?? {}))
            expect(beyond(grant, childGrant(grant, plan[child]))).toEqual([]);
        }
        expect(new Set(members.map(({ name }) => name))).toEqual(new Set(teamOf(plan, ["a"])));
      }),
      { seed, numRuns: 300 },
    );
  });

  it("tells a team in which permissions turn out in more ways than can be counted by what each is allowed at most", () => {
    const many = Array.from({ length: 16 }, (_, index) => `agent${index}`);
    const host = (name: string): string => `${name}.example.com`;
    const all = many.map((name) => {
      const others = many.filter((other) => other !== name);
      const own = { files: "none", network: others.map(host), shell: "none", state: "none" } as const;
      return [name, { permissions: own, children: others }] as const;
    });
    const plan = planned(Object.fromEntries(all));
    const members = membersOf(plan, "agent0");
    expect(members.map(({ name }) => name).toSorted()).toEqual(many.toSorted());
    for (const { name, grant } of members) expect(grant).toEqual(grantOf(plan[name]?.tools?.permissions ?? null));
  });

  it("an agent without tools touches nothing as a child", () => {
    const bare = childGrant(grantOf({ files: "write", network: ["*"], shell: "any", state: "write" }), {});
    expect(accesses.filter((access) => refusalOf(bare, access) === null)).toEqual([]);
  });
});

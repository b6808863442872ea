import { isDeepStrictEqual } from "node:util";
import type { StepChange } from "./change.ts";
import type { DirectedShift } from "./direction.ts";
import type { StepMeaning } from "./meaning.ts";

type Steps = ReadonlyMap<string, StepMeaning>;

/**
 * What a person guards no more, and what one guards now: an approval that is gone or may be passed by, and steps that
 * an approval came before.
 */
export function guardShifts(before: Steps, after: Steps, changes: readonly StepChange[]): readonly DirectedShift[] {
  const from = new Map(changes.flatMap(({ name, from: old }) => (old === null ? [] : [[name, old] as const])));
  const to = new Map([...from].map(([name, old]) => [old, name]));
  const [were, are] = [approvalsBefore(before), approvalsBefore(after)];
  return [
    ...changes.flatMap((change) => approvalShifts(change)),
    ...[...after].flatMap(([path, { kind }]): readonly DirectedShift[] => {
      const old = from.get(path) ?? path;
      if (kind === "approval" || kind === "value" || !before.has(old)) return [];
      const [was, is] = [were.get(old) ?? NONE, are.get(path) ?? NONE];
      if ((was.length === 0) === (is.length === 0)) return [];
      // Where the approval itself is gone or caught, that is told once.
      const isThere = (each: string): boolean => !isCaught(after.get(to.get(each) ?? each));
      if (is.length === 0 && !was.some(isThere)) return [];
      const text = (paths: readonly string[]) => (paths.length === 0 ? undefined : `comes after ${paths.join(", ")}`);
      const direction = is.length === 0 ? "widened" : "narrowed";
      return [{ owner: `step ${path}`, field: "approval", before: text(was), after: text(is), direction }];
    }),
  ];
}

function approvalShifts({ name, change, kind, fields }: StepChange): readonly DirectedShift[] {
  if (kind !== "approval") return [];
  const owner = `step ${name}`;
  if (change === "removed")
    return [{ owner, field: "approval", before: "a person approves", after: undefined, direction: "widened" }];
  return fields.flatMap(({ field, before, after }): readonly DirectedShift[] => {
    // A condition lets it be passed by, a caught failure lets a rejection through.
    const isLoose = field === "if" || field === "on_error" || field.startsWith("on_error.");
    if (!isLoose) return [];
    const wider = field === "if" ? before === undefined : after !== undefined && after !== "fail";
    return wider ? [{ owner, field, before, after, direction: "widened" }] : [];
  });
}

function isCaught(approval: StepMeaning | undefined): boolean {
  return approval === undefined || !isDeepStrictEqual(approval.fields["on_error"], { kind: "fail" });
}

/** For each step the approvals without which it cannot run, also around the group that it is in. Sorted. */
export function approvalsBefore(steps: Steps): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, readonly string[]>();
  // By hand, and not by recursion: a chain may be as long as a manifest.
  const stack = [...steps.keys()].reverse();
  const open = new Set<string>();
  for (let path = stack.at(-1); path !== undefined; path = stack.at(-1)) {
    const needed = known.has(path) ? [] : neededBy(path, steps);
    const missing = open.has(path) ? [] : needed.filter((each) => !known.has(each) && !open.has(each));
    open.add(path);
    if (missing.length > 0) stack.push(...missing);
    else {
      stack.pop();
      if (known.has(path)) continue;
      const found = needed.flatMap((each) => {
        const own = steps.get(each)?.holdsUp === true && !path.startsWith(`${each}/`) ? [each] : [];
        return [...own, ...(known.get(each) ?? [])];
      });
      known.set(path, found.length === 0 ? NONE : [...new Set(found)].sort());
    }
  }
  return known;
}

const NONE: readonly string[] = [];

/** What a step cannot start without: those of its needs that are sure, and the group around it. */
function neededBy(path: string, steps: Steps): readonly string[] {
  const slash = path.lastIndexOf("/");
  const prefix = path.slice(0, slash + 1);
  const sure = (steps.get(path)?.sure ?? []).map((need) => `${prefix}${need}`);
  return slash > 0 ? [...sure, path.slice(0, slash)] : sure;
}

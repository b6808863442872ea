import { isDeepStrictEqual } from "node:util";
import { fieldChanges } from "../diff/compare.ts";
import type { WorkflowDiff } from "../diff/change.ts";
import type { DirectedShift } from "../diff/direction.ts";
import type { Issuer } from "../run/identity.ts";
import type { Json, JsonObject } from "../util/json.ts";

/**
 * How it changed who vouches for people, told as the settings of a workflow are; null = it did not. Whoever may vouch
 * for more people, or is asked for less, is widened. `path` is that of the policy.
 */
export function diffTrust(path: string, before: readonly Issuer[], after: readonly Issuer[]): WorkflowDiff | null {
  const names = [...new Set([...before, ...after].map(({ issuer }) => issuer))];
  const changes = names.flatMap((name) => issuerChanges(name, namedIn(before, name), namedIn(after, name)));
  if (changes.length === 0) return null;
  const shifts = changes.map(({ owner: _owner, ...change }) => change);
  const going = (direction: DirectedShift["direction"]) =>
    changes.filter((change) => change.direction === direction).map(({ direction: _, ...shift }) => shift);
  return {
    path,
    status: "changed",
    workflow: shifts,
    agents: [],
    steps: [],
    widened: going("widened"),
    narrowed: going("narrowed"),
    modelsAdded: [],
    modelsRemoved: [],
    secretsAdded: [],
    secretsRemoved: [],
    flowsAdded: [],
    flowsRemoved: [],
    cost: { before: null, after: null, callsBefore: null, callsAfter: null },
    reuse: { kept: [], again: [] },
  };
}

/** All that is said of an issuer; of several entries with one name, all count. */
function namedIn(issuers: readonly Issuer[], name: string): readonly JsonObject[] {
  return issuers.flatMap(({ issuer, ...rest }) => (issuer === name ? [rest as unknown as JsonObject] : []));
}

function issuerChanges(name: string, was: readonly JsonObject[], is: readonly JsonObject[]): readonly DirectedShift[] {
  const owner = "issuers";
  if (isDeepStrictEqual(was, is)) return [];
  const [before, after] = [was[0], is[0]];
  if (before === undefined || after === undefined || was.length + is.length > 2) {
    const direction = was.length < is.length ? "widened" : was.length > is.length ? "narrowed" : null;
    const said = (list: readonly JsonObject[]): Json | undefined => (list.length === 0 ? undefined : list);
    return [{ owner, field: name, before: said(was), after: said(is), direction }];
  }
  return fieldChanges(before, after, "workflow").map(({ field, ...change }) => ({
    owner,
    ...change,
    field: `${name} ${field}`,
    direction: field.startsWith("claims.")
      ? claimDirection(change.before, change.after)
      : accountDirection(field, change),
  }));
}

/** Another value that is taken, or a claim that is not asked for any more. */
function claimDirection(before: Json | undefined, after: Json | undefined): DirectedShift["direction"] {
  if (before === undefined) return "narrowed";
  if (after === undefined) return "widened";
  const [was, is] = [before, after] as unknown as readonly [readonly Json[], readonly Json[]];
  return is.some((value) => !was.includes(value)) ? "widened" : "narrowed";
}

function accountDirection(
  field: string,
  { before, after }: Pick<DirectedShift, "before" | "after">,
): DirectedShift["direction"] {
  if (!field.startsWith("accounts.")) return null;
  return before === undefined ? "widened" : after === undefined ? "narrowed" : null;
}

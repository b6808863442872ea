import type { JsonObject } from "../../util/json.ts";
import { scopeGrants } from "../access.ts";
import { grantOf, type Grant } from "../permissions.ts";
import { workersOf, type Plan, type PlannedStep } from "../types.ts";
import { oneLine } from "./format.ts";

/** True where a file of the plan writes `permissions`. */
export function hasCaps(plan: Plan): boolean {
  return plan.permissions !== undefined || plan.scopes.some(({ workflow }) => workflow?.permissions !== undefined);
}

/** `files read; network *.example.com, localhost; programs git, npm; state none`. */
export function grantText({ files, network, shell, state }: Grant): string {
  const hosts = network.map(({ host }) => host).join(", ");
  const programs = typeof shell === "string" ? shell : shell.join(", ");
  return oneLine(`files ${files}; network ${hosts || "none"}; programs ${programs || "none"}; state ${state}`);
}

/** What the agents of a step may do: `read_file, shell; files read; ...`, a text for each that has tools. */
export function toolTexts(plan: Plan, step: PlannedStep): readonly string[] {
  return workersOf(step).flatMap((name) => {
    const tools = plan.agents[name]?.tools;
    if (tools === undefined) return [];
    const shutIn = tools.names.includes("shell") ? `; sandbox ${tools.sandbox}` : "";
    return [`${tools.names.join(", ")}; ${grantText(grantOf(tools.permissions))}${shutIn}`];
  });
}

/** What the whole workflow may touch. */
export function topGrantText(plan: Plan): string {
  return grantText(grantOf(plan.permissions ?? null));
}

/** What may be touched in a scope, wherever it is used; more than one where its callers allow different things. */
export function scopeGrantText(plan: Plan, scope: number): string {
  const texts = scopeGrants(plan).flatMap((each) => (each.scope === scope ? [grantText(each.grant)] : []));
  return [...new Set(texts)].join(", or ");
}

/** The effective permissions of every workflow, for programs: `path` null = the file itself. */
export function grantsJson(plan: Plan): readonly JsonObject[] {
  return scopeGrants(plan).flatMap(({ scope, grant, around }) => {
    const workflow = plan.scopes[scope]?.workflow ?? null;
    if (scope !== 0 && workflow === null) return [];
    const steps = around.map((at) => plan.scopes[at.scope]?.steps[at.step]?.id ?? "");
    const { files, network, shell, state } = grant;
    const hosts = network.map(({ host, isPrivate }) => ({ host, private: isPrivate }));
    return [{ path: workflow?.path ?? null, steps, files, network: hosts, shell, state }];
  });
}

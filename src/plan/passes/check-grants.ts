import type { Pointer } from "../../manifest/pointer.ts";
import { accessesOf, scopeGrants, type ScopeGrant } from "../access.ts";
import { grantOf, refusalOf, type Access } from "../permissions.ts";
import type { Problems } from "../problems.ts";
import { findTaint, type TaintFinding } from "../taint.ts";
import type { Plan } from "../types.ts";

/** Where a scope of the plan was written. */
export interface ScopePlace {
  readonly problems: Problems;
  /** Pointers of its steps, in their order. */
  readonly steps: readonly Pointer[];
}

/** Checks that no step touches what the caps around it do not allow, as far as that is known before the run. */
export function checkGrants(plan: Plan, places: readonly ScopePlace[]): void {
  const told = new Set<string>();
  for (const inScope of scopeGrants(plan)) {
    const { scope, grant } = inScope;
    plan.scopes[scope]?.steps.forEach((step, index) => {
      for (const { access, part } of accessesOf(plan, step)) {
        const reason = refusalOf(grant, access);
        if (reason === null) continue;
        const where = blamed(plan, inScope, access, index);
        const isOwn = where.scope === scope && where.step === index;
        const key = `${where.scope} ${where.step} ${isOwn ? "" : `${scope} ${index}`} ${part.join(" ")} ${access.kind}`;
        if (told.has(key)) continue;
        told.add(key);
        const at = placeOf(places, where);
        const file = fileOf(plan, inScope);
        const message = isOwn
          ? `step '${step.id}': ${reason}`
          : `step '${step.id}' of ${file} is not allowed here: ${reason}`;
        at.problems.error([...at.pointer, ...(isOwn ? part : ["uses"])], {
          code: "WF8005",
          message,
          help: helpFor(access),
        });
      }
    });
  }
}

/** The step itself where its own file forbids it or nobody is around, else the step that uses its file. */
function blamed(
  plan: Plan,
  { scope, around }: ScopeGrant,
  access: Access,
  step: number,
): { scope: number; step: number } {
  // A group has the cap of the file that it is in.
  const uses = around.findLastIndex((at) => plan.scopes[at.scope]?.steps[at.step]?.body.kind === "uses");
  const caller = around[uses];
  if (caller === undefined) return { scope, step };
  const workflow = plan.scopes[around[uses + 1]?.scope ?? scope]?.workflow;
  const own = workflow?.permissions;
  return own !== undefined && refusalOf(grantOf(own), access) !== null ? { scope, step } : caller;
}

function fileOf(plan: Plan, { scope, around }: ScopeGrant): string {
  const scopes = [...around.map((at) => at.scope), scope];
  return scopes.map((at) => plan.scopes[at]?.workflow?.path).findLast((path) => path !== undefined) ?? "this file";
}

function placeOf(places: readonly ScopePlace[], { scope, step }: { scope: number; step: number }) {
  const place = places[scope] as ScopePlace;
  return { problems: place.problems, pointer: place.steps[step] as Pointer };
}

function helpFor(access: Access): string {
  switch (access.kind) {
    case "host":
      return `allow it: \`permissions: { network: [${JSON.stringify(access.host)}] }\``;
    case "program":
      return `allow it: \`permissions: { shell: [${access.program}] }\``;
    case "script":
      return "allow it: `permissions: { shell: any }`, or write `run: [program, argument]`";
    case "session":
      return `allow it: \`permissions: { sessions: [${access.session}] }\``;
    default:
      return `allow it: \`permissions: { ${access.kind}: ${access.mode} }\``;
  }
}

const sinkTexts: { readonly [kind in TaintFinding["kind"]]: string } = {
  program: "a program",
  agent: "an agent that is a program",
  request: "a request that changes something",
  sql: "a write to a database",
  state: "a write to the state store",
  tool: "a tool that changes something",
};

/** Warns where a value from outside does something that nobody has looked at. */
export function checkTaint(plan: Plan, places: readonly ScopePlace[]): void {
  for (const finding of findTaint(plan)) {
    const at = placeOf(places, finding);
    at.problems.warn([...at.pointer, ...finding.part], {
      code: "WF8006",
      message: `what '${finding.source.id}' ${finding.source.isSession ? "hears in its session" : "gets from the network"} reaches ${sinkTexts[finding.kind]} without an approval between`,
      help: "put an `approval` step between them, or take from it only what its `output` schema pins down (an `enum`, a number)",
      piece: "key",
    });
  }
}

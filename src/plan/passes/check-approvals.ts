import type { NormalApproval } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Problems } from "../problems.ts";
import type { ParsedStep } from "./parse-templates.ts";

/** Whether an issuer that the project trusts vouches for identities of a kind, such as `github`. */
type Vouches = (kind: string) => boolean;

/** Warns where a question asks for certain people, and nobody can say who answers. */
export function checkApprovals(steps: Iterable<ParsedStep>, vouches: Vouches, problems: Problems): void {
  for (const { step } of steps) {
    if (step.body.kind === "approval") check(step.body, step.pointer, vouches, problems);
    for (const { approval, pointer } of step.handoff ?? [])
      if (approval !== null) check(approval, pointer, vouches, problems);
  }
}

function check({ approvers, notInitiator }: NormalApproval, at: Pointer, vouches: Vouches, problems: Problems): void {
  const pointer = [...at, "approval"];
  const isKnown = (name: string): boolean => vouches(name.slice(0, name.indexOf(":")));
  const isHeldUp = approvers.length > 0 ? approvers.some(isKnown) : vouches("oidc");
  const key = approvers.length > 0 ? "approvers" : notInitiator ? "not_initiator" : null;
  if (key === null) return;
  if (!isHeldUp)
    return problems.warn([...pointer, key], {
      code: "WF8021",
      message: `\`${key}\` is advisory: nothing verifies who answers`,
      help: "name who vouches for people under `issuers` of muster-policy.yaml, or keep the state where only they can write",
      piece: "key",
    });
  for (const [index, name] of approvers.entries())
    if (!isKnown(name))
      problems.warn([...pointer, key, index], {
        code: "WF8021",
        message: `nothing verifies ${name}, who can therefore not answer`,
        help: "name an issuer whose `accounts` have this kind under `issuers` of muster-policy.yaml",
      });
}

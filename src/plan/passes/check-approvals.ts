import type { NormalApproval } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Problems } from "../problems.ts";
import type { ParsedStep } from "./parse-templates.ts";

/** Warns where a question asks for a certain person: nothing verifies yet who answers. */
export function checkApprovals(steps: Iterable<ParsedStep>, problems: Problems): void {
  for (const { step } of steps) {
    if (step.body.kind === "approval") check(step.body, step.pointer, problems);
    for (const { approval, pointer } of step.handoff ?? []) if (approval !== null) check(approval, pointer, problems);
  }
}

function check({ approvers, notInitiator }: NormalApproval, pointer: Pointer, problems: Problems): void {
  const key = approvers.length > 0 ? "approvers" : notInitiator ? "not_initiator" : null;
  if (key === null) return;
  problems.warn([...pointer, "approval", key], {
    code: "WF8021",
    message: `\`${key}\` is advisory: nothing verifies yet who answers`,
    help: "whoever can write the state of the project can answer; keep it where only they can",
    piece: "key",
  });
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import type { WorkflowDiff } from "../diff/change.ts";
import type { Plan } from "../plan/types.ts";
import { POLICY_FILE, type Violation } from "../policy/policy.ts";
import { findProjectRoot } from "../util/project.ts";
import type { Terminal } from "./terminal.ts";

/** What a project's policy says of its workflows. */
export interface PolicyCheck {
  /** Problems of a workflow by the policy. */
  diagnostics(source: SourceFile, plan: Plan): readonly Diagnostic[];
  /** Rules that a workflow does not keep, with those about its change. */
  violations(plan: Plan, change: WorkflowDiff): readonly Violation[];
}

/** The policy file of the project around the current folder; null where there is none. */
export function policyFile(terminal: Terminal): string | null {
  const path = join(findProjectRoot(terminal.cwd), POLICY_FILE);
  return existsSync(path) ? path : null;
}

const noPolicy: PolicyCheck = { diagnostics: () => [], violations: () => [] };

/**
 * The policy of the project around the current folder; where there is none it costs nothing. UsageError with exit code 3
 * when it is not valid.
 */
export async function projectPolicy(terminal: Terminal): Promise<PolicyCheck> {
  const path = policyFile(terminal);
  if (path === null) return noPolicy;
  const { policyCheck } = await import("./policy.ts");
  return policyCheck(path, terminal);
}

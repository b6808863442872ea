import type { Diagnostic } from "../diagnostic/diagnostic.ts";

/** What a comparison has to say beside the changes; who reads only those would take it for less than it is. */
export interface Findings {
  /** Workflows that are not valid now: how they changed cannot be told. */
  readonly invalid: readonly InvalidWorkflow[];
  /** Paths of workflows that were not valid before: what is there now counts as new. */
  readonly invalidBefore: readonly string[];
  /** Rules of the policy that are not kept. */
  readonly policy: readonly PolicyFinding[];
  /** What `--fail-on` refuses, a clause each. */
  readonly failOn: readonly string[];
}

export interface InvalidWorkflow {
  readonly path: string;
  readonly problems: readonly Diagnostic[];
}

export interface PolicyFinding {
  /** Of the workflow. */
  readonly path: string;
  /** null = the workflow as a whole. */
  readonly step: string | null;
  readonly rule: string;
  readonly severity: "error" | "warning";
  readonly message: string;
}

export const noFindings: Findings = { invalid: [], invalidBefore: [], policy: [], failOn: [] };

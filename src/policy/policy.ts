import type { Json } from "../util/json.ts";
import type { Template } from "../expression/template.ts";
import type { Issuer } from "../run/identity.ts";

/** The name of the file, in the root of a project. */
export const POLICY_FILE = "muster-policy.yaml";

/** The format of policy files. History: 1 = the first. */
export const POLICY_FORMAT = 1;

/** A policy file: rules that workflows must keep. */
export interface Policy {
  readonly path: string;
  /** Who vouches for people. */
  readonly issuers: readonly Issuer[];
  readonly rules: readonly PolicyRule[];
  readonly tests: readonly PolicyTest[];
}

export interface PolicyRule {
  readonly name: string;
  /** `warning` is told and lets through. */
  readonly severity: "error" | "warning";
  /** A list of what is looked at one by one as `it`; null = the workflow as a whole. */
  readonly each: Template | null;
  /** Must be true. */
  readonly require: Template;
  /** What is wrong where it is not; a text template over the same names. */
  readonly message: Template;
  /** Looks at the change of a workflow: not asked where there is none. */
  readonly isAboutChange: boolean;
  /** 1-based. */
  readonly line: number;
}

/** A workflow for which it is written down what the rules say. */
export interface PolicyTest {
  readonly name: string;
  /** Path of a manifest, relative to the policy file. */
  readonly workflow: string;
  /** The manifest it was before; null = it is not about a change. */
  readonly before: string | null;
  /** Names of the rules that it breaks, sorted; all others hold. */
  readonly breaks: readonly string[];
  readonly line: number;
}

/** A rule that is not kept. */
export interface Violation {
  readonly rule: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  /** Path of the step that it is about; null = the workflow. */
  readonly step: string | null;
}

/** The names that rules read. */
export type PolicyFacts = { readonly [root: string]: Json };

import type { FailureClass } from "../plan/types.ts";
import type { Template } from "../expression/template.ts";
import type { Json, JsonObject, JsonSchema } from "../util/json.ts";
import type { StepName } from "./step-name.ts";

/** The format of test files; schema in schemas/test.v1.json. History: 1 = the first. */
export const TEST_FORMAT = 1;

/** `*.test.yaml`: tests of one workflow. */
export interface TestFile {
  /** As the user knows it. */
  readonly path: string;
  readonly tests: readonly WorkflowTest[];
}

/** One run of the workflow, and what is expected of it. */
export interface WorkflowTest {
  readonly name: string;
  /** 1-based, of the test's name. */
  readonly line: number;
  readonly inputs: JsonObject;
  /** Those that were written last come first. */
  readonly stubs: readonly Stub[];
  /** Path of a recording, relative to the test file; null = none. */
  readonly recording: string | null;
  /** The one of `variants`; null = by weight, or there is none. */
  readonly variant: string | null;
  readonly expect: readonly Expectation[];
}

/** What a step answers in place of what it would do; of several answers each attempt takes the next, and the last one stays. */
export interface Stub {
  readonly step: StepName;
  /** As it is written. */
  readonly name: string;
  readonly answers: readonly [StubAnswer, ...StubAnswer[]];
}

export interface StubAnswer {
  /** Before the answer, at the time of the test. Milliseconds. */
  readonly delayMs: number;
  readonly outcome: StubOutcome;
}

export type StubOutcome =
  | { readonly kind: "output"; readonly output: Json; readonly usage: StubUsage | null; readonly extra: StubExtra }
  | { readonly kind: "fail"; readonly class: FailureClass; readonly code: string; readonly message: string }
  | { readonly kind: "refuse"; readonly text: string }
  | { readonly kind: "approve"; readonly by: string; readonly comment: string | null; readonly input: Json }
  | { readonly kind: "reject"; readonly by: string; readonly comment: string | null }
  | { readonly kind: "unanswered" }
  /** What it would do without a stub, after the delay. */
  | { readonly kind: "default" };

/** What a step tells beside its output: `exit_code`, `stderr`, `status_code`. */
export type StubExtra = { readonly [name: string]: string | number };

/** Tokens of the call that a stub answers. */
export interface StubUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** One thing that must hold of the report of the run. */
export type Expectation = { readonly line: number } & ExpectationKind;

export type ExpectationKind =
  | { readonly kind: "status"; readonly status: string }
  | { readonly kind: "output"; readonly name: string; readonly value: Json }
  | { readonly kind: "schema"; readonly schema: JsonSchema }
  | { readonly kind: "step"; readonly path: string; readonly how: "ran" | "skipped" | "failed" }
  | { readonly kind: "attempts"; readonly path: string; readonly attempts: number }
  | { readonly kind: "calls"; readonly bound: Bound }
  | { readonly kind: "cost"; readonly bound: Bound }
  | { readonly kind: "error"; readonly fields: { readonly [field: string]: string } }
  | { readonly kind: "assert"; readonly source: string; readonly expression: Template }
  | { readonly kind: "snapshot" };

/** Both ends belong to it; null = no end. */
export interface Bound {
  readonly min: number | null;
  readonly max: number | null;
}

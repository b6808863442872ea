/** The public library: from a manifest to its plan and what it can cost. */
export { compile, type Compiled } from "./plan/compile.ts";
export { estimate, type Estimate, type Range, type StepEstimate } from "./plan/estimate.ts";
export type { Diagnostic } from "./diagnostic/diagnostic.ts";
export type { SourceFile, Span } from "./diagnostic/source.ts";
export type { Plan, PlannedStep } from "./plan/types.ts";

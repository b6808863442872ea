/**
 * The public library: load a manifest, see its plan, run it, resume it. See docs/library.md.
 *
 * What is wrong in a manifest are `Diagnostic`s, how a run ended is a `Report`; thrown are `RequestError` (the call
 * cannot be carried out) and `StoreError` (its state cannot be read or written).
 */
export { load, type Loaded, type LoadOptions, type ManifestSource, type Workflow } from "./library/load.ts";
export { plan, type PlanOptions } from "./library/plan.ts";
export { run, type RunOptions, type StartOptions } from "./library/run.ts";
export { resume, type ResumeOptions } from "./library/resume.ts";
export { memoryState, type MemoryState, type State } from "./library/state.ts";
export { RequestError } from "./library/request-error.ts";
export type { Report, ReportArtifact, ReportError, ReportStep, ReportUsage } from "./library/report.ts";

export { renderDiagnostics, type RenderOptions } from "./diagnostic/render.ts";
export type { Diagnostic } from "./diagnostic/diagnostic.ts";
export type { DiagnosticCode } from "./diagnostic/code.ts";
export type { SourceFile, Span } from "./diagnostic/source.ts";
export type { Plan, PlannedStep } from "./plan/types.ts";
export type { Estimate, StepEstimate } from "./plan/estimate.ts";
export type { Range } from "./plan/range.ts";
export type { EventType, StoredEvent } from "./run/event.ts";
export { StoreError } from "./store/store.ts";
export type { Json, JsonObject } from "./util/json.ts";

import type { Report, ReportError, ReportStep } from "../../library/report.ts";
import type { JunitCase, JunitSuite } from "../../util/junit.ts";

/** A run as a JUnit suite: a case for each step, for each item of one with `for_each`. */
export function runSuite(report: Report, file: string): JunitSuite {
  const cases = Object.entries(report.steps).flatMap(([path, step]) => casesOf(path, step, report.workflow));
  const ending: JunitCase[] =
    report.error !== null && !cases.some(({ end }) => end?.kind === "failure")
      ? [caseOf("the run", report.workflow, report.duration_ms, failureOf(report.error))]
      : [];
  return {
    name: `${report.workflow} (${file})`,
    at: Date.parse(report.started_at),
    properties: [
      ["run_id", report.run_id],
      ["status", report.status],
      ["simulated", String(report.simulated)],
      ["model_calls", String(report.usage.calls)],
      ["cost_usd", report.cost_usd === null ? "unknown" : String(report.cost_usd)],
    ],
    cases: [...cases, ...ending],
  };
}

function casesOf(path: string, step: ReportStep, className: string): readonly JunitCase[] {
  const durationMs = step.duration_ms ?? 0;
  const { results } = step;
  if (results === null || results.length === 0) return [caseOf(path, className, durationMs, endOf(step, step.caught))];
  // An item that failed is no failure where the step goes on without it.
  const isCaught = step.status === "succeeded" || step.caught;
  return results.map((result) =>
    caseOf(`${path}[${result.index}]`, className, durationMs / results.length, endOf(result, isCaught)),
  );
}

function caseOf(name: string, className: string, durationMs: number, end: JunitCase["end"]): JunitCase {
  return { name, className, durationMs, end };
}

function endOf(
  { status, error }: { readonly status: string; readonly error: ReportError | null },
  isCaught: boolean,
): JunitCase["end"] {
  if (status === "succeeded") return null;
  if (status === "failed" && error !== null) {
    if (!isCaught) return failureOf(error);
    return { kind: "skipped", message: `failed, and the run went on: ${error.message}` };
  }
  return { kind: "skipped", message: status === "skipped" ? "skipped" : `it is ${status}` };
}

function failureOf({ class: failureClass, code, message, help, partial }: ReportError): JunitCase["end"] {
  const text = [message, help === undefined ? null : `help: ${help}`, partial ?? null].filter((part) => part !== null);
  return { kind: "failure", type: `${failureClass}/${code}`, message, text: text.join("\n\n") };
}

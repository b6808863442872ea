import type { Evaluator } from "../expression/evaluate.ts";
import type { Report, ReportStep } from "../library/report.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import { jsonText, type Json, type JsonObject } from "../util/json.ts";
import type { SchemaCheck } from "../util/schema-check.ts";
import type { InnerStep } from "./inner-steps.ts";
import { jsonDiff } from "./json-diff.ts";
import { snapshotOf, type Snapshots } from "./snapshot.ts";
import type { Bound, Expectation, WorkflowTest } from "./test-file.ts";

/** Something that does not hold. */
export interface Judged {
  /** 1-based, of the expectation in the test file. */
  readonly line: number;
  /** A clause. */
  readonly message: string;
  /** Lines that are expected (`- `) and that came (`+ `); empty when the message says it all. */
  readonly diff: readonly string[];
}

export interface Judges {
  /** The steps inside of items and rounds, by their paths. */
  readonly inner: ReadonlyMap<string, InnerStep>;
  readonly check: SchemaCheck;
  readonly evaluator: Evaluator;
  readonly snapshots: Snapshots;
}

/** What a test expects and the report does not say, in the order in which it is written. */
export function judge(test: WorkflowTest, report: Report, judges: Judges): readonly Judged[] {
  return test.expect.flatMap((each) => {
    const wrong = wrongWith(each, test, report, judges);
    return wrong === null ? [] : [{ line: each.line, ...wrong }];
  });
}

type Wrong = Omit<Judged, "line"> | null;

function wrongWith(each: Expectation, test: WorkflowTest, report: Report, judges: Judges): Wrong {
  switch (each.kind) {
    case "status":
      return report.status === each.status
        ? null
        : wrong(`status is ${report.status}${why(report)}`, [each.status, report.status]);
    case "output":
      return outputWrong(each.name, each.value, report);
    case "schema": {
      const problems = judges.check(each.schema, report.outputs);
      return problems.length === 0 ? null : wrong(`outputs do not fit the schema: ${problems.join("; ")}`);
    }
    case "step":
      return report.steps[each.path] === undefined
        ? innerWrong(each.path, each.how, judges.inner.get(each.path))
        : stepWrong(each.path, each.how, report.steps[each.path]);
    case "attempts": {
      const attempts = (report.steps[each.path] ?? judges.inner.get(each.path))?.attempts ?? 0;
      return attempts === each.attempts ? null : wrong(`attempts of '${each.path}'`, [each.attempts, attempts]);
    }
    case "calls":
      return boundWrong("model calls", each.bound, report.usage.calls);
    case "cost":
      if (report.cost_usd === null) return wrong("the cost is not known: a model has no price");
      return boundWrong("cost in USD", each.bound, report.cost_usd);
    case "error":
      return errorWrong(each.fields, report);
    case "assert": {
      const value = judges.evaluator.evaluate(each.expression, report as unknown as JsonObject);
      if (!value.ok) return wrong(`${each.source}: ${value.error.message}`);
      return value.value === true ? null : wrong(`${each.source} is ${jsonText(value.value)}`);
    }
    case "snapshot": {
      const [expected, actual] = judges.snapshots.compare(test.name, snapshotOf(report));
      if (expected === null) return wrong("there is no snapshot yet: muster test --update writes it");
      return expected === actual ? null : { message: "the snapshot differs", diff: jsonDiff(expected, actual) };
    }
  }
}

function outputWrong(name: string, expected: Json, report: Report): Wrong {
  const { outputs } = report;
  if (outputs === null) return wrong(`there are no outputs: the run is ${report.status}${why(report)}`);
  const actual = outputs[name] ?? null;
  if (canonicalJson(actual) === canonicalJson(expected)) return null;
  return { message: `outputs.${name}`, diff: jsonDiff(pretty(expected), pretty(actual)) };
}

/** A step of which there may be many: skipped is one that no item ran, failed one that failed in some. */
function innerWrong(path: string, how: "ran" | "skipped" | "failed", step: InnerStep | undefined): Wrong {
  const { attempts, statuses } = step ?? { attempts: 0, statuses: [] };
  const isLeftOut = statuses.every((status) => status === "skipped" || status === "pending");
  const holds =
    how === "failed" ? statuses.includes("failed") : how === "skipped" ? isLeftOut : hasRun(attempts, statuses);
  if (holds) return null;
  const was = statuses.length === 0 ? "pending" : statuses.join(" and ");
  const should = how === "ran" ? "run" : how === "skipped" ? "been skipped" : "failed";
  return wrong(`'${path}' should have ${should} in some item, and is ${was}`);
}

/** A `value` step costs no attempt. */
function hasRun(attempts: number, statuses: InnerStep["statuses"]): boolean {
  return attempts > 0 || statuses.includes("succeeded");
}

function stepWrong(path: string, how: "ran" | "skipped" | "failed", step: ReportStep | undefined): Wrong {
  // A step inside a group that never began is not in the report.
  const status = step?.status ?? "pending";
  const holds =
    how === "ran"
      ? (step?.attempts ?? 0) > 0 || status === "succeeded"
      : how === "skipped"
        ? status === "skipped" || status === "pending"
        : status === "failed" || (step?.results ?? []).some((result) => result.status === "failed");
  if (holds) return null;
  const because =
    step?.error === null || step?.error === undefined ? "" : ` (${step.error.code}: ${step.error.message})`;
  return wrong(
    `'${path}' should have ${how === "ran" ? "run" : how === "skipped" ? "been skipped" : "failed"}, and is ${status}${because}`,
  );
}

function boundWrong(what: string, { min, max }: Bound, value: number): Wrong {
  const isIn = (min === null || value >= min) && (max === null || value <= max);
  if (isIn) return null;
  const expected =
    min === max
      ? String(min)
      : [min === null ? "" : `at least ${min}`, max === null ? "" : `at most ${max}`].filter(Boolean).join(", ");
  return wrong(what, [expected, value]);
}

function errorWrong(fields: { readonly [field: string]: string }, { error, status }: Report): Wrong {
  if (error === null) return wrong(`there is no error: the run is ${status}`);
  for (const [field, expected] of Object.entries(fields)) {
    const actual = error[field as "class" | "code" | "message"];
    // Of a message a part is enough.
    const holds = field === "message" ? actual.includes(expected) : actual === expected;
    if (!holds) return wrong(`error.${field}`, [expected, actual]);
  }
  return null;
}

/** Where the run ended otherwise than expected: what ended it. */
function why({ error, steps }: Report): string {
  if (error !== null) return `: ${error.message}`;
  const failed = Object.entries(steps).find(([, step]) => step.status === "failed" && !step.caught);
  return failed?.[1].error ? `: '${failed[0]}': ${failed[1].error.message}` : "";
}

function wrong(message: string, values: readonly [Json, Json] | null = null): Wrong {
  return { message, diff: values === null ? [] : [`- ${jsonText(values[0])}`, `+ ${jsonText(values[1])}`] };
}

function pretty(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

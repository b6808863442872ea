import type { Report } from "../library/report.ts";
import type { Json, JsonObject } from "../util/json.ts";

/** What the tests of a file came to before, by the name of the test: `review.test.snapshot.json` beside the tests. */
export class Snapshots {
  readonly #before: JsonObject;
  readonly #isUpdate: boolean;
  readonly #now = new Map<string, Json>();

  /** `isUpdate`: what comes is right, whatever was before. */
  constructor(before: JsonObject, isUpdate: boolean) {
    this.#before = before;
    this.#isUpdate = isUpdate;
  }

  /** What is expected of the test, null when nothing was kept, and what came, both as text. */
  compare(test: string, value: JsonObject): readonly [expected: string | null, actual: string] {
    this.#now.set(test, value);
    const actual = textOf(value);
    if (this.#isUpdate) return [actual, actual];
    return [Object.hasOwn(this.#before, test) ? textOf(this.#before[test] ?? null) : null, actual];
  }

  /** The whole file as it is to be, in the order of names; null where no test has a snapshot. */
  text(): string | null {
    if (this.#now.size === 0) return null;
    const entries = [...this.#now].sort(([a], [b]) => (a < b ? -1 : 1));
    return `${textOf(Object.fromEntries(entries))}\n`;
  }
}

/** What of a report stays the same from run to run: what came of it, and how often was tried. */
export function snapshotOf(report: Report): JsonObject {
  const steps = Object.entries(report.steps).map(([path, { status, attempts, output, error, results }]) => [
    path,
    {
      status,
      attempts,
      output,
      ...(error === null ? {} : { error: { class: error.class, code: error.code } }),
      ...itemsOf(results),
    },
  ]);
  const { status, outputs, error } = report;
  return {
    status,
    outputs,
    error: error === null ? null : { class: error.class, code: error.code },
    steps: Object.fromEntries(steps) as JsonObject,
  };
}

function itemsOf(results: Report["steps"][string]["results"]): JsonObject {
  if (results === null) return {};
  return { results: results.map(({ status, output, attempts }) => ({ status, output, attempts })) };
}

function textOf(value: Json): string {
  return JSON.stringify(value, null, 2);
}

/** Where the snapshots of a test file are kept. */
export function snapshotPath(testFile: string): string {
  return testFile.replace(/\.ya?ml$/, ".snapshot.json");
}

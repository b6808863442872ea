import { suggest } from "../diagnostic/suggest.ts";
import { checkTemplate } from "../expression/check.ts";
import { parseTemplate } from "../expression/parse.ts";
import type { FormReader, Place } from "../manifest/form-reader.ts";
import type { Plan } from "../plan/types.ts";
import { EMPTY_SCOPE } from "../plan/types.ts";
import { isJsonObject, type JsonSchema } from "../util/json.ts";
import { schemaProblem } from "./schema-problem.ts";
import { namedStep } from "./read-stub.ts";
import { assertScope } from "./scope.ts";
import type { Bound, Expectation } from "./test-file.ts";

const keys = [
  "status",
  "outputs",
  "schema",
  "ran",
  "skipped",
  "failed",
  "attempts",
  "calls",
  "cost_usd",
  "error",
  "assert",
  "snapshot",
] as const;

const statuses = ["succeeded", "failed", "waiting", "cancelled"] as const;

/** What a test expects, a thing each, with the line where it is written. */
export function readExpect(reader: FormReader, place: Place, plan: Plan): readonly Expectation[] {
  const found: Expectation[] = [];
  const expect = reader.map(place, "expect", keys);
  if (expect === null) return [];
  const add = (at: Place, expectation: DistributiveOmit): void =>
    void found.push({ line: reader.lineOf(at), ...expectation });

  const status = reader.optional(expect("status"), (at) => reader.oneOf(at, "status", statuses));
  if (status !== null) add(expect("status"), { kind: "status", status });
  for (const [name, at] of reader.entries(expect("outputs"), "outputs")) {
    if (isOutput(reader, name, at, plan)) add(at, { kind: "output", name, value: at.value ?? null });
  }
  const schema = reader.optional(expect("schema"), (at) => schemaOf(reader, at));
  if (schema !== null) add(expect("schema"), { kind: "schema", schema });
  for (const how of ["ran", "skipped", "failed"] as const) {
    if (expect(how).value === undefined) continue;
    for (const at of reader.list(expect(how), how)) {
      const path = reader.text(at, "a step");
      if (path !== null && wholeStep(reader, path, at, plan)) add(at, { kind: "step", path, how });
    }
  }
  for (const [path, at] of reader.entries(expect("attempts"), "attempts")) {
    const attempts = reader.integer(at, `attempts of '${path}'`, 0);
    if (attempts !== null && wholeStep(reader, path, at, plan)) add(at, { kind: "attempts", path, attempts });
  }
  for (const [key, kind] of [["calls", "calls"] as const, ["cost_usd", "cost"] as const]) {
    const bound = reader.optional(expect(key), (at) => boundOf(reader, at, key));
    if (bound !== null) add(expect(key), { kind, bound });
  }
  const error = reader.optional(expect("error"), (at) => errorOf(reader, at));
  if (error !== null) add(expect("error"), { kind: "error", fields: error });
  for (const at of assertions(reader, expect("assert"))) addAssertion(reader, at, plan, add);
  const snapshot = reader.optional(expect("snapshot"), (at) => reader.boolean(at, "snapshot"));
  if (snapshot === true) add(expect("snapshot"), { kind: "snapshot" });
  return found;
}

type DistributiveOmit = Expectation extends infer E ? (E extends Expectation ? Omit<E, "line"> : never) : never;

function isOutput(reader: FormReader, name: string, place: Place, plan: Plan): boolean {
  const names = Object.keys((plan.scopes[0] ?? EMPTY_SCOPE).outputs);
  if (plan.variants !== undefined || names.includes(name)) return true;
  const near = suggest(name, names);
  const help = near === null ? `it has ${names.join(", ") || "none"}` : `did you mean '${near}'?`;
  reader.problem(place, "WF3001", `the workflow has no output '${name}'`, help, "key");
  return false;
}

/** Expectations are about steps as a whole: `results` of the report has the items. */
function wholeStep(reader: FormReader, path: string, place: Place, plan: Plan): boolean {
  const named = namedStep(reader, path, place, plan);
  if (named === null) return false;
  if (named.name.items.every((item) => item === null)) return true;
  const help = 'an item is looked at by an assertion: steps["draft"].results[2].status == "failed"';
  reader.problem(place, "WF2005", "name the step without its item", help);
  return false;
}

function schemaOf(reader: FormReader, place: Place): JsonSchema | null {
  const { value } = place;
  if (typeof value !== "boolean" && !isJsonObject(value))
    return reader.problem(place, "WF2003", "schema must be a JSON Schema");
  const problem = schemaProblem(value);
  return problem === null ? value : reader.problem(place, "WF2012", `this is no JSON Schema: ${problem}`);
}

function boundOf(reader: FormReader, place: Place, what: string): Bound | null {
  if (typeof place.value === "number") return { min: place.value, max: place.value };
  const bound = reader.map(place, what, ["min", "max"]);
  if (bound === null) return null;
  const min = reader.optional(bound("min"), (at) => reader.number(at, "min"));
  const max = reader.optional(bound("max"), (at) => reader.number(at, "max"));
  if (bound("min").value === undefined && bound("max").value === undefined)
    return reader.problem(place, "WF2002", `${what} has neither min nor max`);
  return { min, max };
}

function errorOf(reader: FormReader, place: Place): { readonly [field: string]: string } | null {
  const fields = ["class", "code", "message"] as const;
  const error = reader.map(place, "error", fields);
  if (error === null) return null;
  const said = fields.flatMap((field) => {
    const text = reader.optional(error(field), (at) => reader.text(at, field));
    return text === null ? [] : [[field, text] as const];
  });
  return Object.fromEntries(said);
}

/** One assertion, or a list of them. */
function assertions(reader: FormReader, place: Place): readonly Place[] {
  if (place.value === undefined) return [];
  return Array.isArray(place.value) ? reader.list(place, "assert") : [place];
}

function addAssertion(
  reader: FormReader,
  place: Place,
  plan: Plan,
  add: (at: Place, expectation: DistributiveOmit) => void,
): void {
  const source = reader.text(place, "an assertion");
  if (source === null) return;
  const parsed = parseTemplate(source, "bare");
  const problems = parsed.ok ? checkTemplate(parsed.value, assertScope(plan), "value") : parsed.error;
  for (const { code, message, help } of problems) reader.problem(place, code, message, help);
  if (parsed.ok && problems.length === 0) add(place, { kind: "assert", source, expression: parsed.value });
}

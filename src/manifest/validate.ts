import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";
import { createSchemaCheck, type SchemaCheck } from "../util/schema-check.ts";
import { answerMisfit } from "./approval-answer.ts";
import { describeValue } from "./describe.ts";
import type { Document } from "./document.ts";
import { manifestSchema } from "./generated/schema.ts";
import { checkJsonSchema } from "./json-schema-check.ts";
import type { Pointer } from "./pointer.ts";
import { ProblemList } from "./problem-list.ts";
import { SchemaIndex } from "./schema-index.ts";
import { checkShape } from "./shape-rule.ts";
import type { Manifest } from "./types.ts";
import { Walker } from "./walker.ts";
import { writtenSteps } from "./written-step.ts";

/** The version of the manifest language that this program knows. */
export const LANGUAGE_VERSION = 1;

/**
 * Checks a document against the schema of the language and the rules between keys: all problems at once, in the order
 * of the file, one for each mistake. Names and expressions are not looked at; the plan does that.
 */
export function validateManifest(document: Document): Result<Manifest, readonly Diagnostic[]> {
  const result = checkManifest(document);
  return result.ok ? result : err(result.error.diagnostics);
}

/** What is wrong with a manifest, and where, as pointers into its data. */
export interface ManifestProblems {
  readonly diagnostics: readonly Diagnostic[];
  readonly pointers: readonly Pointer[];
}

/** As `validateManifest`; the error tells the pointers too. */
export function checkManifest(document: Document): Result<Manifest, ManifestProblems> {
  const problems = new ProblemList(document);
  const { data } = document;
  if (!isJsonObject(data)) {
    problems.add("WF2014", [], `a manifest is a map of keys, not ${describeValue(data)}`, {
      help: "it starts with `muster: 1`",
    });
    return err({ diagnostics: problems.sorted(), pointers: problems.pointers });
  }
  if (checkVersion(data, problems)) {
    const { muster: _version, ...rest } = data;
    new Walker(new SchemaIndex(manifestSchema), problems).check(versionless, rest);
    checkShape(data, problems);
    checkSchemas(data, problems);
  }
  if (problems.count > 0) return err({ diagnostics: problems.sorted(), pointers: problems.pointers });
  return ok(data as unknown as Manifest);
}

/** The version has messages of its own. */
const versionless =
  manifestSchema === true
    ? true
    : { ...manifestSchema, required: (manifestSchema.required ?? []).filter((key) => key !== "muster") };

/** False when the rest of the file must not be judged by the rules of this version. */
function checkVersion(data: JsonObject, problems: ProblemList): boolean {
  if (!Object.hasOwn(data, "muster")) {
    const [first] = Object.keys(data);
    problems.add("WF2014", first === undefined ? [] : [first], "the file does not say that it is a manifest", {
      part: "key",
      help: `add \`muster: ${LANGUAGE_VERSION}\`, the version of the language, as its first line`,
    });
    // Without steps too it is some other file: it is not judged by our rules.
    return Object.hasOwn(data, "steps") || Object.hasOwn(data, "variants");
  }
  const version = data["muster"] as Json;
  if (version === LANGUAGE_VERSION) return true;
  const newer = typeof version === "number" && version > LANGUAGE_VERSION;
  problems.add("WF2014", ["muster"], `'muster' must be ${LANGUAGE_VERSION}, not ${describeValue(version)}`, {
    help: newer
      ? "the file needs a newer muster"
      : `write \`muster: ${LANGUAGE_VERSION}\`; the workflow's own version goes under \`version\``,
  });
  return !newer;
}

/** JSON Schemas of inputs and outputs; only those whose form is right. */
function checkSchemas(data: JsonObject, problems: ProblemList): void {
  let check: SchemaCheck | null = null;
  for (const [name, schema] of entriesOf(data["inputs"])) {
    const pointer = ["inputs", name];
    if (!isJsonObject(schema) || problems.has("inputs", name) || !checkJsonSchema(schema, pointer, problems)) continue;
    if (!Object.hasOwn(schema, "default")) continue;
    check ??= createSchemaCheck();
    const [reason] = check(schema, schema["default"] as Json);
    if (reason !== undefined) {
      problems.add("WF2011", [...pointer, "default"], `the default of '${name}' does not fit its schema: ${reason}`);
    }
  }
  for (const { id, pointer, step } of writtenSteps(data)) {
    const { output, simulate, approval } = step;
    const isWrong = problems.has(String(pointer[0]), String(pointer[1]));
    const input = isJsonObject(approval) ? approval["input"] : undefined;
    if (approval !== undefined && !isWrong) {
      const isSound = !isJsonObject(input) || checkJsonSchema(input, [...pointer, "approval", "input"], problems);
      if (!isSound || !isJsonObject(simulate)) continue;
      check ??= createSchemaCheck();
      const reason = answerMisfit(simulate["output"] as Json, isJsonObject(input) ? input : null, check);
      if (reason !== null) {
        const message = `what '${id}' answers in a simulation is not what an approval gives: ${reason}`;
        problems.add("WF2016", [...pointer, "simulate", "output"], message);
      }
      continue;
    }
    if (!isJsonObject(output) || isWrong || !checkJsonSchema(output, [...pointer, "output"], problems)) continue;
    if (!isJsonObject(simulate)) continue;
    check ??= createSchemaCheck();
    const [reason] = check(output, simulate["output"] as Json);
    if (reason !== undefined) {
      const message = `what '${id}' answers in a simulation does not fit its \`output\`: ${reason}`;
      problems.add("WF2016", [...pointer, "simulate", "output"], message);
    }
  }
}

const entriesOf = (value: Json | undefined): [string, Json][] => (isJsonObject(value) ? Object.entries(value) : []);

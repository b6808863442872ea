import { typeOf } from "../../expression/check.ts";
import { describeKinds, kindsOf } from "../../expression/shape.ts";
import type { Template } from "../../expression/template.ts";
import type { NormalInput, NormalStep } from "../../manifest/normal.ts";
import { createSchemaCheck } from "../../util/schema-check.ts";
import type { WorkflowFile } from "../load-workflows.ts";
import type { Problems } from "../problems.ts";
import { declared } from "./declared.ts";
import { positionOf, type PlacedStep } from "./position.ts";
import { NOTHING } from "./reader.ts";
import type { Scopes } from "./scopes.ts";

/** Checks what the steps of a file give to the workflows that they use: inputs and secrets. */
export function checkUses(
  file: WorkflowFile,
  placed: ReadonlyMap<string, PlacedStep>,
  scopes: Scopes,
  problems: Problems,
): void {
  for (const step of placed.values()) {
    const used = file.uses.get(step.parsed.step.id);
    if (used === undefined || used === null) continue;
    if (used.manifest.variants !== null) {
      problems.error([...step.parsed.step.pointer, "uses"], {
        code: "WF3030",
        message: `${used.path} has variants: which one is taken is decided once for a run, at its top`,
        help: "use one of its variants",
      });
    }
    checkInputs(step, used, scopes, problems);
    checkSecrets(step, used, file.manifest.secrets, problems);
  }
}

function checkInputs({ parsed, ...place }: PlacedStep, used: WorkflowFile, scopes: Scopes, problems: Problems): void {
  const { step, body } = parsed;
  if (body.kind !== "uses") return;
  const { inputs } = used.manifest;
  const names = Object.keys(inputs);
  for (const [name, value] of Object.entries(body.with)) {
    const pointer = [...step.pointer, "with", name];
    const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (input === undefined) {
      const meant = problems.suggest(name, names);
      problems.error(pointer, {
        code: "WF3023",
        message: `${used.path} has no input '${name}'`,
        help:
          meant === null
            ? names.length === 0
              ? "it has none"
              : `take it out${declared(names)}`
            : `did you mean '${meant}'?`,
        piece: "key",
      });
      continue;
    }
    const reason = misfit(value, input, { parsed, ...place }, scopes);
    if (reason === null) continue;
    if (isVariant(step)) {
      problems.error([...step.pointer, "uses"], {
        code: "WF3024",
        message: `the input '${name}' of this file does not fit that of ${used.path}: ${reason}`,
        help: "inputs pass to variants by name: give both the same schema",
      });
      continue;
    }
    problems.error(pointer, {
      code: "WF3024",
      message: `this does not fit the input '${name}' of ${used.path}: ${reason}`,
    });
  }
  const missing = names.filter((name) => inputs[name]?.required === true && !Object.hasOwn(body.with, name));
  if (missing.length === 0) return;
  problems.error([...step.pointer, "uses"], {
    code: "WF3023",
    message: `${used.path} needs the input${missing.length > 1 ? "s" : ""} ${missing.map((name) => `'${name}'`).join(", ")}`,
    help: isVariant(step)
      ? "inputs pass to variants by name: declare it under `inputs` of this file"
      : `write \`with: { ${missing[0]}: ... }\``,
  });
}

function isVariant({ pointer }: NormalStep): boolean {
  return pointer[0] === "variants";
}

/** Why a value can never be the input; null where it may. */
function misfit(value: Template, { schema }: NormalInput, step: PlacedStep, scopes: Scopes): string | null {
  // What could not be read has been told.
  if (value === NOTHING) return null;
  if (value.kind === "literal") return createSchemaCheck()(schema, value.value)[0] ?? null;
  const given = kindsOf(typeOf(value, scopes.at("unit", positionOf(step), true)));
  const wanted = kindsOf(schema);
  if (given === null || wanted === null || given.size === 0) return null;
  if ([...given].some((kind) => wanted.has(kind) || (kind === "int" && wanted.has("double")))) return null;
  return `it must be ${describeKinds(wanted)}, and is ${describeKinds(given)}`;
}

/** Only what is passed can be read in there, and all that it declares must be. */
function checkSecrets({ parsed }: PlacedStep, used: WorkflowFile, own: readonly string[], problems: Problems): void {
  const { step } = parsed;
  if (step.body.kind !== "uses") return;
  const needed = used.manifest.secrets;
  const { secrets } = step.body;
  const passed = secrets === "inherit" ? own : secrets.map(({ name }) => name);
  for (const { name, pointer } of secrets === "inherit" ? [] : secrets) {
    if (!own.includes(name)) {
      const meant = problems.suggest(name, own);
      const help =
        meant === null ? `declare it under \`secrets\` of this file${declared(own)}` : `did you mean '${meant}'?`;
      const message = `step '${step.id}' passes the secret '${name}', which is not declared`;
      problems.error(pointer, { code: "WF3008", message, help });
    } else if (!needed.includes(name)) {
      const message = `${used.path} declares no secret '${name}'`;
      problems.error(pointer, {
        code: "WF3025",
        message,
        help: needed.length === 0 ? "take it out" : `it declares ${needed.join(", ")}`,
      });
    }
  }
  const missing = needed.filter((name) => !passed.includes(name));
  if (missing.length === 0) return;
  const names = missing.map((name) => `'${name}'`).join(", ");
  problems.error([...step.pointer, "uses"], {
    code: "WF3025",
    message: `${used.path} needs the secret${missing.length > 1 ? "s" : ""} ${names}, which ${missing.length > 1 ? "are" : "is"} not passed`,
    help:
      secrets === "inherit"
        ? "declare them under `secrets` of this file"
        : `write \`secrets: [${needed.join(", ")}]\`, or \`secrets: inherit\``,
  });
}

import { parseTemplate } from "../../expression/parse.ts";
import type { Template } from "../../expression/template.ts";
import type { NormalManifest, NormalStep } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Json } from "../../util/json.ts";
import type { Problems } from "../problems.ts";
import type { OnError, StepBody } from "../types.ts";
import { checkScript, isCode, substitutionsIn } from "./check-script.ts";
import { sitesOf, type Place, type Site } from "./site.ts";

/** All expressions of a manifest, parsed; those that cannot be parsed were reported and are null or left out. */
export interface ParsedManifest {
  readonly env: { readonly [name: string]: Template };
  readonly instructions: ReadonlyMap<string, Template | null>;
  readonly steps: readonly ParsedStep[];
  readonly outputs: { readonly [name: string]: Template };
  /** The expressions outside steps. */
  readonly sites: readonly Site[];
}

export interface ParsedStep {
  readonly step: NormalStep;
  readonly description: Template | null;
  /** The source of `if`. */
  readonly condition: string | null;
  /** The list of `for_each`. */
  readonly items: Template | null;
  readonly body: ParsedBody;
  readonly onError: OnError;
  readonly sites: readonly Site[];
}

/** A body whose models are not resolved yet. */
export type ParsedBody =
  | Exclude<StepBody, { readonly kind: "agent" }>
  | { readonly kind: "agent"; readonly agent: string; readonly task: Template };

/** Where a shell's name is left out. */
const DEFAULT_SHELL = "sh";

/** Stands where a template could not be parsed: the plan is not used then. */
const NOTHING: Template = { kind: "literal", value: null };

export function parseTemplates(manifest: NormalManifest, problems: Problems): ParsedManifest {
  const reader = new Reader(problems);
  const env = reader.texts(manifest.env, ["env"], "environment");
  const instructions = new Map<string, Template | null>();
  for (const [name, agent] of Object.entries(manifest.agents)) {
    instructions.set(name, reader.text(agent.instructions, ["agents", name, "instructions"], "instructions"));
  }
  const outputs = Object.fromEntries(
    Object.entries(manifest.outputs).map(([name, value]) => [name, reader.value(value, ["outputs", name], "outputs")]),
  );
  return {
    env,
    instructions,
    outputs,
    sites: reader.sites,
    steps: manifest.steps.map((step) => parseStep(step, problems)),
  };
}

function parseStep(step: NormalStep, problems: Problems): ParsedStep {
  const reader = new Reader(problems);
  const at = (...path: readonly string[]): Pointer => [...step.pointer, ...path];
  return {
    step,
    description: reader.text(step.description, at("description"), "unit"),
    condition: reader.condition(step.condition, at("if")),
    items: step.fan === null ? null : reader.value(step.fan.items, at("for_each"), "gate"),
    body: parseBody(step, at, reader, problems),
    onError:
      step.onError.kind === "output"
        ? { kind: "output", output: reader.value(step.onError.output, at("on_error", "output"), "gate") }
        : step.onError,
    sites: reader.sites,
  };
}

function parseBody(
  step: NormalStep,
  at: (...path: string[]) => Pointer,
  reader: Reader,
  problems: Problems,
): ParsedBody {
  const { body } = step;
  switch (body.kind) {
    case "agent":
      return { kind: "agent", agent: body.agent, task: reader.text(body.task, at("task"), "unit") ?? NOTHING };
    case "value":
      return { kind: "value", value: reader.value(body.value, at("value"), "unit") };
    case "run": {
      const { command } = body;
      if (typeof command === "string") checkScript(command, at("run"), problems);
      return {
        kind: "run",
        command:
          typeof command === "string"
            ? { script: command, shell: body.shell ?? DEFAULT_SHELL }
            : {
                argv: command.map((argument, index) =>
                  parseArgument(command, index, argument, at("run"), reader, problems),
                ),
              },
        env: reader.texts(body.env, at("env"), "unit_environment"),
        stdin: reader.text(body.stdin, at("stdin"), "unit"),
        cwd: reader.text(body.cwd, at("cwd"), "unit"),
      };
    }
  }
}

/** An argument with none of our names in it stays as it is: `--format {{.Names}}` is docker's business. */
function parseArgument(
  argv: readonly string[],
  index: number,
  argument: string,
  run: Pointer,
  reader: Reader,
  problems: Problems,
): Template {
  const pointer = [...run, index];
  if (substitutionsIn(argument).length === 0) return { kind: "literal", value: argument };
  if (!isCode(argv, index)) return reader.text(argument, pointer, "unit") ?? NOTHING;
  checkScript(argument, pointer, problems);
  return NOTHING;
}

/** Parses one text or value after the other, and keeps the expressions in them. */
class Reader {
  readonly sites: Site[] = [];
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  text(value: string | null, pointer: Pointer, place: Place): Template | null {
    return value === null ? null : this.#parse(value, "text", pointer, place);
  }

  value(value: Json, pointer: Pointer, place: Place): Template {
    return this.#parse(value, "value", pointer, place) ?? NOTHING;
  }

  texts(values: { readonly [name: string]: string }, pointer: Pointer, place: Place): { [name: string]: Template } {
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, this.text(value, [...pointer, name], place) ?? NOTHING]),
    );
  }

  condition(value: string | null, pointer: Pointer): string | null {
    const template = value === null ? null : this.#parse(value, "bare", pointer, "condition");
    return template?.kind === "cel" ? template.source : null;
  }

  #parse(value: Json, mode: "value" | "text" | "bare", pointer: Pointer, place: Place): Template | null {
    const parsed = parseTemplate(value, mode);
    if (parsed.ok) {
      sitesOf(parsed.value, value, pointer, place, this.sites);
      return parsed.value;
    }
    for (const { pointer: inner, code, message, help, offset, length } of parsed.error) {
      this.#problems.error([...pointer, ...inner], { code, message, help, piece: { offset, length } });
    }
    return null;
  }
}

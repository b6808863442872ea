import type { Template } from "../../expression/template.ts";
import type { NormalApproval, NormalCache, NormalFan, NormalManifest, NormalStep } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import { staticSize } from "../fan-size.ts";
import type { Problems } from "../problems.ts";
import { pathBeside } from "../source-files.ts";
import type { TextFiles } from "../text-files.ts";
import type {
  ApprovalBody,
  HandoffStage,
  OnError,
  PlannedCache,
  PlannedDriver,
  PlannedFan,
  StepBody,
} from "../types.ts";
import { checkScript, isCode, substitutionsIn } from "./check-script.ts";
import { multiplyOut } from "./multiply-out.ts";
import { parseHttp, parseSql, parseState } from "./parse-effects.ts";
import { parseDrivers } from "./parse-drivers.ts";
import { parseServers, type ParsedServers } from "./parse-servers.ts";
import { parseFiles, type ParsedFiles } from "./parse-files.ts";
import { NOTHING, Reader } from "./reader.ts";
import type { Site } from "./site.ts";

/** All expressions of a manifest, parsed; those that cannot be parsed were reported and are null or left out. */
export interface ParsedManifest {
  readonly env: { readonly [name: string]: Template };
  readonly instructions: ReadonlyMap<string, Template | null>;
  /** By agent: those that a program drives. */
  readonly drivers: ReadonlyMap<string, PlannedDriver>;
  readonly servers: ParsedServers;
  /** The steps at the top, and what the workflow gives. */
  readonly scope: ParsedScope;
  /** The source of `score`; null = it has none. */
  readonly score: string | null;
  /** The expressions of `env` and of agents. */
  readonly sites: readonly Site[];
}

/** The steps of a workflow or of a group. */
export interface ParsedScope {
  readonly steps: readonly ParsedStep[];
  readonly outputs: { readonly [name: string]: Template };
  /** The expressions of `outputs`. */
  readonly sites: readonly Site[];
}

export interface ParsedStep {
  readonly step: NormalStep;
  readonly description: Template | null;
  /** The source of `if`. */
  readonly condition: string | null;
  readonly fan: PlannedFan | null;
  readonly body: ParsedBody;
  readonly onError: OnError;
  /** The source of `repeat.until`. */
  readonly until: string | null;
  readonly files: ParsedFiles;
  readonly cache: PlannedCache | null;
  /** Of a `handoff`, by stage. */
  readonly handoff?: readonly HandoffStage[];
  /** Its own expressions, not those of steps inside of it. */
  readonly sites: readonly Site[];
}

/** A body whose models, scopes and files are not resolved yet. */
export type ParsedBody =
  | Exclude<StepBody, { readonly kind: "agent" | "steps" | "uses" }>
  | {
      readonly kind: "agent";
      /** As it is written: a name, or an expression; null = a person comes first. */
      readonly agent: string | null;
      /** The expression that chooses the agent; null = it is named. */
      readonly choice: Template | null;
      /** The session that the task goes into; missing = none. */
      readonly session?: string;
      /** It was written as `send`. */
      readonly send?: { readonly waitMs: number | null };
      readonly task: Template;
    }
  | { readonly kind: "steps"; readonly scope: ParsedScope }
  | { readonly kind: "uses"; readonly with: { readonly [input: string]: Template } };

/** Where a shell's name is left out. */
const DEFAULT_SHELL = "sh";

export function parseTemplates(manifest: NormalManifest, files: TextFiles, problems: Problems): ParsedManifest {
  const reader = new Reader(problems, files);
  const env = reader.texts(manifest.env, ["env"], "environment");
  const instructions = new Map<string, Template | null>();
  for (const [name, agent] of Object.entries(manifest.agents)) {
    instructions.set(name, reader.text(agent.instructions, ["agents", name, "instructions"], "instructions"));
  }
  const drivers = parseDrivers(manifest, reader, problems);
  const servers = parseServers(manifest, reader, problems);
  const results = new Reader(problems, files);
  const outputs = results.values(manifest.outputs, ["outputs"], "outputs");
  const score = results.expression(manifest.score, ["score"], "outputs");
  const steps = manifest.steps.map((step) => parseStep(step, files, problems));
  const scope = { steps, outputs, sites: results.sites };
  return { env, instructions, drivers, servers, score, sites: reader.sites, scope };
}

/** All steps of a scope and of the groups inside of it, in the order of the file. */
export function* stepsWithin({ steps }: ParsedScope): Generator<ParsedStep> {
  for (const step of steps) {
    yield step;
    if (step.body.kind === "steps") yield* stepsWithin(step.body.scope);
  }
}

type At = (...path: readonly string[]) => Pointer;

function parseStep(step: NormalStep, files: TextFiles, problems: Problems): ParsedStep {
  const reader = new Reader(problems, files);
  const at: At = (...path) => [...step.pointer, ...path];
  return {
    step,
    description: step.description === null ? null : reader.text(step.description, at("description"), "unit"),
    condition: step.condition === null ? null : reader.expression(step.condition, at("if"), "condition"),
    fan: step.fan === null ? null : parseFan(step.id, step.fan, at, reader, problems),
    body: parseBody(step, at, reader, files, problems),
    onError:
      step.onError.kind === "output"
        ? { kind: "output", output: reader.value(step.onError.output, step.onError.pointer, "gate") }
        : step.onError,
    until: step.repeat === null ? null : reader.expression(step.repeat.until, at("repeat", "until"), "until"),
    files: parseFiles(step, reader, problems),
    cache: step.cache === null ? null : parseCache(step.cache, reader),
    ...(step.handoff === undefined ? {} : { handoff: parseHandoff(step, reader, problems) }),
    sites: reader.sites,
  };
}

function parseCache({ key, ttlMs, pointer }: NormalCache, reader: Reader): PlannedCache {
  const source = reader.expression(key, pointer, "unit");
  return { key: source === null ? null : { kind: "cel", source }, ttlMs };
}

function parseHandoff(step: NormalStep, reader: Reader, problems: Problems): readonly HandoffStage[] {
  return (step.handoff ?? []).map(({ pointer, accept, approval }) => ({
    accept: accept === null ? null : reader.expression(accept, [...pointer, "accept"], "until"),
    approval:
      approval === null
        ? null
        : {
            ...parseApproval(step.id, approval, [...pointer, "approval"], reader, problems),
            input: step.output ?? { type: "string" },
            givesInput: true,
          },
  }));
}

function parseApproval(
  id: string,
  approval: NormalApproval,
  pointer: Pointer,
  reader: Reader,
  problems: Problems,
): ApprovalBody {
  const at = [...pointer, "prompt"];
  if (approval.prompt.trim() === "") {
    const help = "say what the person decides";
    problems.error(at, { code: "WF2006", message: `the prompt of step '${id}' is empty`, help });
  }
  return { kind: "approval", ...approval, prompt: reader.text(approval.prompt, at, "unit") ?? NOTHING };
}

function parseFan(id: string, fan: NormalFan, at: At, reader: Reader, problems: Problems): PlannedFan {
  const { items, pointer, itemKey, ...rest } = fan;
  const common = { ...rest, itemKey: reader.expression(itemKey, at("item_key"), "key") };
  switch (items.kind) {
    case "list": {
      const list = reader.value(items.list, pointer, "gate");
      return {
        ...common,
        variable: fan.batch === null ? "item" : "items",
        items: list,
        glob: null,
        size: staticSize(list),
      };
    }
    case "glob": {
      const glob = reader.text(items.pattern, [...pointer, "glob"], "gate");
      return { ...common, variable: fan.batch === null ? "item" : "items", items: NOTHING, glob, size: null };
    }
    case "matrix": {
      const combinations = multiplyOut(id, items.matrix, fan.maxItems, pointer, problems);
      const list: Template = { kind: "literal", value: combinations };
      return { ...common, variable: "matrix", items: list, glob: null, size: combinations.length };
    }
  }
}

function parseBody(step: NormalStep, at: At, reader: Reader, files: TextFiles, problems: Problems): ParsedBody {
  const { body } = step;
  switch (body.kind) {
    case "agent": {
      const taskAt = body.send === undefined ? at("task") : at("send", "message");
      if (body.task.trim() === "") {
        const [what, help] =
          body.send === undefined ? ["task", "say what the agent is to do"] : ["message", "say what is to be answered"];
        problems.error(taskAt, { code: "WF2006", message: `the ${what} of step '${step.id}' is empty`, help });
      }
      return {
        kind: "agent",
        agent: body.agent,
        ...(body.session === undefined ? {} : { session: body.session }),
        ...(body.send === undefined ? {} : { send: body.send }),
        choice: body.agent?.includes("${{") === true ? reader.value(body.agent, at("agent"), "unit") : null,
        task: reader.text(body.task, taskAt, "unit") ?? NOTHING,
      };
    }
    case "value":
      return { kind: "value", value: reader.value(body.value, at("value"), "unit") };
    case "run": {
      const { command } = body;
      if (typeof command === "string") checkScript(command, at("run"), problems);
      if (body.cwd !== null) checkFolder(body.cwd, at("cwd"), problems);
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
    case "http":
      return parseHttp(body, at, reader, problems);
    case "sql":
      return parseSql(step, body, at, reader, problems);
    case "state":
      return parseState(body, at, reader, problems);
    case "steps": {
      const inner = new Reader(problems, files);
      const outputs = inner.values(body.outputs, at("outputs"), "group_outputs");
      const steps = body.steps.map((each) => parseStep(each, files, problems));
      return { kind: "steps", scope: { steps, outputs, sites: inner.sites } };
    }
    case "uses":
      return { kind: "uses", with: reader.values(body.with, at("with"), "unit") };
    case "wait": {
      const until = reader.text(body.until, at("wait", "until"), "unit");
      if (until?.kind === "literal" && body.until !== null) checkTime(body.until, at("wait", "until"), problems);
      return { kind: "wait", forMs: body.forMs, until };
    }
    case "approval":
      return parseApproval(step.id, body, at("approval"), reader, problems);
  }
}

/** A folder that is written out stays in the workspace; one that is computed is looked at in the run. */
function checkFolder(folder: string, pointer: Pointer, problems: Problems): void {
  if (folder.includes("{{")) return;
  const path = pathBeside("", folder.replaceAll("\\", "/"));
  if (path.ok && path.value.split("/")[0] !== "..") return;
  problems.error(pointer, {
    code: "WF2006",
    message: path.ok ? "'cwd' leaves the workspace" : `'cwd' ${path.error.replace(/:.*/, "")}`,
    help: "write a folder inside of the repository, relative to its root",
  });
}

/** Day, time and zone: without the zone it would be another moment on another machine. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

function checkTime(text: string, pointer: Pointer, problems: Problems): void {
  if (TIME.test(text) && !Number.isNaN(Date.parse(text))) return;
  problems.error(pointer, {
    code: "WF2006",
    message: "'until' must be a time with its zone, such as 2027-01-01T00:00:00Z",
    help: "for a length of time write `wait: { for: 10m }`",
  });
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

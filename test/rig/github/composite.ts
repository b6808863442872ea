import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { valuesIn } from "./runner.ts";

type Values = { readonly [name: string]: string };

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: { readonly [name: string]: unknown };
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Values;
}

interface Action {
  readonly inputs: { readonly [name: string]: { readonly default?: string; readonly required?: boolean } };
  readonly outputs: { readonly [name: string]: { readonly value: string } };
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

export interface Job {
  /** Folder of the action. */
  readonly action: string;
  /** The checkout: where steps work. */
  readonly folder: string;
  readonly inputs: Values;
  /** `github.*`; `action_path` is added. */
  readonly github: Values;
  readonly env: Values;
  /** Carries out `uses` steps, by the name before the `@`. */
  readonly actions: { readonly [name: string]: (inputs: Values) => void };
}

export interface JobEnd {
  /** Of the first step that failed; 0 = all succeeded. */
  readonly code: number;
  readonly log: string;
  readonly summary: string;
  readonly outputs: Values;
  /** Names of the steps that ran, in order. */
  readonly ran: readonly string[];
}

/** Carries out the steps of a composite action as GitHub's runner does: expressions, conditions, environment files. */
export async function runComposite(job: Job): Promise<JobEnd> {
  const action = parse(readFileSync(join(job.action, "action.yml"), "utf8")) as Action;
  if (action.runs.using !== "composite") throw new Error(`using ${action.runs.using}`);
  for (const name of Object.keys(job.inputs))
    if (!(name in action.inputs)) throw new Error(`there is no input ${name}`);
  const temp = mkdtempSync(join(tmpdir(), "muster-job-"));
  const github: Values = { ...job.github, action_path: job.action };
  const steps: { [id: string]: Values } = {};
  const inputs: { [name: string]: string } = {};
  const expand = (text: string): string =>
    text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, source: string) => String(valueOf(source, false)));
  const valueOf = (source: string, hasFailed: boolean): string | boolean =>
    evaluate(source, { inputs, github, steps, hasFailed });
  for (const [name, { default: value = "" }] of Object.entries(action.inputs))
    inputs[name] = job.inputs[name] ?? expand(value);

  let code = 0;
  let log = "";
  const ran: string[] = [];
  const summary = join(temp, "summary");
  for (const [index, step] of action.runs.steps.entries()) {
    const condition = step.if ?? "success()";
    const isStatusAsked = /\b(always|failure|cancelled|success)\(\)/.test(condition);
    if (!isStatusAsked && code !== 0) continue;
    if (valueOf(condition, code !== 0) !== true) continue;
    ran.push(step.name ?? String(index));
    if (step.uses !== undefined) {
      const [name = "", version] = step.uses.split("@");
      if (version === undefined) throw new Error(`${name} without a version`);
      const given = Object.entries(step.with ?? {}).map(([key, value]) => [key, expand(String(value))]);
      job.actions[name]?.(Object.fromEntries(given) as Values);
      continue;
    }
    if (step.shell !== "bash")
      throw new Error(`a run step of a composite action names its shell: ${step.name ?? index}`);
    const files = {
      output: join(temp, `output-${index}`),
      env: join(temp, `env-${index}`),
      path: join(temp, `path-${index}`),
    };
    for (const file of [...Object.values(files), summary]) writeFileSync(file, "", { flag: "a" });
    const script = join(temp, `script-${index}.sh`);
    writeFileSync(script, expand(step.run ?? ""));
    const own = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, expand(value)]));
    const ended = await bash(script, job.folder, {
      ...job.env,
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_WORKSPACE: job.folder,
      RUNNER_TEMP: temp,
      GITHUB_OUTPUT: files.output,
      GITHUB_ENV: files.env,
      GITHUB_PATH: files.path,
      GITHUB_STEP_SUMMARY: summary,
      ...own,
    });
    log += ended.output;
    if (code === 0) code = ended.code;
    if (step.id !== undefined) steps[step.id] = valuesIn(files.output);
  }
  mkdirSync(temp, { recursive: true });
  writeFileSync(summary, "", { flag: "a" });
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, expand(value)] as const);
  return { code, log, summary: readFileSync(summary, "utf8"), outputs: Object.fromEntries(outputs), ran };
}

/** As `bash --noprofile --norc -eo pipefail {0}`, which is what `shell: bash` means. */
function bash(script: string, cwd: string, env: Values): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? 1, output })));
}

interface Context {
  readonly inputs: Values;
  readonly github: Values;
  readonly steps: { readonly [id: string]: Values };
  readonly hasFailed: boolean;
}

/** The part of GitHub's expressions that an action needs: names, texts, `==`, `!=`, `&&`, `||`, brackets, status functions. */
function evaluate(source: string, context: Context): string | boolean {
  const tokens = source.match(/'(?:[^']|'')*'|==|!=|&&|\|\||[()!]|[\w.-]+/g) ?? [];
  if (tokens.join("").length !== source.replaceAll(/\s+(?=(?:[^']*'[^']*')*[^']*$)/g, "").length)
    throw new Error(`not understood: ${source}`);
  let at = 0;
  const or = (): string | boolean => {
    let left = and();
    while (tokens[at] === "||" && (at += 1)) left = [left, and()].find(isTrue) ?? false;
    return left;
  };
  const and = (): string | boolean => {
    let left = equal();
    while (tokens[at] === "&&" && (at += 1)) {
      const right = equal();
      left = isTrue(left) ? right : left;
    }
    return left;
  };
  const equal = (): string | boolean => {
    const left = one();
    const sign = tokens[at];
    if (sign !== "==" && sign !== "!=") return left;
    at += 1;
    return (left === one()) === (sign === "==");
  };
  const one = (): string | boolean => {
    const token = tokens[at] ?? "";
    at += 1;
    if (token === "(") {
      const inner = or();
      at += 1;
      return inner;
    }
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (tokens[at] === "(") {
      at += 2;
      return token === "always" ? true : token === "success" ? !context.hasFailed : context.hasFailed;
    }
    const [root, name = "", , output = ""] = token.split(".");
    if (root === "inputs" && name in context.inputs) return context.inputs[name] ?? "";
    if (root === "github" && name in context.github) return context.github[name] ?? "";
    if (root === "steps") return context.steps[name]?.[output] ?? "";
    throw new Error(`unknown in ${source}: ${token}`);
  };
  return or();
}

function isTrue(value: string | boolean): boolean {
  return value !== false && value !== "";
}

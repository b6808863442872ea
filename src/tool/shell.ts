import { refusalOf } from "../plan/permissions.ts";
import { asText } from "../util/json.ts";
import type { PreparedSandbox } from "./sandbox/sandbox.ts";
import { bounded, denied, refused, type Tool, type ToolContext, type ToolOutcome } from "./tool.ts";
import { toolOf } from "./spec.ts";

/** For how long a command may run. */
const USUAL_SECONDS = 120;
const LONGEST_SECONDS = 600;

/** What is started, and within which bounds. */
export interface ProgramRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: { readonly [name: string]: string };
  /** A sandbox: its end ends all that came of it. */
  readonly isShutIn: boolean;
  /** For each of stdout and stderr, in bytes. */
  readonly outputLimitBytes: number;
  readonly limits: { readonly memoryBytes: number; readonly cpuMs: number; readonly processes: number };
}

export interface ProgramResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
  /** Why it could not be started; null = it was. */
  readonly spawnError: string | null;
  /** What it took too much of, as the end of a sentence; null = nothing. */
  readonly exceeded: string | null;
}

/** Runs a program to its end, with all that it starts. Never rejects. */
export type RunProgram = (request: ProgramRequest, signal: AbortSignal) => Promise<ProgramResult>;

export interface ShellOptions {
  readonly run: RunProgram;
  /** What programs inherit outside of a sandbox: nothing secret. */
  readonly environment: { readonly [name: string]: string };
  /** How programs are shut in; null = they cannot be on this machine. Looked for once. */
  readonly sandbox: () => PreparedSandbox | null;
}

/** The shell: a script where any program is allowed, else a program with its arguments. */
export function createShellTool(options: ShellOptions): Tool {
  return toolOf(
    "shell",
    "Runs a command in the workspace, and gives its output and exit code. No network. What is left running is ended.",
    {
      command: {
        description:
          "A script for sh; or a program with its arguments as a list, where only some programs are allowed.",
        anyOf: [{ type: "string" }, { type: "array", items: { type: "string" }, minItems: 1 }],
      },
      timeout: {
        type: "integer",
        minimum: 1,
        maximum: LONGEST_SECONDS,
        description: `Seconds after which it is ended; ${USUAL_SECONDS} where it is left out.`,
      },
    },
    ["command"],
    (input, context) => {
      const { command = "" } = input.all;
      const argv = Array.isArray(command) ? command.map(String) : argvOf(asText(command), context);
      const seconds = Number(input.all["timeout"] ?? USUAL_SECONDS);
      return runCommand(argv, Array.isArray(command), seconds, context, options);
    },
  );
}

/** A text that is nothing but plain words needs no shell, so that a list of allowed programs can hold for it. */
function argvOf(text: string, { grant }: ToolContext): readonly string[] {
  const isPlain = /^[\w@%+=:,./ -]+$/.test(text);
  return grant.shell !== "any" && isPlain ? text.trim().split(/ +/) : ["sh", "-c", text];
}

async function runCommand(
  argv: readonly string[],
  isList: boolean,
  seconds: number,
  context: ToolContext,
  { run, environment, sandbox }: ShellOptions,
): Promise<ToolOutcome> {
  const { grant, workspace, program } = context;
  const isScript = !isList && argv[0] === "sh" && argv[1] === "-c";
  const reason = refusalOf(grant, isScript ? { kind: "script" } : { kind: "program", program: argv[0] ?? "" });
  if (reason !== null) return denied(reason);
  const shutIn = program.sandbox === "off" ? null : sandbox();
  if (shutIn === null && program.sandbox === "require") return denied("there is no sandbox on this machine");
  const wrapped =
    shutIn === null
      ? { argv, env: { ...environment, ...program.env } }
      : shutIn.wrap({
          argv,
          workspace,
          files: grant.files === "write" ? "write" : "read",
          memoryBytes: program.memoryBytes,
          processes: program.processes,
          env: program.env,
        });
  const timeout = AbortSignal.timeout(seconds * 1000);
  const result = await run(
    {
      ...wrapped,
      cwd: workspace,
      isShutIn: shutIn !== null,
      outputLimitBytes: context.longestText,
      limits: { memoryBytes: program.memoryBytes, cpuMs: program.cpuMs, processes: program.processes },
    },
    AbortSignal.any([context.signal, timeout]),
  );
  if (result.spawnError !== null) return refused(result.spawnError);
  const ended = { ...result, exceeded: timeout.aborted ? `ended after ${seconds} seconds` : result.exceeded };
  return {
    text: reportOf(ended, context.longestText),
    ...(ended.exceeded !== null && { isError: true as const }),
    ...(shutIn === null && { warning: `ran without a sandbox: ${argv.join(" ").slice(0, 200)}` }),
  };
}

function reportOf(result: ProgramResult, longest: number): string {
  const { exitCode, signal, stdout, stderr, stdoutTruncated, stderrTruncated, exceeded } = result;
  const end = exceeded ?? (exitCode === null ? `ended by ${signal ?? "an unknown signal"}` : `exit code ${exitCode}`);
  const output = [part("stdout", stdout, stdoutTruncated), part("stderr", stderr, stderrTruncated)].filter(
    (text) => text !== "",
  );
  return bounded([end, ...output].join("\n"), longest, "let the command print less");
}

function part(name: string, text: string, isCut: boolean): string {
  return text === "" ? "" : `${name}:\n${text}${isCut ? "\n[cut here]" : ""}`;
}

import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { err, ok, type Result } from "../../util/result.ts";
import type { ProcessRequest } from "./process.ts";
import { shellCommand } from "./shell.ts";
import { describeSpawnError } from "./spawn-error.ts";

/** Every process of a tree inherits this variable with the marks of its tree and of the trees around it. */
const TREE_VARIABLE = "MUSTER_ATTEMPT";

/** A program that runs. */
export interface StartedProcess {
  readonly child: ChildProcessByStdio<Writable | null, Readable, Readable>;
  readonly pid: number;
}

/** Starts the program as the leader of a process group of its own; the error says for a person why it could not. */
export async function startProcess(request: ProcessRequest, mark: string): Promise<Result<StartedProcess, string>> {
  const { command, cwd, env } = request;
  const [program = "", ...args] = "argv" in command ? command.argv : shellCommand(command.shell, command.script);
  const outerMarks = env[TREE_VARIABLE];
  const marks = outerMarks === undefined ? mark : `${outerMarks}/${mark}`;
  try {
    const child = spawn(program, args, {
      cwd,
      env: { ...env, [TREE_VARIABLE]: marks },
      detached: true,
      // A pipe for nothing costs as much as one for something.
      stdio: [request.stdin === null ? "ignore" : "pipe", "pipe", "pipe"],
    }) as StartedProcess["child"];
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      // Stays as a listener: a later error (a signal that could not be sent) must not end the process.
      child.on("error", reject);
    });
    return ok({ child, pid: child.pid as number });
  } catch (error) {
    return err(describeSpawnError(error as NodeJS.ErrnoException, program, cwd));
  }
}

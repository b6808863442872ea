import { statSync } from "node:fs";

/** Says in words why a program could not be started; Node's own message does not tell a missing program from a missing folder. */
export function describeSpawnError(error: NodeJS.ErrnoException, program: string, cwd: string): string {
  const folder = statSync(cwd, { throwIfNoEntry: false });
  if (folder === undefined) return `the working folder '${cwd}' does not exist`;
  if (!folder.isDirectory()) return `the working folder '${cwd}' is not a folder`;
  switch (error.code) {
    case "ENOENT":
      return program.includes("/")
        ? `the program '${program}', or the interpreter that its first line names, does not exist`
        : `the program '${program}' was not found on the PATH`;
    case "EACCES":
      return `the program '${program}' may not be executed (permission denied)`;
    case "E2BIG":
      return "its arguments and environment are too long for the system; pass long values through stdin";
    case "ERR_INVALID_ARG_VALUE":
      return program === "" ? "the command is empty" : "the command or its environment holds a NUL character";
    default:
      return `the program '${program}' could not be started: ${error.message}`;
  }
}

import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

type OutputFlag = "--record" | "--replay" | "--report" | "--junit";

const examples: { readonly [flag in OutputFlag]: string } = {
  "--record": "recording.yaml",
  "--replay": "recording.yaml",
  "--report": "report.json",
  "--junit": "junit.xml",
};

/** The absolute path of a file that a flag names, to be written when all is paid. UsageError where it could not be. */
export function outputFile(flag: OutputFlag, name: string, terminal: Terminal): string {
  const path = resolve(terminal.cwd, name);
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`${flag} ${name}: there is no folder ${folder}`);
  const present = statSync(path, { throwIfNoEntry: false });
  if (present?.isDirectory() === true)
    throw new UsageError(`${flag} ${name}: it is a folder; name a file in it, e.g. ${exampleIn(name, flag)}`);
  try {
    accessSync(present === undefined ? folder : path, constants.W_OK);
  } catch (error) {
    throw new UsageError(`${flag} ${name}: it cannot be written: ${(error as Error).message}`);
  }
  return path;
}

function exampleIn(folder: string, flag: OutputFlag): string {
  return `${folder.replace(/\/$/, "")}/${examples[flag]}`;
}

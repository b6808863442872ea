import { spawn } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Project } from "./project.ts";

/** What a shell says to a script in the project's folder, both streams together; `muster` is the real command. */
export function runShell(
  project: Project,
  musterScript: string,
  script: string,
  env: { readonly [name: string]: string } = {},
): Promise<string> {
  return shell(project, musterScript, script, env).then(({ output }) => output);
}

/** The same, with its exit code. */
export async function shell(
  project: Project,
  musterScript: string,
  script: string,
  env: { readonly [name: string]: string } = {},
): Promise<{ readonly output: string; readonly code: number | null }> {
  const bin = installMuster(project, musterScript);
  const path = [bin, process.env["PATH"] ?? ""].join(delimiter);
  // One file for both streams: what comes first stands first.
  const file = join(bin, "output");
  const output = openSync(file, "w");
  const child = spawn("bash", ["-c", script], {
    cwd: project.folder,
    env: { HOME: project.folder, ...project.env, ...env, PATH: path },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { output: readFileSync(file, "utf8"), code };
}

/** The folder, for PATH, with the real command as a program. */
export function installMuster(project: Project, musterScript: string): string {
  const bin = join(project.folder, ".bin");
  mkdirSync(bin, { recursive: true });
  const program = join(bin, "muster");
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${musterScript}' "$@"\n`);
  chmodSync(program, 0o755);
  return bin;
}

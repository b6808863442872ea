import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes `.muster` where it is missing, so that it never dirties a repository. Throws the system's error. */
export function keepOutOfGit(folder: string): void {
  if (existsSync(join(folder, ".gitignore"))) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, ".gitignore"), "*\n");
}

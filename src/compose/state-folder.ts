import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../util/make-folder.ts";

/** Makes `.muster` where it is missing, so that it never dirties a repository. Throws the system's error. */
export function keepOutOfGit(folder: string): void {
  if (existsSync(join(folder, ".gitignore"))) return;
  makeFolder(folder, 0o700);
  writeFileSync(join(folder, ".gitignore"), "*\n");
}

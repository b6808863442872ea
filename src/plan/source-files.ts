import type { SourceFile } from "../diagnostic/source.ts";
import { err, ok, type Result } from "../util/result.ts";

/** Why a file cannot be read. */
export interface FileProblem {
  /** There is none, which is the only reason to look for another name. */
  readonly isMissing: boolean;
  /** What is wrong, to stand behind the path: `is outside of the repository`. */
  readonly message: string;
}

/** The files beside a manifest: the caller reads them, so that planning itself touches nothing. */
export interface SourceFiles {
  /**
   * A text file by its path relative to the folder of the manifest at the top, with `/` and without `.`; it may start
   * with `..`. Gives files inside of the repository only, links followed. The path of the result is for people.
   */
  read(path: string): Result<SourceFile, FileProblem>;
}

/** For manifests that stand alone. */
export const noFiles: SourceFiles = {
  read: () => err({ isMissing: true, message: "cannot be read here: the manifest stands alone" }),
};

/** The path of a file that is named relative to another: both relative to the same folder. The error is a sentence. */
export function pathBeside(file: string, relative: string): Result<string, string> {
  if (/^(?:[/\\]|[A-Za-z]:)/.test(relative)) return err("is absolute: write it relative to this file");
  if (relative.includes("\\")) return err("has a backslash: folders end in `/`");
  const parts = file.split("/").slice(0, -1);
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return ok(parts.join("/"));
}

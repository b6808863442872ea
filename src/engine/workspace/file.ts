import { readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { err, ok, type Result } from "../../util/result.ts";

/** A larger file is no part of a text for a model or a program. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/**
 * Reads text files of a workspace for `file` in texts: relative to it, links followed, nothing outside of it and nothing
 * of `.git` or `.muster`. The error is a sentence.
 */
export function createFileReader(workspace: string): (path: string) => Result<string, string> {
  return (path) => {
    try {
      const root = realpathSync(workspace);
      const real = realpathSync(resolve(root, path));
      const inside = relative(root, real);
      const parts = inside.split(sep);
      if (isAbsolute(path) || isAbsolute(inside) || parts[0] === "..")
        return err(`the file '${path}' is outside of the workspace`);
      if (parts[0] === ".git" || parts[0] === ".muster")
        return err(`the file '${path}' belongs to ${parts[0]}, which no text may read`);
      const stat = statSync(real);
      if (!stat.isFile()) return err(`'${path}' is no file`);
      if (stat.size > LARGEST_BYTES) return err(`the file '${path}' is larger than ${LARGEST_BYTES / 1024 ** 2} MiB`);
      return ok(new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(real)));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return err(`the file '${path}' is not there`);
      if (error instanceof TypeError) return err(`the file '${path}' is no text in UTF-8`);
      return err(`the file '${path}' cannot be read: ${message}`);
    }
  };
}

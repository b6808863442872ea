import { isAbsolute } from "node:path";
import { globSync } from "tinyglobby";
import { err, ok, type Result } from "../../util/result.ts";

/** Folders that are never a workflow's business. */
const LEFT_OUT = ["**/.git/**", "**/.muster/**", "**/node_modules/**"];

/**
 * Files of a workspace that match a pattern (`docs/*.md`, `src/**`), relative to it, with `/`, sorted. Folders, and what
 * lies in `.git`, `.muster` or `node_modules`, never match. The error says why a pattern cannot be used.
 */
export function createGlob(workspace: string): (pattern: string) => Result<readonly string[], string> {
  return (pattern) => {
    if (pattern.trim() === "") return err("its pattern is empty");
    if (isAbsolute(pattern) || pattern.split("/").includes(".."))
      return err(`its pattern '${pattern}' leaves the workspace`);
    try {
      return ok(
        globSync(pattern, {
          cwd: workspace,
          ignore: LEFT_OUT,
          dot: false,
          followSymbolicLinks: false,
          expandDirectories: false,
        }).sort(),
      );
    } catch (error) {
      return err(`its files cannot be read: ${(error as Error).message}`);
    }
  };
}

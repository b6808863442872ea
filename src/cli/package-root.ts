import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { InternalError } from "../util/internal-error.ts";
import { nearest } from "../util/project.ts";

/** Where this package is installed: the folder of its package.json. */
export function packageRoot(): string {
  const root = nearest(dirname(fileURLToPath(import.meta.url)), ["package.json"]);
  if (root === null) throw new InternalError(`no package.json above ${relative(".", fileURLToPath(import.meta.url))}`);
  return root;
}

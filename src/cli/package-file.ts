import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./package-root.ts";

/** The text of a file that comes with the package, by its path there. */
export function packageFile(path: string): string {
  return readFileSync(join(packageRoot(), path), "utf8");
}

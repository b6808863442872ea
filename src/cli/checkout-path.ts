import { isAbsolute, relative, resolve, sep } from "node:path";
import type { Terminal } from "./terminal.ts";

/** A path from the root of the checkout that a CI job works in, with `/`; from the current folder where there is none. */
export function checkoutPath(file: string, { cwd, env }: Pick<Terminal, "cwd" | "env">): string {
  const root = env["GITHUB_WORKSPACE"] ?? "";
  const absolute = resolve(cwd, file);
  const inside = relative(root === "" ? cwd : root, absolute);
  const path = inside.startsWith("..") || isAbsolute(inside) ? relative(cwd, absolute) : inside;
  return path.split(sep).join("/");
}

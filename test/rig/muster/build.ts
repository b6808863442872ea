import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Absolute path of the command's script, as it was when the tests began. */
    readonly musterScript: string;
  }
}

/**
 * Builds the command where dist is older than the source, and keeps a copy for as long as the tests run: a build
 * beside them cannot pull it away. The copy lies where Node finds the libraries.
 */
export function setup(project: TestProject): () => void {
  const root = resolve(import.meta.dirname, "../../..");
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/setup.mjs")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`cannot build the command:\n${stderr}`);
  const copy = join(root, "node_modules/.cache", `muster-tests-${process.pid}`);
  cpSync(join(root, "dist"), copy, { recursive: true });
  project.provide("musterScript", join(copy, "cli/main.js"));
  return () => rmSync(copy, { recursive: true, force: true });
}

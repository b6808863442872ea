import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
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
 * beside them cannot pull it away.
 */
export function setup(project: TestProject): () => void {
  const root = resolve(import.meta.dirname, "../../..");
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/setup.mjs")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`cannot build the command:\n${stderr}`);
  const copy = mkdtempSync(join(tmpdir(), "muster-built-"));
  for (const part of ["dist", "docs", "policies", "schemas", "workflows", "package.json"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  project.provide("musterScript", join(copy, "dist/cli/main.js"));
  return () => rmSync(copy, { recursive: true, force: true });
}

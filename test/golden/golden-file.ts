import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** The cases of a golden suite: the folders beside this file's `suite` folder that hold a `workflow.yaml`. */
export function casesOf(suite: string): string[] {
  return readdirSync(join(import.meta.dirname, suite)).filter((name) => existsSync(workflowOf(suite, name)));
}

/** The text of a case's manifest. */
export function readWorkflow(suite: string, name: string): string {
  return readFileSync(workflowOf(suite, name), "utf8");
}

/** Compares with the file of that name in the case's folder; with UPDATE_GOLDEN=1 the file is written instead. */
export function expectGolden(suite: string, name: string, file: string, actual: string): void {
  const path = join(import.meta.dirname, suite, name, file);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, actual);
  expect(actual).toBe(readFileSync(path, "utf8"));
}

function workflowOf(suite: string, name: string): string {
  return join(import.meta.dirname, suite, name, "workflow.yaml");
}

import { randomUUID } from "node:crypto";
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/** Puts a text in a file's place at once, with the mode that the file has: a crash leaves the old or the new one. */
export function replaceFile(path: string, text: string): void {
  // Through a link, so that the link stays one.
  const target = realpathSync(path);
  const draft = `${target}.${randomUUID()}`;
  try {
    writeFileSync(draft, text, { mode: statSync(target).mode & 0o777, flag: "wx" });
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

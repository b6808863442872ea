import { spawnSync } from "node:child_process";
import { accessSync, constants, statfsSync } from "node:fs";
import { formatBytes } from "../../util/format.ts";
import { nearest, type Project } from "../../util/project.ts";
import { version } from "../../util/version.ts";
import type { Terminal } from "../terminal.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";

/** Below this a run may not be able to save its state. */
const TOO_LITTLE_BYTES = 64 * 1024 ** 2;
const LITTLE_BYTES = 1024 ** 3;

/** The program itself: that this runs at all says that Node is new enough. */
export function checkNode(): Finding {
  return ok("node", `muster ${version} on Node.js ${process.versions.node}, ${process.platform} ${process.arch}`);
}

/** How progress is shown here. */
export function checkTerminal({ screen, color }: Terminal): Finding {
  const colors = color.isColorSupported ? "with colour" : "without colour";
  if (screen === null) return ok("terminal", `none: progress is shown as lines, ${colors}`);
  const { width, height } = screen.size();
  return ok("terminal", `${width}x${height}, ${colors}: progress is shown as a live tree`);
}

/** Git, and the repository around a folder. */
export function checkGit(cwd: string): Finding {
  const { status, stdout } = spawnSync("git", ["--version"], { encoding: "utf8" });
  if (status !== 0)
    return warn(
      "git",
      "git is missing or does not run",
      "install it from https://git-scm.com/downloads: examples read their diffs with it",
    );
  const repository = nearest(cwd, [".git"]);
  return ok("git", `${stdout.trim()}, ${repository === null ? "not in a repository" : `repository ${repository}`}`);
}

/** Room for the state. */
export function checkDisk({ root }: Project): Finding {
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  const text = `${formatBytes(free)} free in ${root}`;
  if (free < TOO_LITTLE_BYTES)
    return fail("disk", text, "free some space: 'muster prune --older-than 30d' deletes old runs");
  return free < LITTLE_BYTES
    ? warn("disk", text, "'muster prune --older-than 30d' deletes old runs")
    : ok("disk", text);
}

/** The project's folder, in which the state is made and steps work. */
export function checkFolder({ root }: Project): Finding {
  try {
    accessSync(root, constants.R_OK | constants.W_OK);
    return ok("project", root);
  } catch (error) {
    return fail(
      "project",
      `${root} cannot be written: ${(error as Error).message}`,
      "change its permissions, or keep the state elsewhere with --state PATH",
    );
  }
}

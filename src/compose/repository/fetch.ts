import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RepositoryCommit, RepositoryProblem } from "../../plan/repository.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { Environment } from "../environment.ts";
import { git } from "./git.ts";

/** What a server says that gives away the ends of branches only. */
const REFUSES_COMMITS = /unadvertised object|not our ref|does not support/i;

/**
 * Fetches one commit with the user's git and keeps its objects, alone, in a folder. There is no work tree, so neither
 * hooks nor filters nor submodules have a place in it. Whole or not at all: the folder appears in one step, and of two
 * processes at once the first wins.
 */
export function fetchCommit(
  { repository, commit }: RepositoryCommit,
  folder: string,
  env: Environment,
): Result<null, RepositoryProblem> {
  const address = `https://github.com/${repository}`;
  let draft: string | null = null;
  try {
    mkdirSync(dirname(folder), { recursive: true });
    draft = mkdtempSync(join(dirname(folder), ".fetch-"));
    const home = join(draft, "repository");
    const fetched = fetchInto(home, address, commit, env);
    if (!fetched.ok) return notFetched(repository, commit, fetched.error);
    renameSync(join(home, "objects"), folder);
    return ok(null);
  } catch (error) {
    // Another process has put it there meanwhile.
    if (existsSync(folder)) return ok(null);
    return err({ message: `${repository} cannot be kept in ${folder}: ${(error as Error).message}`, help: null });
  } finally {
    if (draft !== null) rmSync(draft, { recursive: true, force: true });
  }
}

function fetchInto(home: string, address: string, commit: string, env: Environment): Result<null, string> {
  const made = git(["init", "--quiet", "--bare", "--template=", home], { env });
  if (!made.ok) return made;
  const set = { GIT_DIR: home, ...sshOf(env) };
  const fetch = (...what: readonly string[]) =>
    git(
      ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc", ...what],
      { env, set },
    );
  const alone = fetch("--depth=1", "--", address, `${commit}:refs/heads/muster`);
  if (!alone.ok) {
    if (!REFUSES_COMMITS.test(alone.error)) return alone;
    const all = fetch("--", address, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*");
    if (!all.ok) return all;
  }
  const type = git(["cat-file", "-t", commit], { env, set });
  if (!type.ok) return err(`it has no commit ${commit}`);
  return type.value.toString("utf8").trim() === "commit" ? ok(null) : err(`${commit} is no commit`);
}

/** ssh must not ask either; who has a command of their own for it keeps it. */
function sshOf(env: Environment): { readonly [name: string]: string } {
  if ((env["GIT_SSH_COMMAND"] ?? env["GIT_SSH"] ?? "") !== "") return {};
  const own = git(["config", "--get", "core.sshCommand"], { env });
  return own.ok && own.value.length > 0 ? {} : { GIT_SSH_COMMAND: "ssh -o BatchMode=yes" };
}

function notFetched(repository: string, commit: string, why: string): Result<never, RepositoryProblem> {
  return err({
    message: `${repository} cannot be fetched at ${commit.slice(0, 12)}: ${why}`,
    help: `it is fetched once, with your git: see what 'git ls-remote https://github.com/${repository}' says`,
  });
}

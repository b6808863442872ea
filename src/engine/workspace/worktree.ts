import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

/** So many branches of one name are tried before a unit fails. */
const MOST_NAMES = 1000;

/** What muster commits is nobody's: no hook of the repository runs, nothing is signed. */
const AS_MUSTER = [
  "user.name=muster",
  "user.email=muster@localhost",
  "core.hooksPath=/dev/null",
  "commit.gpgsign=false",
  "gc.auto=0",
].flatMap((setting) => ["-c", setting]);

/** Git said no; the message is its own. */
export class GitError extends Error {
  override readonly name = "GitError";
}

/** There is nothing that a worktree could be made of; the message is a sentence that goes on from "works in a worktree, and". */
export class NothingToCheckOut extends Error {
  override readonly name = "NothingToCheckOut";
  readonly help: string;

  constructor(message: string, help: string) {
    super(message);
    this.help = help;
  }
}

/** Git worktrees of one repository, each in a folder of its own. One call of git at a time. Throws GitError; `open` NothingToCheckOut. */
export class Worktrees {
  readonly #repository: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(repository: string) {
    this.#repository = repository;
  }

  /** Checks HEAD out into a folder. What an attempt before left there is kept on a branch first. */
  async open(folder: string, branch: string, goesOn = false): Promise<void> {
    await this.#inTurn(async () => {
      if (goesOn && existsSync(folder) && (await this.#isTree(folder))) return;
      await this.#mustHaveCommit();
      if (existsSync(folder)) await this.#close(folder, branch);
      await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
      await this.#git(this.#repository, "worktree", "add", "--force", "--detach", "--quiet", folder, "HEAD");
    });
  }

  /**
   * Takes a worktree away. What was changed or committed in it is kept on a branch of this name (or `NAME-2`, ... when
   * there is one): gives its name, or null when nothing was.
   */
  close(folder: string, branch: string): Promise<string | null> {
    return this.#inTurn(() => this.#close(folder, branch));
  }

  async #mustHaveCommit(): Promise<void> {
    const isThere = (...args: readonly string[]): Promise<boolean> =>
      this.#git(this.#repository, ...args).then(
        () => true,
        (error: unknown) => {
          if (isNotInstalled(error))
            throw new NothingToCheckOut("git cannot be started", "install git, or write `workspace: isolated`");
          return false;
        },
      );
    if (await isThere("rev-parse", "--verify", "--quiet", "HEAD^{commit}")) return;
    if (await isThere("rev-parse", "--git-dir"))
      throw new NothingToCheckOut(
        "this repository has no commit yet",
        "commit something first, or write `workspace: isolated`",
      );
    throw new NothingToCheckOut(
      "this folder is not in a git repository",
      "git init and commit something first, or write `workspace: isolated`",
    );
  }

  /** Not half made: git would find the repository around it. */
  async #isTree(folder: string): Promise<boolean> {
    const top = await this.#git(folder, "rev-parse", "--show-toplevel").catch(() => null);
    return top !== null && top !== (await this.#git(this.#repository, "rev-parse", "--show-toplevel"));
  }

  async #close(folder: string, branch: string): Promise<string | null> {
    // Half made when its runner died: there is nothing to keep.
    if (!(await this.#isTree(folder))) {
      await rm(folder, { recursive: true, force: true });
      return null;
    }
    await this.#git(folder, "add", "--all");
    if ((await this.#git(folder, "status", "--porcelain")) !== "")
      await this.#git(folder, "commit", "--quiet", "--no-verify", "--message", `Changes of ${branch}`);
    const kept = (await this.#isReachable(folder)) ? null : await this.#name(folder, branch);
    await this.#git(this.#repository, "worktree", "remove", "--force", folder);
    return kept;
  }

  /** Whether what is checked out lies on some branch or tag already. */
  async #isReachable(folder: string): Promise<boolean> {
    const refs = ["for-each-ref", "--count=1", "--contains", "HEAD", "--format=%(refname)"];
    if ((await this.#git(folder, ...refs)) !== "") return true;
    const main = await this.#git(this.#repository, "rev-parse", "HEAD");
    return main === (await this.#git(folder, "rev-parse", "HEAD"));
  }

  async #name(folder: string, branch: string): Promise<string> {
    for (let n = 1; n <= MOST_NAMES; n += 1) {
      const name = n === 1 ? branch : `${branch}-${n}`;
      const isTaken = await this.#git(folder, "rev-parse", "--verify", "--quiet", `refs/heads/${name}`).then(
        () => true,
        () => false,
      );
      if (isTaken) continue;
      await this.#git(folder, "branch", "--no-track", name, "HEAD");
      return name;
    }
    throw new GitError(`there are ${MOST_NAMES} branches '${branch}'`);
  }

  async #git(cwd: string, ...args: readonly string[]): Promise<string> {
    try {
      const options = { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
      const { stdout } = await promisify(execFile)("git", [...AS_MUSTER, ...args], options);
      return stdout.trimEnd();
    } catch (error) {
      const { stderr = "", message } = error as Error & { readonly stderr?: string };
      throw new GitError(`git ${args[0]}: ${stderr.trim() || message}`, { cause: error });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function isNotInstalled(error: unknown): boolean {
  const { cause } = error as Error & { readonly cause?: { readonly code?: unknown } };
  return cause?.code === "ENOENT";
}

/** A name that git takes for a branch: `muster/RUN/fix-2` of the run `RUN` and `fix[2]`. */
export function branchName(runId: string, label: string): string {
  const plain = (text: string): string => text.replace(/[^A-Za-z0-9_]+/g, "-").replace(/^-+|-+$/g, "") || "x";
  return `muster/${plain(runId)}/${plain(label)}`;
}

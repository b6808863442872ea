import { posix, resolve } from "node:path";
import { decodeSource } from "../../manifest/decode.ts";
import { emptyLock, LOCK_FILE, parseLock } from "../../plan/lock.ts";
import type { FileProblem, SourceFiles } from "../../plan/source-files.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { Environment } from "../environment.ts";
import { repositoryIn } from "../source-reader.ts";
import { git } from "./git.ts";

/** What a listing of a large repository takes: about 500,000 files. */
const MOST_LISTING_BYTES = 64 * 1024 ** 2;
const LARGEST_BYTES = 1024 * 1024;
/** Links to links that are followed at most, as the system does it. */
const MOST_LINKS = 40;

interface Entry {
  readonly isLink: boolean;
  readonly object: string;
}

/** A repository as it was at one commit. Nothing is checked out, so nothing of it is carried out. */
export interface Revision {
  readonly commit: string;
  /** Paths of all its files from its root, with `/`. */
  readonly paths: readonly string[];
  /** Paths of its symbolic links. */
  readonly links: readonly string[];
  /** The path that a path leads to through links, empty for the root; null when it leaves the repository or goes in circles. */
  follow(path: string): string | null;
  /** The bytes of a file; null when there is none. */
  bytes(path: string): Buffer | null;
  /** The files beside a manifest of it, as `compile` wants them. */
  filesBeside(manifest: string): SourceFiles;
}

/** The folder of the repository that a folder lies in. The error is a sentence. */
export function repositoryRoot(folder: string, env: Environment): Result<string, string> {
  const root = git(["-C", folder, "rev-parse", "--show-toplevel"], { env });
  if (!root.ok) return err(`${folder} is in no git repository: ${root.error}`);
  return ok(resolve(root.value.toString("utf8").trimEnd()));
}

/**
 * The repository in `root` at a revision: whatever git takes for a commit, a branch of `origin` that is not here by its bare
 * name, or `A...B` for where B left A. The error is a sentence that says what is missing, for shallow clones how deep to fetch.
 */
export function readRevision(root: string, name: string, env: Environment): Result<Revision, string> {
  const run = (args: readonly string[], mostBytes?: number) =>
    git(["-C", root, ...args], mostBytes === undefined ? { env } : { env, mostBytes });
  const commit = commitOf(name, run);
  if (!commit.ok) return commit;
  const listing = run(["ls-tree", "-r", "-z", "--full-tree", commit.value], MOST_LISTING_BYTES);
  if (!listing.ok) return err(`the files of ${name} cannot be listed: ${listing.error}`);
  const entries = new Map<string, Entry>();
  for (const line of listing.value.toString("utf8").split("\0")) {
    const [, mode, type, object = "", path = ""] = /^(\d+) (\w+) ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    if (type === "blob") entries.set(path, { isLink: mode === "120000", object });
  }
  const blob = (object: string) => run(["cat-file", "blob", object], 2 * LARGEST_BYTES);
  const bytes = (path: string): Buffer | null => {
    const entry = entries.get(path);
    const found = entry === undefined ? null : blob(entry.object);
    return found?.ok === true ? found.value : null;
  };

  /** As `follow`, but as the links spell it: `.` for the root, perhaps with a slash at the end. */
  const followed = (path: string, links = 0): string | null => {
    const clean = posix.normalize(path);
    if (clean === ".." || clean.startsWith("../") || clean.startsWith("/") || links > MOST_LINKS) return null;
    const parts = clean.split("/");
    for (let length = 1; length <= parts.length; length += 1) {
      const part = parts.slice(0, length).join("/");
      if (entries.get(part)?.isLink !== true) continue;
      const target = bytes(part)?.toString("utf8") ?? "";
      if (target.startsWith("/")) return null;
      return followed(posix.join(posix.dirname(part), target, ...parts.slice(length)), links + 1);
    }
    return clean;
  };

  return ok({
    commit: commit.value,
    paths: [...entries].flatMap(([path, { isLink }]) => (isLink ? [] : [path])),
    links: [...entries].flatMap(([path, { isLink }]) => (isLink ? [path] : [])),
    follow: (path) => followed(path)?.replace(/^\.\/?$|\/$/, "") ?? null,
    bytes,
    filesBeside: (manifest) => {
      const fail = (message: string, isMissing = false): Result<never, FileProblem> => err({ isMissing, message });
      return {
        lock() {
          const text = bytes(LOCK_FILE)?.toString("utf8");
          const lock = text === undefined ? ok(emptyLock) : parseLock(text);
          return lock.ok ? ok({ lock: lock.value, isFrozen: true }) : lock;
        },
        repository: (at) => repositoryIn(root, at, { env, isFrozen: true }),
        read(path) {
          const target = followed(posix.join(posix.dirname(manifest), path));
          if (target === null) return fail("is outside of the repository");
          const found = bytes(target);
          if (found === null) return fail(`is not there at ${commit.value.slice(0, 12)}`, !entries.has(target));
          if (found.length > LARGEST_BYTES) return fail(`is larger than ${LARGEST_BYTES / 1024} KiB`);
          const source = decodeSource(posix.normalize(posix.join(posix.dirname(manifest), path)), found);
          return source.ok ? source : fail(`cannot be read: ${source.error[0]?.message ?? "it is no text"}`);
        },
      };
    },
  });
}

type Run = (args: readonly string[]) => Result<Buffer, string>;

function commitOf(name: string, run: Run): Result<string, string> {
  const [from = "", to] = name.split("...");
  if (to !== undefined) {
    const left = commitOf(from === "" ? "HEAD" : from, run);
    if (!left.ok) return left;
    const right = commitOf(to === "" ? "HEAD" : to, run);
    if (!right.ok) return right;
    const base = run(["merge-base", "--", left.value, right.value]);
    return base.ok ? ok(base.value.toString("utf8").trim()) : err(missing(name, NO_BASE, run));
  }
  // What begins with a dash is no revision, and must not become a flag.
  if (name.startsWith("-")) return err(`'${name}' is no revision`);
  // A branch that was never checked out here is the one of the server: in a job that is all there is.
  for (const each of [name, `refs/remotes/origin/${name}`]) {
    const found = run(["rev-parse", "--verify", "--quiet", "--end-of-options", `${each}^{commit}`]);
    if (found.ok) return ok(found.value.toString("utf8").trim());
  }
  return err(missing(name, "there is no such revision here", run));
}

/** `A...B`, and the history of both is too short. */
const NO_BASE = "no commit is known that both come from";

function missing(name: string, why: string, run: Run): string {
  const isShallow = run(["rev-parse", "--is-shallow-repository"]);
  const shallow = isShallow.ok && isShallow.value.toString("utf8").trim() === "true";
  const branch = name.split("...")[0]?.replace(/^origin\//, "") ?? name;
  // What is told from a commit that is here is older than the clone; a branch may be fetched by itself.
  const isRelative = /[~^@:]|(?:^|_)HEAD$/.test(branch) || why === NO_BASE;
  // A clone of one branch fetches no other one unless it is told where that goes.
  const refs = `origin ${branch}:refs/remotes/origin/${branch}`;
  const fetch = isRelative ? "git fetch --unshallow origin" : `git fetch --depth=1 ${refs}`;
  if (shallow)
    return `${name}: ${why}, and this is a shallow clone: fetch it with '${fetch}', or check out with full history (GitHub Actions: 'fetch-depth: 0')`;
  return isRelative ? `${name}: ${why}` : `${name}: ${why}; a branch of the server comes with 'git fetch ${refs}'`;
}

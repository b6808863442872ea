import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, normalize, relative, resolve, sep } from "node:path";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { decodeSource } from "../manifest/decode.ts";
import { LOCK_FILE } from "../plan/lock.ts";
import type { RepositoryCommit, RepositoryProblem } from "../plan/repository.ts";
import type { FileProblem, RepositoryFiles, SourceFiles } from "../plan/source-files.ts";
import { isVouched } from "../run/identity.ts";
import { nearest } from "../util/project.ts";
import { err, ok, type Result } from "../util/result.ts";
import type { Environment } from "./environment.ts";
import { SEARCH_URL } from "./search.ts";
import { readLock } from "./lock-file.ts";
import { trustAround } from "./trust.ts";
import { cachedRepository } from "./repository/cached-repository.ts";
import { fetchCommit } from "./repository/fetch.ts";
import { keepOutOfGit } from "./state-folder.ts";

/** Reads a text file of the user's; what is wrong with its bytes are diagnostics, what the system says is thrown. */
export function readSource(path: string, shownAs: string): Result<SourceFile, readonly Diagnostic[]> {
  return decodeSource(shownAs, readFileSync(path));
}

/** The largest file that a manifest may name: it becomes part of the plan. */
const LARGEST_BYTES = 1024 * 1024;

/** How workflows of other repositories are had. */
export interface RepositoryOptions {
  /** git runs in it. */
  readonly env: Environment;
  /** `muster.lock` may not grow, and what is not in it is not fetched. */
  readonly isFrozen: boolean;
  /** Told before something is fetched, which may take a while. */
  readonly onFetch?: (repository: string) => void;
  /** The text of a file that is being edited, by its absolute path; undefined = as it is on the disk. */
  readonly editedText?: (path: string) => string | undefined;
}

/** The files that a manifest names, and the lock of its project. */
export interface SourceReader extends SourceFiles {
  /** Absolute path of `muster.lock`, in the root of the manifest's repository. */
  readonly lockPath: string;
}

/**
 * Reads the files beside a manifest, those inside of its repository only, links followed; without a repository, those
 * inside of its folder. `path` is where the manifest is (or would be, for one that is no file), `shownAs` how the user calls it.
 */
export function createSourceReader(path: string, shownAs: string, repositories: RepositoryOptions): SourceReader {
  const folder = existsSync(path) ? dirname(realpathSync(path)) : resolve(dirname(path));
  const root = nearest(folder, [".git", ".muster"]) ?? folder;
  const fail = (message: string, isMissing = false): Result<never, FileProblem> => err({ isMissing, message });
  const lockPath = join(root, LOCK_FILE);
  return {
    lockPath,
    canSearch: (repositories.env[SEARCH_URL] ?? "") !== "",
    vouches: (kind) => isVouched(kind, trustAround(folder)),
    lock() {
      const lock = readLock(lockPath);
      return lock.ok ? ok({ lock: lock.value, isFrozen: repositories.isFrozen }) : lock;
    },
    repository: (at) => repositoryIn(root, at, repositories),
    read(name) {
      try {
        const real = realpathSync(resolve(folder, name));
        if (!isInside(real, root)) return fail("is outside of the repository");
        const edited = repositories.editedText?.(real);
        if (edited !== undefined) return ok({ path: normalize(join(dirname(shownAs), name)), text: edited });
        const stat = statSync(real);
        if (!stat.isFile()) return fail("is no file");
        if (stat.size > LARGEST_BYTES) return fail(`is larger than ${LARGEST_BYTES / 1024} KiB`);
        const source = decodeSource(normalize(join(dirname(shownAs), name)), readFileSync(real));
        return source.ok ? source : fail(`cannot be read: ${source.error[0]?.message ?? "it is no text"}`);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === "ENOENT" || code === "ENOTDIR") return fail("is not there", true);
        return fail(`cannot be read: ${message}`);
      }
    },
  };
}

/** The files of a commit: from the project's cache, else fetched into it. */
export function repositoryIn(
  root: string,
  at: RepositoryCommit,
  { env, onFetch }: RepositoryOptions,
): Result<RepositoryFiles, RepositoryProblem> {
  const folder = join(root, ".muster", "cache", "git", at.repository, at.commit);
  if (!existsSync(folder)) {
    onFetch?.(at.repository);
    try {
      keepOutOfGit(join(root, ".muster"));
    } catch (error) {
      return err({ message: `${at.repository} cannot be kept: ${(error as Error).message}`, help: null });
    }
    const fetched = fetchCommit(at, folder, env);
    if (!fetched.ok) return fetched;
  }
  return ok(cachedRepository(at, folder, env));
}

function isInside(path: string, root: string): boolean {
  const inside = relative(realpathSync(root), path);
  return inside !== ".." && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

import type { Pointer } from "../manifest/pointer.ts";
import { err, ok, type Result } from "../util/result.ts";
import { LOCK_FILE, type Lock, type LockState } from "./lock.ts";
import type { PinnedServers } from "./mcp-server.ts";
import type { Problem, Problems } from "./problems.ts";
import { commitName, nameInCommit, type RepositoryCommit } from "./repository.ts";
import type { SourceFiles, TextSource } from "./source-files.ts";

/** Where workflows come from: beside the manifest at the top, or another repository at a commit. */
export interface Origin {
  readonly files: TextSource;
  /** What a file is called in plans and messages. */
  nameOf(path: string): string;
}

/** The place in a manifest that names a repository. */
export interface NamedAt {
  readonly problems: Problems;
  readonly pointer: Pointer;
}

interface Opened {
  readonly origin: Origin;
  readonly namedAt: NamedAt;
  /** The SHA-256 of what was read, by path. */
  readonly read: Map<string, string>;
}

/** The other repositories that the workflows of one compilation use, each opened once, and what `muster.lock` says of them. */
export class Repositories {
  readonly #files: SourceFiles;
  readonly #opened = new Map<string, Result<Opened, Problem>>();
  #lock: Result<LockState, string> | null = null;

  constructor(files: SourceFiles) {
    this.#files = files;
  }

  /** The tools of MCP servers that somebody has agreed to. */
  pinned(): Result<PinnedServers, Problem> {
    const lock = this.#lockState();
    return lock.ok ? ok(lock.value.lock.servers) : lock;
  }

  /** All files that were read, as a lock has them. */
  get used(): Lock {
    const used = new Map<string, ReadonlyMap<string, string>>();
    for (const [name, opened] of this.#opened) if (opened.ok) used.set(name, opened.value.read);
    return used;
  }

  /** The files of a repository at a commit. The error is told once, where it was named first: null = told before. */
  open(at: RepositoryCommit, namedAt: NamedAt): Result<Origin, Problem | null> {
    const name = commitName(at);
    const known = this.#opened.get(name);
    if (known !== undefined) return known.ok ? ok(known.value.origin) : err(null);
    const opened = this.#open(at, name, namedAt);
    this.#opened.set(name, opened);
    return opened.ok ? ok(opened.value.origin) : opened;
  }

  /** Reports what was read and is not what the lock says, where its repository was named first. */
  check(): void {
    for (const [name, opened] of this.#opened) {
      if (!opened.ok) continue;
      const { namedAt, read } = opened.value;
      const problem = this.#misfit(name, read);
      if (problem !== null) namedAt.problems.error(namedAt.pointer, problem);
    }
  }

  #open(at: RepositoryCommit, name: string, namedAt: NamedAt): Result<Opened, Problem> {
    const lock = this.#lockState();
    if (!lock.ok) return err(lock.error);
    // Nothing is fetched that nobody has agreed to.
    if (lock.value.isFrozen && !lock.value.lock.repositories.has(name)) return err(notLocked(name));
    const files = this.#files.repository(at);
    if (!files.ok) return err({ code: "WF3040", ...files.error });
    const read = new Map<string, string>();
    const origin: Origin = {
      files: {
        read: (path) => {
          const file = files.value.read(path);
          if (file.ok) read.set(path, file.value.sha256);
          return file;
        },
      },
      nameOf: (path) => nameInCommit(at, path),
    };
    return ok({ origin, namedAt, read });
  }

  #misfit(name: string, read: ReadonlyMap<string, string>): Problem | null {
    const lock = this.#lockState();
    if (!lock.ok) return null;
    const known = lock.value.lock.repositories.get(name);
    const changed = [...read].find(([path, digest]) => (known?.get(path) ?? digest) !== digest);
    if (changed !== undefined) {
      return {
        code: "WF8011",
        message: `${changed[0]} of ${name} is not what ${LOCK_FILE} says: it has the SHA-256 ${changed[1]}`,
        help: `a commit cannot change, so one of the two is forged or damaged. Fetch it anew (delete its folder under .muster/cache); if it stays, look at who changed ${LOCK_FILE}`,
      };
    }
    const missing = [...read.keys()].find((path) => known?.has(path) !== true);
    return missing !== undefined && lock.value.isFrozen ? notLocked(name, missing) : null;
  }

  #lockState(): Result<LockState, Problem> {
    this.#lock ??= this.#files.lock();
    if (this.#lock.ok) return this.#lock;
    const help = `restore it from git, or delete it and run 'muster validate' to write it anew`;
    return err({ code: "WF8012", message: `${LOCK_FILE} ${this.#lock.error}`, help });
  }
}

function notLocked(name: string, path: string | null = null): Problem {
  return {
    code: "WF8012",
    message: `${path === null ? name : `${path} of ${name}`} is not in ${LOCK_FILE}`,
    help: `run 'muster validate' on your machine, look at what it added, and commit ${LOCK_FILE}`,
  };
}

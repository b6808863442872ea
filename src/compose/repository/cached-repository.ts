import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSource } from "../../manifest/decode.ts";
import { nameInCommit, type RepositoryCommit } from "../../plan/repository.ts";
import type { FileProblem, RepositoryFiles } from "../../plan/source-files.ts";
import { sha256 } from "../../util/digest.ts";
import { err, type Result } from "../../util/result.ts";
import type { Environment } from "../environment.ts";
import { git } from "./git.ts";

/** What a file of another repository may have; the same as one beside the manifest. */
const LARGEST_BYTES = 1024 * 1024;

/** The files of a commit whose objects lie in a folder (see fetch.ts). */
export function cachedRepository(at: RepositoryCommit, objects: string, env: Environment): RepositoryFiles {
  const fail = (message: string, isMissing = false): Result<never, FileProblem> => err({ isMissing, message });
  return {
    read: (path) => {
      if (path === "" || path.split("/").includes("..")) return fail("is outside of the repository");
      return withBareHome((home) => {
        const call = { env, set: { GIT_DIR: home, GIT_OBJECT_DIRECTORY: objects } };
        const listed = git(["ls-tree", "-z", "--full-tree", "--long", at.commit, "--", path], call);
        if (!listed.ok)
          return fail(`cannot be read from ${objects}: ${listed.error}; delete that folder to fetch it anew`);
        const entry = /^(\d+) (\w+) ([0-9a-f]{40}) +(\d+|-)\t/.exec(listed.value.toString("utf8"));
        if (entry === null) return fail(`is not there at commit ${at.commit.slice(0, 12)}`, true);
        const [, mode, type, id = "", size] = entry;
        if (mode === "120000") return fail("is a link, which is not followed in another repository");
        if (type !== "blob") return fail("is no file");
        if (Number(size) > LARGEST_BYTES) return fail(`is larger than ${LARGEST_BYTES / 1024} KiB`);
        const bytes = git(["cat-file", "blob", id], { ...call, mostBytes: 2 * LARGEST_BYTES });
        if (!bytes.ok) return fail(`cannot be read: ${bytes.error}`);
        if (bytes.value.subarray(0, 40).toString("latin1").startsWith("version https://git-lfs.github.com/"))
          return fail("is kept with Git LFS, which is not fetched");
        const source = decodeSource(nameInCommit(at, path), bytes.value);
        if (!source.ok) return fail(`cannot be read: ${source.error[0]?.message ?? "it is no text"}`);
        return { ok: true, value: { ...source.value, sha256: sha256(bytes.value) } };
      });
    },
  };
}

/**
 * An empty repository for the time of a call. The cache has objects only: a repository has settings, and settings can
 * make git run programs, but the cache may have come with an artifact of who knows whom.
 */
function withBareHome<Value>(use: (home: string) => Value): Value {
  const home = mkdtempSync(join(tmpdir(), "muster-git-"));
  try {
    mkdirSync(join(home, "objects"));
    mkdirSync(join(home, "refs"));
    writeFileSync(join(home, "HEAD"), "ref: refs/heads/none\n");
    return use(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

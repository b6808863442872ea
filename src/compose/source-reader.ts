import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, normalize, relative, resolve, sep } from "node:path";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { decodeSource } from "../manifest/decode.ts";
import type { FileProblem, SourceFiles } from "../plan/source-files.ts";
import { nearest } from "../util/project.ts";
import { err, type Result } from "../util/result.ts";

/** Reads a text file of the user's; what is wrong with its bytes are diagnostics, what the system says is thrown. */
export function readSource(path: string, shownAs: string): Result<SourceFile, readonly Diagnostic[]> {
  return decodeSource(shownAs, readFileSync(path));
}

/** The largest file that a manifest may name: it becomes part of the plan. */
const LARGEST_BYTES = 1024 * 1024;

/**
 * Reads the files beside a manifest, those inside of its repository only, links followed; without a repository, those
 * inside of its folder. `path` is where the manifest is (or would be, for one that is no file), `shownAs` how the user calls it.
 */
export function createSourceReader(path: string, shownAs: string): SourceFiles {
  const folder = existsSync(path) ? dirname(realpathSync(path)) : resolve(dirname(path));
  const root = nearest(folder, [".git", ".muster"]) ?? folder;
  const fail = (message: string, isMissing = false): Result<never, FileProblem> => err({ isMissing, message });
  return {
    read(name) {
      try {
        const real = realpathSync(resolve(folder, name));
        if (!isInside(real, root)) return fail("is outside of the repository");
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

function isInside(path: string, root: string): boolean {
  const inside = relative(realpathSync(root), path);
  return inside !== ".." && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

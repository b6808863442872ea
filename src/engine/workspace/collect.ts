import { constants, open } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact } from "../../run/artifact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { SecretFinder } from "../../run/redact.ts";
import { formatBytes } from "../../util/format.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { ContentFolder } from "./content-folder.ts";
import type { WritePath } from "./resolved-files.ts";
import { SecretFound, watchForSecrets } from "./secret-watch.ts";
import { findFiles, MOST_FILES } from "./workspace-files.ts";

/** The largest object that an S3-compatible store takes at once. */
export const LARGEST_ARTIFACT_BYTES = 5 * 1024 ** 3;

export interface Collecting {
  /** For people: `report`, `report[2]`. */
  readonly label: string;
  readonly folder: string;
  readonly writes: readonly WritePath[];
  readonly contents: ContentFolder;
  readonly finder: SecretFinder;
  readonly signal: AbortSignal;
}

/** Keeps the files that a unit promised. What is missing, or must not be kept, is a failure `output`. Throws the system's errors. */
export async function collect(options: Collecting): Promise<Result<readonly Artifact[], Failure>> {
  const { label, folder, writes } = options;
  const paths = new Set<string>();
  for (const { path, isGlob } of writes) {
    const found = findFiles(folder, path, isGlob);
    if (!found.ok)
      return err(failure("output", "artifact_refused", `what '${label}' wrote cannot be kept: ${found.error}`));
    if (found.value.length === 0 && !isGlob) {
      const message = `'${label}' did not write '${path}', which it promises under 'writes'`;
      return err(failure("output", "missing_file", message, { help: "write it there, or take it out of 'writes'" }));
    }
    for (const each of found.value) paths.add(each);
  }
  if (paths.size > MOST_FILES)
    return err(
      failure("output", "too_many_files", `'${label}' wrote ${paths.size} files; at most ${MOST_FILES} are kept`),
    );
  const artifacts: Artifact[] = [];
  for (const path of [...paths].sort()) {
    const kept = await keepOne(path, options);
    if (!kept.ok) return kept;
    artifacts.push(kept.value);
  }
  return ok(artifacts);
}

async function keepOne(
  path: string,
  { label, folder, contents, finder, signal }: Collecting,
): Promise<Result<Artifact, Failure>> {
  const file = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { mode, size } = await file.stat();
    if (size > LARGEST_ARTIFACT_BYTES) {
      const message = `'${path}' of '${label}' has ${formatBytes(size)}; the largest file that is kept has ${formatBytes(LARGEST_ARTIFACT_BYTES)}`;
      return err(failure("output", "artifact_too_large", message, { help: "split it, or store it elsewhere" }));
    }
    const source = file.createReadStream();
    const kept = await contents.keep(source, finder.longest === 0 ? undefined : watchForSecrets(finder), signal);
    return ok({ path, ...kept, url: null, ...((mode & 0o111) === 0 ? {} : { executable: true as const }) });
  } catch (error) {
    if (!(error instanceof SecretFound)) throw error;
    const message = `'${path}' of '${label}' holds the secret ${error.secret}, and files are kept as they are`;
    return err(failure("output", "secret_in_artifact", message, { help: "leave the secret out of the file" }));
  } finally {
    await file.close();
  }
}

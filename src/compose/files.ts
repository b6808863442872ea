import { dirname, join } from "node:path";
import { ContentFolder } from "../engine/workspace/content-folder.ts";
import { createIsolatedFolders } from "../engine/workspace/isolated.ts";
import { UnitFiles, type RemoteContents } from "../engine/workspace/unit-files.ts";
import { UnitFolders } from "../engine/workspace/unit-folder.ts";
import { readValue } from "../engine/local/stored-value.ts";
import type { Artifact } from "../run/artifact.ts";
import type { Store } from "../store/store.ts";
import { runsFolderOf, type Project } from "../util/project.ts";
import { digestOf, findFiles } from "../engine/workspace/workspace-files.ts";
import { Worktrees } from "../engine/workspace/worktree.ts";
import type { CacheFolder } from "../engine/local/surroundings.ts";
import type { RepositoryFiles } from "../engine/local/resolve-files.ts";

/** The files of a repository, as `reads` sees them. */
export function repositoryFiles(workspace: string, isMadeUp: boolean): RepositoryFiles {
  return {
    isMadeUp,
    find: (path, isGlob) => findFiles(workspace, path, isGlob),
    digest: (path) => digestOf(workspace, path),
  };
}

/** Where files of cached outcomes are, given where runs have their folders. */
export function cacheFolder(runsFolder: string): CacheFolder {
  return { contents: new ContentFolder(join(dirname(runsFolder), "cache")) };
}

/**
 * Deletes files of the cache that no outcome in it names any more and that were last used before `olderThan`
 * (milliseconds since 1970): a younger one may be about to be named. With `dryRun` nothing is deleted.
 */
export async function sweepCachedFiles(
  project: Project,
  store: Store,
  { olderThan, dryRun }: { readonly olderThan: number; readonly dryRun: boolean },
): Promise<{ readonly count: number; readonly bytes: number }> {
  const used = new Set<string>();
  for (const { artifacts } of store.cache.entries()) {
    if (artifacts === null) continue;
    for (const { sha256 } of readValue(store, artifacts) as unknown as readonly Artifact[]) used.add(sha256);
  }
  return cacheFolder(runsFolderOf(project)).contents.sweep((name) => used.has(name), olderThan, dryRun);
}

export interface UnitFilesPlace {
  readonly workspace: string;
  /** `.muster/runs`. */
  readonly runsFolder: string;
  readonly remote: RemoteContents | null;
}

/** What puts the files of units in, and keeps them in the folders of their runs. */
export function createUnitFiles({ workspace, runsFolder, remote }: UnitFilesPlace): UnitFiles {
  return new UnitFiles({
    workspace,
    remote,
    contentsOf: (runId) => new ContentFolder(join(runsFolder, runId, "artifacts")),
    folders: new UnitFolders({
      workspace,
      runsFolder,
      isolated: createIsolatedFolders(runsFolder),
      worktrees: new Worktrees(workspace),
    }),
  });
}

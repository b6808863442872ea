import { dirname, join } from "node:path";
import { ContentFolder } from "../engine/workspace/content-folder.ts";
import { createIsolatedFolders } from "../engine/workspace/isolated.ts";
import { UnitFiles, type RemoteContents } from "../engine/workspace/unit-files.ts";
import { UnitFolders } from "../engine/workspace/unit-folder.ts";
import { digestOf, findFiles } from "../engine/workspace/workspace-files.ts";
import { Worktrees } from "../engine/workspace/worktree.ts";
import type { CacheFolder } from "../engine/local/surroundings.ts";
import type { RepositoryFiles } from "../engine/local/resolve-files.ts";

/** The files of a repository, as `reads` sees them. */
export function repositoryFiles(workspace: string): RepositoryFiles {
  return {
    find: (path, isGlob) => findFiles(workspace, path, isGlob),
    digest: (path) => digestOf(workspace, path),
  };
}

/** Where files of cached outcomes are, given where runs have their folders. */
export function cacheFolder(runsFolder: string): CacheFolder {
  return { contents: new ContentFolder(join(dirname(runsFolder), "cache")) };
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

import type { Revision } from "../compose/repository/revision.ts";
import { isManifest, isYamlName } from "../manifest/is-manifest.ts";
import { filesBelow, isBelow, type FoundFiles } from "./linked-files.ts";

/** The manifests under some paths of a revision: what `manifestsUnder` finds when it is checked out. */
export function manifestsAt(revision: Revision, under: readonly string[]): FoundFiles {
  const isThere = new Set(revision.paths);
  const inPackages = (path: string, folder: string): boolean =>
    path.slice(folder.length).split("/").includes("node_modules");
  const below = (paths: readonly string[], folder: string): readonly string[] =>
    paths.filter((path) => isBelow(path, folder) && !inPackages(path, folder));
  const { files, lost } = filesBelow(
    {
      list: (folder) => ({ files: below(revision.paths, folder), links: below(revision.links, folder) }),
      follow(path) {
        const target = revision.follow(path);
        if (target === null) return null;
        if (isThere.has(target)) return { kind: "file", path: target };
        return revision.paths.some((each) => isBelow(each, target)) ? { kind: "folder", path: target } : null;
      },
    },
    under,
  );
  const manifests = [...files].filter(
    ([path, real]) =>
      under.includes(path) || (isYamlName(path) && isManifest(revision.bytes(real)?.toString("utf8") ?? "")),
  );
  // What is given may be new, or gone: that is no link.
  const isLink = (path: string): boolean => revision.links.some((link) => isBelow(path, link));
  return { files: new Map(manifests), lost: lost.filter((path) => !under.includes(path) || isLink(path)) };
}

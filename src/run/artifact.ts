/** A file that a step left behind: its content is kept under its digest. */
export interface Artifact {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** `s3://bucket/prefix/SHA256` where it is in a store; null = in the run's folder alone. */
  readonly url: string | null;
  /** It may be run as a program; left out where it may not. */
  readonly executable?: true;
}

/** The artifacts of several steps as one set, by path: of two with one path the later counts. */
export function mergeArtifacts(lists: Iterable<readonly Artifact[]>): ReadonlyMap<string, Artifact> {
  const merged = new Map<string, Artifact>();
  for (const list of lists) for (const artifact of list) merged.set(artifact.path, artifact);
  return merged;
}

/** An artifact as expressions, reports and events show it. */
export function artifactJson({ path, bytes, sha256, url }: Artifact): {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly url: string | null;
} {
  return { path, bytes, sha256, url };
}

import picomatch from "picomatch";
import type { Evaluator } from "../../expression/evaluate.ts";
import { pathProblem, plainPath, skeletonOf } from "../../plan/file-pattern.ts";
import type { PlannedFiles, PlannedPattern } from "../../plan/types.ts";
import type { Artifact } from "../../run/artifact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { asText, type Json } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { ResolvedFiles, WritePath } from "../workspace/resolved-files.ts";
import type { Values } from "./context.ts";

/** Files of the repository. The errors are sentences. */
export interface RepositoryFiles {
  /** Paths that a file, folder or glob stands for, sorted. */
  readonly find: (path: string, isGlob: boolean) => Result<readonly string[], string>;
  /** SHA-256, 64 hex digits. */
  readonly digest: (path: string) => Result<string, string>;
  /** Steps write nothing: a file that one of them would have written is not missed. For simulated runs. */
  readonly isMadeUp: boolean;
}

export interface FileQuestion {
  /** Of the step, for messages. */
  readonly id: string;
  readonly files: PlannedFiles;
  readonly values: Values;
  readonly evaluator: Evaluator;
  /** Of steps before, by path. */
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly repository: RepositoryFiles;
}

/** What a unit reads and writes, and what of it belongs to its fingerprint. */
export interface FileAnswer {
  readonly files: ResolvedFiles;
  readonly digests: readonly (readonly [name: string, value: Json])[];
}

/** Signs of a glob, as in `file-pattern.ts`. */
const GLOB_SIGNS = /[*?{}[\]!()]/g;

/**
 * Resolves the paths of a unit. A path of `reads` stands for the artifacts that it matches, and where there is none for
 * files of the repository. A file that is named and not there is a failure `invalid`, as is a path that leads outside.
 */
export function resolveFiles(question: FileQuestion): Result<FileAnswer, Failure> {
  const artifacts = new Map<string, Artifact>();
  const sources = new Map<string, string>();
  for (const pattern of question.files.reads) {
    const path = pathOf("reads", pattern, question);
    if (!path.ok) return path;
    const found = [...question.artifacts.values()].filter(matcherOf(path.value));
    for (const artifact of found) artifacts.set(artifact.path, artifact);
    if (found.length > 0) continue;
    const files = addSources(path.value, question, sources);
    if (files !== null) return err(files);
  }
  for (const path of artifacts.keys()) sources.delete(path);
  const writes: WritePath[] = [];
  for (const pattern of question.files.writes) {
    const path = pathOf("writes", pattern, question);
    if (!path.ok) return path;
    writes.push(path.value);
  }
  const digests = [...[...artifacts].map(([path, { sha256 }]) => [path, sha256] as const), ...sources];
  return ok({
    files: { artifacts: [...artifacts.values()], sources: [...sources.keys()], writes },
    digests: digests.sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, digest]) => [`reads ${path}`, digest] as const),
  });
}

/** Adds the files of the repository that a path stands for. */
function addSources(
  { path, isGlob }: WritePath,
  { id, repository }: FileQuestion,
  sources: Map<string, string>,
): Failure | null {
  const found = repository.find(path, isGlob);
  if (!found.ok) return failure("invalid", "cannot_read", `'reads' of '${id}': ${found.error}`);
  if (found.value.length === 0 && !isGlob && !repository.isMadeUp) {
    return failure("invalid", "missing_file", `'${id}' reads '${path}', which is not there`, {
      help: "no step before it wrote it, and the repository has no such file",
    });
  }
  for (const file of found.value) {
    const digest = repository.digest(file);
    if (!digest.ok) return failure("invalid", "cannot_read", `'reads' of '${id}': ${digest.error}`);
    sources.set(file, digest.value);
  }
  return null;
}

/** The path with its values put in. Signs of a glob in a value would make it another pattern. */
function pathOf(
  key: "reads" | "writes",
  { path: template, isGlob }: PlannedPattern,
  { id, values, evaluator }: FileQuestion,
): Result<WritePath, Failure> {
  const value = evaluator.evaluate(template, values);
  if (!value.ok) return err(expressionFailure(key, id, value.error));
  const path = asText(value.value);
  const problem = pathProblem(path);
  if (problem !== null)
    return err(failure("invalid", "bad_path", `the path '${path}' in '${key}' of '${id}' ${problem}`));
  const written = isGlob ? (skeletonOf(template).match(GLOB_SIGNS) ?? []).length : 0;
  if (isGlob && (path.match(GLOB_SIGNS) ?? []).length > written) {
    const message = `a value that is put into the pattern '${path}' in '${key}' of '${id}' has signs of a pattern in it`;
    return err(
      failure("invalid", "bad_path", message, { help: "name one file with it, or choose values without them" }),
    );
  }
  return ok({ path, isGlob });
}

function matcherOf({ path, isGlob }: WritePath): (artifact: Artifact) => boolean {
  const plain = plainPath(path);
  if (!isGlob) return (artifact) => artifact.path === plain || artifact.path.startsWith(`${plain}/`);
  const matches = picomatch(plain);
  return (artifact) => matches(artifact.path);
}

import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import type { Document } from "../manifest/document.ts";
import { normalise } from "../manifest/normalise.ts";
import type { NormalManifest, NormalStep } from "../manifest/normal.ts";
import { readDocument } from "../manifest/read.ts";
import { salvage } from "../manifest/salvage.ts";
import { checkManifest } from "../manifest/validate.ts";
import { chooseModels, type ModelChoice } from "./model-choice.ts";
import type { Lock } from "./lock.ts";
import type { PinnedServers } from "./mcp-server.ts";
import { passByName } from "./pass-by-name.ts";
import { Problems, type Problem } from "./problems.ts";
import { Repositories, type NamedAt, type Origin } from "./repositories.ts";
import { remoteWorkflow } from "./repository.ts";
import { pathBeside, type SourceFiles } from "./source-files.ts";
import { err, ok, type Result } from "../util/result.ts";

/** A manifest of a workflow with those that it uses, which make no circle. */
export interface WorkflowFile {
  /** What it is called: its path relative to the folder of the manifest at the top, or `owner/repo/path@SHA`. */
  readonly path: string;
  /** Where the files that it names come from, and its own path among them. */
  readonly origin: Origin;
  readonly place: string;
  readonly manifest: NormalManifest;
  /** What is found wrong with it from here on. */
  readonly problems: Problems;
  /** The tools of MCP servers that somebody has agreed to, as `muster.lock` of the project at the top has them. */
  readonly pinned: () => Result<PinnedServers, Problem>;
  /** An endpoint for searches is configured. */
  readonly canSearch: boolean;
  /** By the ids of the steps that use them; null where there is none to look at, which was reported. */
  readonly uses: ReadonlyMap<string, WorkflowFile | null>;
}

/** A file: where it comes from, and its path there. */
interface Place {
  readonly origin: Origin;
  readonly path: string;
}

/** Deeper than `limits.depth` may be: nothing below is read. */
const DEEPEST_CHAIN = 40;

/** Reads the workflows that a workflow uses, each once, and remembers all that was read. */
export class WorkflowLoader {
  readonly #files: SourceFiles;
  readonly #top: Origin;
  readonly #repositories: Repositories;
  readonly #choice: ModelChoice;
  readonly #pinned = (): Result<PinnedServers, Problem> => this.#repositories.pinned();
  /** By path; null where nothing is left to look at. */
  readonly #known = new Map<string, WorkflowFile | null>();
  /** In the order in which they were met: what is wrong with the form of a file, and what the plan finds. */
  readonly #reports: { readonly form: readonly Diagnostic[]; readonly problems: Problems | null }[] = [];
  readonly #sources: SourceFile[] = [];
  readonly #manifests: NormalManifest[] = [];

  constructor(files: SourceFiles, choice: ModelChoice) {
    this.#files = files;
    this.#top = { files, nameOf: (path) => path };
    this.#repositories = new Repositories(files);
    this.#choice = choice;
  }

  /** Every manifest that was read, that at the top first: for code frames. */
  get sources(): readonly SourceFile[] {
    return this.#sources;
  }

  /** The manifests with their own models, whatever was chosen. */
  get manifests(): readonly NormalManifest[] {
    return this.#manifests;
  }

  /** The files of other repositories that were read. */
  get used(): Lock {
    return this.#repositories.used;
  }

  /** Whether the project knows who vouches for identities of a kind. */
  vouches(kind: string): boolean {
    return this.#files.vouches?.(kind) === true;
  }

  /** Reports files of other repositories that are not what `muster.lock` says; for when all were read. */
  checkLock(): void {
    this.#repositories.check();
  }

  /** The workflow at the top with all below it. `form` is what was found wrong with its form. */
  top(document: Document, manifest: NormalManifest, form: readonly Diagnostic[]): WorkflowFile {
    const name = document.source.path.split(/[/\\]/).at(-1) ?? "";
    const file = this.#load({ origin: this.#top, path: name }, document, manifest, form, []);
    this.#checkDepth(file, manifest.limits.depth);
    return file;
  }

  /** All problems of all files: file by file, each in its order. */
  diagnosticsOf(severity: Diagnostic["severity"]): readonly Diagnostic[] {
    return this.#reports.flatMap(({ form, problems }) =>
      [...form.filter((each) => each.severity === severity), ...(problems?.of(severity) ?? [])].toSorted(
        (a, b) => a.span.line - b.span.line || a.span.column - b.span.column,
      ),
    );
  }

  #load(
    place: Place,
    document: Document,
    manifest: NormalManifest,
    form: readonly Diagnostic[],
    chain: readonly string[],
  ): WorkflowFile {
    const problems = new Problems(document);
    this.#sources.push(document.source);
    this.#manifests.push(manifest);
    this.#reports.push({ form, problems });
    const uses = new Map<string, WorkflowFile | null>();
    const path = nameOf(place);
    for (const step of usingSteps(manifest.steps)) {
      uses.set(step.id, this.#used(step, place, problems, [...chain, path]));
    }
    const chosen = passByName(chooseModels(manifest, this.#choice), uses);
    return {
      path,
      origin: place.origin,
      place: place.path,
      manifest: chosen,
      problems,
      pinned: this.#pinned,
      canSearch: this.#files.canSearch === true,
      uses,
    };
  }

  #used(step: NormalStep, from: Place, problems: Problems, chain: readonly string[]): WorkflowFile | null {
    if (step.body.kind !== "uses") return null;
    const pointer = [...step.pointer, "uses"];
    const written = step.body.path;
    const place = this.#placeOf(written, from, { problems, pointer });
    if (!place.ok) {
      if (place.error !== null) problems.error(pointer, place.error);
      return null;
    }
    const name = nameOf(place.value);
    if (chain.includes(name)) {
      const round = [...chain.slice(chain.indexOf(name)), name];
      problems.error(pointer, {
        code: "WF3018",
        message:
          round.length === 2 ? "this workflow uses itself" : `these workflows use one another: ${round.join(" -> ")}`,
        help: "to do something again write `repeat`, or go over a list with `for_each`",
      });
      return null;
    }
    const known = this.#known.get(name);
    if (known !== undefined || chain.length > DEEPEST_CHAIN) return known ?? null;
    const source = place.value.origin.files.read(place.value.path);
    if (!source.ok) {
      problems.error(pointer, unreadable(`the workflow '${written}' ${source.error.message}`, written));
      return null;
    }
    const file = this.#read(place.value, source.value, chain);
    this.#known.set(name, file);
    return file;
  }

  /** Where the workflow is that a manifest names; the error null = told before. */
  #placeOf(written: string, from: Place, namedAt: NamedAt): Result<Place, Problem | null> {
    const remote = remoteWorkflow(written);
    if (remote === null) {
      const path = pathBeside(from.path, written);
      if (path.ok) return ok({ origin: from.origin, path: path.value });
      return err(unreadable(`the path '${written}' ${path.error}`, written));
    }
    const origin = this.#repositories.open(remote, namedAt);
    return origin.ok ? ok({ origin: origin.value, path: remote.path }) : origin;
  }

  #read(place: Place, source: SourceFile, chain: readonly string[]): WorkflowFile | null {
    const broken = (form: readonly Diagnostic[]): null => {
      this.#sources.push(source);
      this.#reports.push({ form, problems: null });
      return null;
    };
    const document = readDocument(source);
    if (!document.ok) return broken(document.error);
    const manifest = checkManifest(document.value);
    if (manifest.ok) return this.#load(place, document.value, normalise(manifest.value), [], chain);
    const { diagnostics, pointers } = manifest.error;
    const left = salvage(document.value, pointers);
    if (left === null) return broken(diagnostics);
    return this.#load(place, left.document, normalise(left.manifest, left.unknown), diagnostics, chain);
  }

  /** Reports the first chain of workflows that is too long, where it becomes so. */
  #checkDepth(top: WorkflowFile, most: number): void {
    const heights = new Map<WorkflowFile, number>();
    const heightOf = (file: WorkflowFile): number => {
      let height = heights.get(file);
      if (height === undefined) {
        const below = [...file.uses.values()].map((used) => (used === null ? 0 : 1 + heightOf(used)));
        heights.set(file, (height = Math.max(0, ...below)));
      }
      return height;
    };
    if (heightOf(top) <= most) return;
    const chain = [top.path];
    let at = top;
    for (let depth = 0; ; depth++) {
      const [id, next] = [...at.uses].find(([, used]) => used !== null && 1 + heightOf(used) === heightOf(at)) ?? [];
      if (id === undefined || next === undefined || next === null) return;
      chain.push(next.path);
      if (depth === most) {
        const step = [...usingSteps(at.manifest.steps)].find((each) => each.id === id);
        at.problems.error([...(step?.pointer ?? []), "uses"], {
          code: "WF3019",
          message: `workflows use one another more than ${most} deep: ${chain.join(" -> ")}`,
          help: `write \`limits: { depth: ${heightOf(top)} }\` in ${top.path}, or bring some of the steps together`,
        });
        return;
      }
      at = next;
    }
  }
}

function nameOf({ origin, path }: Place): string {
  return origin.nameOf(path);
}

function unreadable(message: string, written: string): Problem {
  const help =
    remoteWorkflow(written) === null
      ? "a path is relative to this file, and stays inside of its repository"
      : "the path is that of the workflow in the other repository, as it was at this commit";
  return { code: "WF3017", message, help };
}

/** The steps that use other workflows, at every depth. */
function* usingSteps(steps: readonly NormalStep[]): Generator<NormalStep> {
  for (const step of steps) {
    if (step.body.kind === "uses") yield step;
    if (step.body.kind === "steps") yield* usingSteps(step.body.steps);
  }
}

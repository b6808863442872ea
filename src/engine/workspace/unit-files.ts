import { existsSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { PlannedStep } from "../../plan/types.ts";
import { artifactJson, type Artifact } from "../../run/artifact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { sha256 } from "../../util/digest.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { plainResult, type AttemptContext, type AttemptResult, type StepHandler } from "../step/handler.ts";
import { collect } from "./collect.ts";
import { DamagedContent, type ContentFolder } from "./content-folder.ts";
import { placeFile } from "./place-file.ts";
import type { LeftFiles, ResolvedFiles } from "./resolved-files.ts";
import type { UnitFolder, UnitFolders } from "./unit-folder.ts";
import { NothingToCheckOut } from "./worktree.ts";

/** A store of large contents that other machines reach. */
export interface RemoteContents {
  urlOf(sha256: string): string;
  /** Sends a content, unless it is there. */
  send(content: Pick<Artifact, "sha256" | "bytes">, path: string, signal: AbortSignal): Promise<Failure | null>;
  /** Fetches a content into a folder, whole or not at all. */
  fetch(artifact: Artifact, into: ContentFolder): Promise<Failure | null>;
}

/** Contents over this many bytes go to the store. */
export const REMOTE_FROM_BYTES = 1024 * 1024;
/** A larger file is no part of a text for a model or a program. */
const LARGEST_TEXT_BYTES = 16 * 1024 * 1024;

export interface UnitFilesOptions {
  readonly workspace: string;
  readonly folders: UnitFolders;
  readonly contentsOf: (runId: string) => ContentFolder;
  /** null = contents stay in the run's folder. */
  readonly remote: RemoteContents | null;
}

/** The files of units: puts those that one reads where it works, keeps those that it leaves behind, gives them back. */
export class UnitFiles {
  readonly #o: UnitFilesOptions;

  constructor(options: UnitFilesOptions) {
    this.#o = options;
  }

  /** The handler, with files before and behind each attempt. */
  around(handler: StepHandler): StepHandler {
    return {
      prepare: (step, context) => {
        const work = handler.prepare(step, context);
        if (!work.ok || work.value.kind === "now") return work;
        const { run, goesOnInside = false } = work.value;
        const files = context.files ?? NO_FILES;
        if (step.workspace === "repo" && files === NO_FILES) return work;
        return ok({
          ...work.value,
          run: (attempt) => this.#attempt(step, files, { ...attempt, goesOn: attempt.goesOn && goesOnInside }, run),
        });
      },
    };
  }

  async #attempt(
    step: PlannedStep,
    files: ResolvedFiles,
    attempt: AttemptContext,
    run: (attempt: AttemptContext) => Promise<AttemptResult>,
  ): Promise<AttemptResult> {
    const { runId, label, idempotencyKey: unit, goesOn } = attempt;
    const inTrouble = (error: unknown): AttemptResult => plainResult({ ok: false, failure: troubleOf(label, error) });
    let folder: UnitFolder;
    try {
      folder = await this.#o.folders.open(step.workspace, { runId, unit, label, goesOn });
      const refused = await this.#putIn(files, folder, attempt);
      if (refused !== null) return plainResult({ ok: false, failure: refused });
    } catch (error) {
      return inTrouble(error);
    }
    const result = await run({ ...attempt, folder: folder.path });
    // As after a crash: whoever goes on finds the folder as it is.
    if (attempt.signal.aborted) return result;
    try {
      const kept = result.ok && files.writes.length > 0 ? await this.#keep(files, folder.path, attempt) : null;
      const branch = await folder.close();
      if (branch !== null) attempt.event("log", { message: `the changes of '${label}' are on the branch ${branch}` });
      const extra = branch === null ? result.extra : { ...result.extra, branch };
      if (kept === null) return { ...result, extra };
      if (kept.ok) return { ...result, extra, artifacts: kept.value };
      const { model, usage, costUsd } = result;
      return { extra, model, usage, costUsd, ok: false, failure: kept.error };
    } catch (error) {
      const { extra, model, usage, costUsd } = result;
      return { extra, model, usage, costUsd, ok: false, failure: troubleOf(label, error) };
    }
  }

  /** Puts what a unit reads into its folder; one that goes on in the middle keeps what it has made of it. */
  async #putIn(files: ResolvedFiles, folder: UnitFolder, { runId, goesOn }: AttemptContext): Promise<Failure | null> {
    const isThere = (path: string): boolean => goesOn && existsSync(join(folder.path, path));
    for (const artifact of files.artifacts) {
      if (isThere(artifact.path)) continue;
      const missing = await this.#place(runId, artifact, folder.path);
      if (missing !== null) return missing;
    }
    if (folder.path === this.#o.workspace) return null;
    for (const path of files.sources) {
      if (isThere(path)) continue;
      const source = join(this.#o.workspace, path);
      const isProgram = ((await stat(source)).mode & 0o111) !== 0;
      await placeFile(folder.path, { path, ...(isProgram ? { executable: true } : {}) }, source);
    }
    return null;
  }

  async #place(runId: string, artifact: Artifact, folder: string): Promise<Failure | null> {
    const contents = this.#o.contentsOf(runId);
    const missing = await this.#bring(contents, artifact);
    if (missing !== null) return missing;
    await placeFile(folder, artifact, contents.pathOf(artifact.sha256));
    return null;
  }

  /** Makes sure that a content is here and whole. */
  async #bring(contents: ContentFolder, artifact: Artifact): Promise<Failure | null> {
    if (await contents.isSound(artifact.sha256, artifact.bytes)) return null;
    const { remote } = this.#o;
    if (artifact.url !== null && remote !== null) return remote.fetch(artifact, contents);
    return failure("internal", "artifact_lost", `the content of the artifact '${artifact.path}' is gone or damaged`);
  }

  async #keep(
    { writes }: ResolvedFiles,
    folder: string,
    { runId, label, redactor, signal, event }: AttemptContext,
  ): Promise<Result<readonly Artifact[], Failure>> {
    const contents = this.#o.contentsOf(runId);
    const collected = await collect({ label, folder, writes, contents, finder: redactor.finder, signal });
    if (!collected.ok) return collected;
    const artifacts: Artifact[] = [];
    for (const artifact of collected.value) {
      const { remote } = this.#o;
      if (remote === null || artifact.bytes <= REMOTE_FROM_BYTES) {
        artifacts.push(artifact);
        continue;
      }
      const failed = await remote.send(artifact, contents.pathOf(artifact.sha256), signal);
      if (failed !== null) return err(failed);
      artifacts.push({ ...artifact, url: remote.urlOf(artifact.sha256) });
    }
    const bytes = artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
    event("artifact.stored", { files: artifacts.length, bytes, first: artifacts.slice(0, 20).map(artifactJson) });
    return ok(artifacts);
  }

  /**
   * Puts what earlier starts of a run left behind where steps look for it, in this order; what came from another
   * machine is fetched. The failure names the step that has to run again.
   */
  async restore(runId: string, left: readonly LeftFiles[]): Promise<Failure | null> {
    const contents = this.#o.contentsOf(runId);
    // Of two with one path in one folder the later counts: the others need not be written.
    const last = new Map<string, { readonly file: LeftFiles; readonly artifact: Artifact }>();
    for (const file of left)
      for (const artifact of file.artifacts)
        last.set(`${JSON.stringify(placeOf(file))} ${artifact.path}`, { file, artifact });
    for (const { file, artifact } of last.values()) {
      try {
        const missing = await this.#bring(contents, artifact);
        if (missing !== null)
          return { ...missing, help: `run the step again: muster resume ${runId} --rerun ${file.step}` };
        if (file.workspace === "isolated" || file.workspace === "worktree") continue;
        await placeFile(this.#o.folders.shared(file.workspace), artifact, contents.pathOf(artifact.sha256));
      } catch (error) {
        return troubleOf(file.step, error);
      }
    }
    return null;
  }

  /** The text of an artifact, for a prompt. The error is a sentence. */
  text(runId: string, { path, sha256: name, bytes }: Artifact): Result<string, string> {
    if (bytes > LARGEST_TEXT_BYTES)
      return err(`the artifact '${path}' is larger than ${LARGEST_TEXT_BYTES / 1024 ** 2} MiB`);
    try {
      const content = readFileSync(this.#o.contentsOf(runId).pathOf(name));
      if (sha256(content) !== name) return err(`the content of the artifact '${path}' is damaged`);
      return ok(new TextDecoder("utf-8", { fatal: true }).decode(content));
    } catch (error) {
      if (error instanceof TypeError) return err(`the artifact '${path}' is no text in UTF-8`);
      return err(`the artifact '${path}' cannot be read: ${(error as Error).message}`);
    }
  }

  /** Takes contents over into a folder that outlives the run. */
  async hand(runId: string, artifacts: readonly Artifact[], to: ContentFolder): Promise<void> {
    for (const artifact of artifacts) await to.take(this.#o.contentsOf(runId), artifact);
  }

  /** Takes over what another run left behind, and puts it where steps look for it; false when its content is damaged. */
  async adopt(runId: string, { artifacts, workspace }: LeftFiles, from: ContentFolder): Promise<boolean> {
    const contents = this.#o.contentsOf(runId);
    try {
      for (const artifact of artifacts) await contents.take(from, artifact);
      if (workspace === "isolated" || workspace === "worktree") return true;
      const folder = this.#o.folders.shared(workspace);
      for (const artifact of artifacts) await placeFile(folder, artifact, contents.pathOf(artifact.sha256));
      return true;
    } catch (error) {
      if (error instanceof DamagedContent) return false;
      throw error;
    }
  }
}

const NO_FILES: ResolvedFiles = { artifacts: [], sources: [], writes: [] };

/** Files of folders of their own are never in each other's way. */
function placeOf({ workspace, step }: LeftFiles): unknown {
  return workspace === "isolated" || workspace === "worktree" ? [step] : workspace;
}

function troubleOf(label: string, error: unknown): Failure {
  const { name, message } = error as Error;
  if (name === "CannotPlace")
    return failure("invalid", "workspace", `the files of '${label}' cannot be put in: ${message}`);
  if (error instanceof NothingToCheckOut)
    return failure("invalid", "workspace", `'${label}' works in a worktree, and ${message}`, { help: error.help });
  return failure("internal", "workspace", `the workspace of '${label}' cannot be used: ${message}`);
}

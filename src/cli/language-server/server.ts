import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  CompletionItemKind,
  createConnection,
  DidChangeWatchedFilesNotification,
  MarkupKind,
  ResponseError,
  TextDocuments,
  TextDocumentSyncKind,
  type CompletionItem,
  type Connection,
  type Definition,
  type Hover,
  type Range,
  type WorkspaceEdit,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Analysis } from "../../editor/analysis.ts";
import { complete, type Completion } from "../../editor/completion.ts";
import { declarationOf } from "../../editor/definition.ts";
import { hover } from "../../editor/hover.ts";
import { outlineOf, type Outline } from "../../editor/outline.ts";
import { renameStep } from "../../editor/rename.ts";
import type { SchemaGuide } from "../../editor/schema-guide.ts";
import { targetAt } from "../../editor/target.ts";
import { manifestsUnder } from "../manifest-files.ts";
import type { PolicyCheck } from "../project-policy.ts";
import { rangeOf, shownDiagnostic } from "./protocol.ts";
import { Workspace } from "./workspace.ts";

export interface ServerOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly env: { readonly [name: string]: string | undefined };
  readonly guide: SchemaGuide;
  /** The policy of the project around a folder. */
  readonly policyIn: (folder: string) => Promise<PolicyCheck>;
  readonly cwd: string;
}

/** So long after the last key stroke a text is checked. */
const PAUSE_MS = 150;

/** Answers an editor until it says `exit`, or until its input ends: then the process ends. */
export function serve(options: ServerOptions): void {
  const connection = createConnection(options.input, options.output);
  new Server(connection, options).listen();
}

class Server {
  readonly #connection: Connection;
  readonly #options: ServerOptions;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #workspace: Workspace;
  readonly #outlines = new WeakMap<TextDocument, { readonly version: number; readonly outline: Outline }>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  /** Files of which the editor shows problems. */
  #shown: ReadonlySet<string> = new Set();
  #folders: readonly string[] = [];
  #canWatch = false;

  constructor(connection: Connection, options: ServerOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#workspace = new Workspace(options.env);
  }

  listen(): void {
    const connection = this.#connection;
    connection.onInitialize(({ capabilities, workspaceFolders }) => {
      const folders = (workspaceFolders ?? []).map(({ uri }) => pathOf(uri)).filter((path) => path !== null);
      this.#folders = folders.length > 0 ? folders : [this.#options.cwd];
      this.#canWatch = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
      return {
        serverInfo: { name: "muster" },
        capabilities: {
          textDocumentSync: TextDocumentSyncKind.Incremental,
          completionProvider: { triggerCharacters: [".", "{", " ", "[", ":"] },
          definitionProvider: true,
          hoverProvider: true,
          renameProvider: { prepareProvider: true },
        },
      };
    });
    connection.onInitialized(() => this.#guard(() => void this.#lookAround()));
    this.#documents.onDidChangeContent(({ document }) => this.#guard(() => this.#changed(document)));
    this.#documents.onDidClose(({ document }) => this.#guard(() => this.#closed(document)));
    connection.onDidChangeWatchedFiles(({ changes }) =>
      this.#guard(() => this.#recheck(changes.flatMap(({ uri }) => pathOf(uri) ?? []))),
    );
    connection.onCompletion((at) => this.#at(at, [], (document, path) => this.#complete(document, path, at.position)));
    connection.onHover((at) => this.#at(at, null, (document, path) => this.#hover(document, path, at.position)));
    connection.onDefinition((at) =>
      this.#at(at, null, (document, path) => this.#definition(document, path, at.position)),
    );
    connection.onPrepareRename((at) => this.#at(at, null, (document) => this.#renamed(document, at.position)));
    connection.onRenameRequest((at) =>
      this.#at(at, null, (document, path) => this.#rename(document, path, at.position, at.newName)),
    );
    this.#documents.listen(connection);
    connection.listen();
  }

  /** Every manifest of the folders: what uses an open file is checked with it. */
  async #lookAround(): Promise<void> {
    if (this.#canWatch) {
      const watchers = [{ globPattern: "**/*.{yaml,yml,md,txt,hbs,lock}" }];
      void this.#connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
    }
    await this.#readPolicy();
    const found = await Promise.all(this.#folders.map((folder) => manifestsUnder(folder)));
    for (const path of found.flatMap(({ manifests }) => manifests)) {
      this.#guard(() => this.#workspace.check(path));
      // Between two files the editor is answered.
      await new Promise((resume) => setImmediate(resume));
    }
    this.#guard(() => this.#show());
  }

  async #readPolicy(): Promise<void> {
    try {
      this.#workspace.policy = await this.#options.policyIn(this.#folders[0] ?? this.#options.cwd);
    } catch (error) {
      // `muster test` says what is wrong with a policy.
      this.#connection.console.warn(`the policy is not looked at: ${(error as Error).message}`);
    }
  }

  #changed(document: TextDocument): void {
    const path = pathOf(document.uri);
    if (path === null) return;
    this.#workspace.edit(path, document.getText());
    clearTimeout(this.#waiting.get(path));
    const check = (): void => this.#guard(() => this.#recheck([path]));
    this.#waiting.set(path, setTimeout(check, PAUSE_MS));
  }

  #closed(document: TextDocument): void {
    const path = pathOf(document.uri);
    if (path === null) return;
    clearTimeout(this.#waiting.get(path));
    this.#workspace.release(path);
    this.#recheck([path]);
  }

  #recheck(paths: readonly string[]): void {
    const isGeneral = paths.some((path) => /(?:^|[/\\])(?:muster-policy\.yaml|muster\.lock)$/.test(path));
    const readers = isGeneral ? this.#workspace.files : paths.flatMap((path) => this.#workspace.readersOf(path));
    for (const path of new Set([...paths, ...readers])) this.#workspace.check(path);
    this.#show();
    if (isGeneral) void this.#readPolicy();
  }

  #show(): void {
    const problems = this.#workspace.problems();
    for (const path of new Set([...this.#shown, ...problems.keys()])) {
      const diagnostics = (problems.get(path) ?? []).map(shownDiagnostic);
      void this.#connection.sendDiagnostics({ uri: this.#uriOf(path), diagnostics });
    }
    // Of an open file that was checked it is said that nothing is wrong, too.
    const checked = new Set(this.#workspace.files);
    for (const { uri } of this.#documents.all()) {
      const path = pathOf(uri);
      if (path !== null && checked.has(path) && !problems.has(path) && !this.#shown.has(path))
        void this.#connection.sendDiagnostics({ uri, diagnostics: [] });
    }
    this.#shown = new Set(problems.keys());
  }

  /** As the editor calls the file, where it is open. */
  #uriOf(path: string): string {
    return this.#documents.all().find(({ uri }) => pathOf(uri) === path)?.uri ?? pathToFileURL(path).href;
  }

  #complete(document: TextDocument, path: string, position: { line: number; character: number }): CompletionItem[] {
    const outline = this.#outlineOf(document);
    const found = complete(outline, position, this.#options.guide, this.#analysisOf(document, path));
    return found.map((each, order) => itemOf(each, order));
  }

  #hover(document: TextDocument, path: string, position: { line: number; character: number }): Hover | null {
    const found = hover(this.#outlineOf(document), position, this.#options.guide, this.#analysisOf(document, path));
    if (found === null) return null;
    const { text, start, end } = found;
    return { contents: { kind: MarkupKind.Markdown, value: text }, range: onLine(position.line, start, end) };
  }

  #definition(document: TextDocument, path: string, position: { line: number; character: number }): Definition | null {
    const outline = this.#outlineOf(document);
    const target = targetAt(outline, position);
    if (target === null) return null;
    const place = declarationOf(outline, target, this.#analysisOf(document, path));
    if (place !== null) return { uri: document.uri, range: rangeOf(place) };
    const file = fileOf(target.kind, target.name, dirname(path));
    return file === null ? null : { uri: this.#uriOf(file), range: onLine(0, 0, 0) };
  }

  #renamed(document: TextDocument, position: { line: number; character: number }): Range | null {
    const target = targetAt(this.#outlineOf(document), position);
    return target?.kind === "step" ? onLine(target.line, target.start, target.end) : null;
  }

  #rename(
    document: TextDocument,
    path: string,
    position: { line: number; character: number },
    to: string,
  ): WorkspaceEdit {
    const target = targetAt(this.#outlineOf(document), position);
    if (target?.kind !== "step") throw refusal("only steps can be renamed");
    this.#workspace.edit(path, document.getText());
    const analysis = this.#workspace.check(path);
    const written = analysis?.document() ?? null;
    const isWhole = analysis?.compiled.diagnostics.every(({ severity }) => severity !== "error") === true;
    if (analysis?.checked == null || written === null || !isWhole)
      throw refusal("a file with errors is not renamed in: places could be missed; mend them first");
    const places = renameStep(analysis.checked, written, target.name, to);
    if (!places.ok) throw refusal(places.error);
    return { changes: { [document.uri]: places.value.map((span) => ({ range: rangeOf(span), newText: to })) } };
  }

  /** The newest analysis; a file that was opened just now is looked at first. */
  #analysisOf(document: TextDocument, path: string): Analysis | null {
    const known = this.#workspace.readable(path);
    if (known !== null) return known;
    this.#workspace.edit(path, document.getText());
    return this.#workspace.check(path);
  }

  #outlineOf(document: TextDocument): Outline {
    const known = this.#outlines.get(document);
    if (known?.version === document.version) return known.outline;
    const outline = outlineOf(document.getText());
    this.#outlines.set(document, { version: document.version, outline });
    return outline;
  }

  /** An answer about a place of an open file; a bug of ours is logged and answers `none`. */
  #at<T>(
    at: { readonly textDocument: { readonly uri: string } },
    none: T,
    answer: (document: TextDocument, path: string) => T,
  ): T {
    const document = this.#documents.get(at.textDocument.uri);
    const path = pathOf(at.textDocument.uri);
    if (document === undefined || path === null) return none;
    return this.#guard(() => answer(document, path)) ?? none;
  }

  #guard<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (error instanceof ResponseError) throw error;
      this.#connection.console.error(`muster has a bug, please report it: ${(error as Error).stack ?? String(error)}`);
      return undefined;
    }
  }
}

/** RequestFailed of the protocol: the editor shows the sentence. */
const refusal = (why: string): ResponseError => new ResponseError(-32803, why);

const KINDS: { readonly [kind in Completion["kind"]]: CompletionItemKind } = {
  key: CompletionItemKind.Property,
  step: CompletionItemKind.Function,
  agent: CompletionItemKind.Class,
  model: CompletionItemKind.Class,
  name: CompletionItemKind.Field,
  value: CompletionItemKind.Value,
};

function itemOf({ label, kind, insert, documentation }: Completion, order: number): CompletionItem {
  return {
    label,
    kind: KINDS[kind],
    insertText: insert,
    sortText: String(order).padStart(5, "0"),
    ...(documentation === null ? {} : { documentation: { kind: MarkupKind.Markdown, value: documentation } }),
  };
}

/** The file that a word names, where it is there. */
function fileOf(kind: string, name: string, folder: string): string | null {
  if (name === "" || !["partial", "file", "workflow"].includes(kind)) return null;
  const paths =
    kind === "partial" ? ["", ".md", ".txt", ".hbs"].map((end) => join("prompts", `${name}${end}`)) : [name];
  return paths.map((path) => resolve(folder, path)).find((path) => existsSync(path)) ?? null;
}

function onLine(line: number, start: number, end: number): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}

/** The path of a file; null for what is none, such as a text that was not saved yet. */
function pathOf(uri: string): string | null {
  try {
    return fileURLToPath(uri);
  } catch {
    return null;
  }
}

import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createProtocolConnection,
  LogMessageNotification,
  PublishDiagnosticsNotification,
  StreamMessageReader,
  StreamMessageWriter,
  type Diagnostic,
  type InitializeResult,
  type ProtocolConnection,
} from "vscode-languageserver-protocol/node";

/** A place in a text that is marked by `§`, and the text without the mark. */
export function marked(text: string): { text: string; position: { line: number; character: number } } {
  const at = text.indexOf("§");
  const before = text.slice(0, at).split("\n");
  return {
    text: text.slice(0, at) + text.slice(at + 1),
    position: { line: before.length - 1, character: before.at(-1)?.length ?? 0 },
  };
}

/** An editor: speaks to `muster lsp` as editors do, over stdio. */
export class LspClient {
  readonly #child: ChildProcess;
  readonly #connection: ProtocolConnection;
  readonly #folder: string;
  readonly #problems = new Map<string, readonly Diagnostic[]>();
  readonly #watchers = new Set<() => void>();
  readonly #versions = new Map<string, number>();
  /** Exit code, once it is gone. */
  readonly ended: Promise<number | null>;
  /** What it logged of itself: empty, or it has a bug. */
  readonly logged: string[] = [];

  private constructor(script: string, folder: string) {
    this.#folder = folder;
    this.#child = spawn(process.execPath, [script, "lsp", "--stdio"], {
      cwd: folder,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.ended = new Promise((resolve) => this.#child.once("exit", resolve));
    const { stdout, stdin } = this.#child;
    if (stdout === null || stdin === null) throw new Error("no pipes");
    this.#connection = createProtocolConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
    this.#connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, diagnostics }) => {
      this.#problems.set(uri, diagnostics);
      for (const watcher of this.#watchers) watcher();
    });
    this.#connection.onNotification(LogMessageNotification.type, ({ message }) => void this.logged.push(message));
    this.#connection.listen();
  }

  static async start(script: string, folder: string): Promise<LspClient> {
    const client = new LspClient(script, folder);
    const root = pathToFileURL(folder).href;
    await client.request<InitializeResult>("initialize", {
      processId: process.pid,
      rootUri: root,
      capabilities: {},
      workspaceFolders: [{ uri: root, name: "project" }],
    });
    await client.#connection.sendNotification("initialized", {});
    return client;
  }

  uri(path: string): string {
    return pathToFileURL(join(this.#folder, path)).href;
  }

  /** Writes a file to the disk. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true });
    writeFileSync(join(this.#folder, path), text);
  }

  async open(path: string, text: string): Promise<void> {
    this.#versions.set(path, 1);
    const textDocument = { uri: this.uri(path), languageId: "yaml", version: 1, text };
    await this.#connection.sendNotification("textDocument/didOpen", { textDocument });
  }

  async change(path: string, text: string): Promise<void> {
    const version = (this.#versions.get(path) ?? 0) + 1;
    this.#versions.set(path, version);
    await this.#connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.uri(path), version },
      contentChanges: [{ text }],
    });
  }

  /** Asks about a place: `textDocument/hover` and the like. */
  ask<T>(method: string, path: string, position: { line: number; character: number }, more: object = {}): Promise<T> {
    return this.request<T>(`textDocument/${method}`, { textDocument: { uri: this.uri(path) }, position, ...more });
  }

  request<T>(method: string, params: object): Promise<T> {
    return this.#connection.sendRequest<T>(method, params);
  }

  /** Resolves with the problems of a file once they are as the test wants them. */
  problems(path: string, want: (problems: readonly Diagnostic[]) => boolean): Promise<readonly Diagnostic[]> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.#problems.get(this.uri(path));
        if (found === undefined || !want(found)) return;
        this.#watchers.delete(look);
        resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  async close(): Promise<number | null> {
    await this.request("shutdown", {});
    await this.#connection.sendNotification("exit");
    const code = await this.ended;
    this.#connection.dispose();
    return code;
  }

  /** For a test that failed before its end. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../../../src/util/clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import type { Store } from "../../../src/store/store.ts";
import type { JsonObject } from "../../../src/util/json.ts";
import { MusterProcess, type Ending } from "./muster-process.ts";

/** The key of every run; no file may ever hold it. */
export const API_KEY = "sk-ant-test-0123456789abcdef";

/** A user's folder, in which the real command runs. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "muster-e2e-"));
  /** What every command of the project gets beside PATH and HOME. */
  readonly env: { [name: string]: string };
  readonly #script: string;
  readonly #processes: MusterProcess[] = [];

  constructor(script: string, baseUrl: string) {
    this.#script = script;
    this.env = { ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_API_KEY: API_KEY };
  }

  /** Writes a file, with the folders above it. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Replaces a part of a file; it must be there. */
  edit(path: string, before: string, after: string): void {
    const text = this.read(path);
    if (!text.includes(before)) throw new Error(`${path} has no '${before}'`);
    this.write(path, text.replace(before, after));
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  /** Resolves once the file is there. */
  async appears(path: string): Promise<void> {
    const watcher = watch(this.folder);
    try {
      // Looked for only when the watcher is at work: it cannot be missed.
      for (let event = once(watcher, "change"); !this.has(path); event = once(watcher, "change")) await event;
    } finally {
      watcher.close();
    }
  }

  /** Every file under the project, as bytes. */
  files(): { readonly path: string; readonly bytes: Buffer }[] {
    const paths = readdirSync(this.folder, { recursive: true, encoding: "utf8" });
    return paths
      .filter((path) => statSync(join(this.folder, path)).isFile())
      .map((path) => ({ path, bytes: readFileSync(join(this.folder, path)) }));
  }

  /** Another folder with the same command; whoever asks for it closes it. */
  sibling(baseUrl: string): Project {
    return new Project(this.#script, baseUrl);
  }

  /** Starts a command in the folder. */
  start(args: readonly string[], env: { readonly [name: string]: string } = {}): MusterProcess {
    const inherited = { PATH: process.env["PATH"] ?? "", HOME: this.folder };
    const child = new MusterProcess(this.#script, args, {
      cwd: this.folder,
      env: { ...inherited, ...this.env, ...env },
    });
    this.#processes.push(child);
    return child;
  }

  /** Runs a command to its end. */
  muster(...args: string[]): Promise<Ending> {
    return this.start(args).ended;
  }

  /** The report that a command wrote with `--report report.json`. */
  report(): Report {
    return JSON.parse(this.read("report.json")) as Report;
  }

  /** Looks into the project's state, or changes it. */
  inStore<T>(look: (store: Store) => T): T {
    const store = openSqliteStore({
      path: join(this.folder, ".muster/state.db"),
      readOnly: false,
      clock: systemClock,
      warnings: process,
    });
    try {
      return look(store);
    } finally {
      store.close();
    }
  }

  /** Ends what still runs and removes the folder. */
  async close(): Promise<void> {
    for (const child of this.#processes) child.signal("SIGKILL");
    await Promise.all(this.#processes.map((child) => child.ended));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The parts of schemas/report.v1.json that tests look at. */
export interface Report {
  readonly run_id: string;
  readonly status: string;
  readonly outputs: JsonObject | null;
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number; readonly calls: number };
  readonly cost_usd: number | null;
  readonly error: ReportError | null;
  readonly steps: { readonly [path: string]: ReportStep };
}

export interface ReportStep {
  readonly status: string;
  readonly started_at: string | null;
  readonly duration_ms: number | null;
  readonly attempts: number;
  readonly model: string | null;
  readonly output: unknown;
  readonly error: ReportError | null;
  readonly reused: number;
  readonly results:
    | readonly { readonly status: string; readonly attempts: number; readonly error: ReportError | null }[]
    | null;
}

export interface ReportError {
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly help?: string;
  readonly partial?: string;
}

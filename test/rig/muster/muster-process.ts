import { spawn, type ChildProcess } from "node:child_process";

/** How a command ended. */
export interface Ending {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command as a child process. */
export class MusterProcess {
  readonly pid: number;
  /** Never rejects: a test asserts on the exit code. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #stdout = "";
  #stderr = "";
  #ending: Ending | null = null;

  constructor(
    script: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  ) {
    const child = spawn(process.execPath, [script, ...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#ending = { code, signal, stdout: this.#stdout, stderr: this.#stderr };
        resolve(this.#ending);
        this.#look();
      });
    });
  }

  /** Resolves once stdout or stderr has the text; rejects when the command ends without it. */
  async shows(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (this.#stdout.includes(text) || this.#stderr.includes(text)) resolve();
        else if (this.#ending !== null)
          reject(new Error(`the command ended without '${text}':\n${JSON.stringify(this.#ending, null, 1)}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Sends a signal; with SIGKILL and SIGTERM, `ended` tells when it is gone. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** As kill -9 does it: resolves when nothing of the process is left. */
  async crash(): Promise<Ending> {
    this.signal("SIGKILL");
    return this.ended;
  }

  #look(): void {
    for (const look of this.#watchers) look();
  }
}

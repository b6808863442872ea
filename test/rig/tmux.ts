import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

const call = promisify(execFile);

/** Why stories of a real terminal cannot be told here; null when they can. */
export function whyNoTmux(): string | null {
  const { status, error } = spawnSync("tmux", ["-V"]);
  if (status === 0) return null;
  return `tmux does not run (${error?.message ?? `exit code ${String(status)}`}): install it to check the live tree in a real terminal`;
}

/** A real terminal, by tmux: one window with one command, whose screen can be looked at. */
export class Tmux {
  readonly #socket: string;

  /** `socket` is a path that nothing else uses. */
  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Starts a shell command line in a new terminal; its environment is only what is given. */
  async start(
    command: string,
    options: {
      readonly width: number;
      readonly height: number;
      readonly cwd: string;
      readonly env: { readonly [name: string]: string };
    },
  ): Promise<void> {
    const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
    const size = ["-x", String(options.width), "-y", String(options.height)];
    // A signal from the keyboard ends the command, not the shell; the last command keeps the terminal open.
    const shell = [
      "env",
      "-i",
      "TERM=screen-256color",
      ...env,
      "sh",
      "-c",
      `trap : INT; ${command}; echo "exit code $?"; cat`,
    ];
    await this.#tmux("-f", "/dev/null", "new-session", "-d", ...size, "-c", options.cwd, ...shell);
  }

  /** The lines of the screen, without the empty ones at its end. */
  async screen(): Promise<string[]> {
    return linesOf(await this.#tmux("capture-pane", "-p"));
  }

  /** The screen and all that was scrolled out of it. */
  async history(): Promise<string[]> {
    return linesOf(await this.#tmux("capture-pane", "-p", "-S", "-", "-J"));
  }

  /** Looks at the screen until it is as wanted, and gives it. */
  async shows(wanted: (lines: readonly string[]) => boolean): Promise<string[]> {
    for (;;) {
      const lines = await this.screen();
      if (wanted(lines)) return lines;
    }
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(width), "-y", String(height));
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await this.#tmux("send-keys", "-l", line);
    await this.#tmux("send-keys", "Enter");
  }

  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  /** Whether the cursor can be seen. */
  async hasCursor(): Promise<boolean> {
    return (await this.#tmux("display-message", "-p", "#{cursor_flag}")).trim() === "1";
  }

  async close(): Promise<void> {
    await this.#tmux("kill-server").catch(() => "");
  }

  async #tmux(...args: string[]): Promise<string> {
    return (await call("tmux", ["-S", this.#socket, ...args])).stdout;
  }
}

function linesOf(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd());
}

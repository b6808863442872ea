import picocolors from "picocolors";
import type { Colors } from "picocolors/types.js";
import { exitCode, type ExitCode } from "./exit-code.ts";
import { processKeyboard, type Keyboard } from "./keyboard.ts";
import type { Screen } from "../compose/picture.ts";

/** What a command may use of the process: streams, place, environment. Tests of commands use the real binary instead. */
export interface Terminal {
  readonly cwd: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** Data. A full line or document at a time. */
  out(text: string): void;
  /** Progress, logs, problems. */
  err(text: string): void;
  /** For what goes to stderr. */
  readonly color: Colors;
  /** For what goes to stdout. */
  readonly outColor: Colors;
  /** Where stderr is a terminal that can be painted on; null for files, pipes, CI and `TERM=dumb`. */
  readonly screen: Screen | null;
  /** Where stdin and stderr are terminals with a person before them; null for files, pipes and CI. */
  readonly keyboard: Keyboard | null;
}

/** The terminal of this process. Colours only on a stream that is one, and never under NO_COLOR or `--no-color`. */
export function processTerminal(options: { readonly color: boolean }): Terminal {
  const { env } = process;
  const wantsColor = options.color && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  const colorsFor = (stream: NodeJS.WriteStream): Colors =>
    picocolors.createColors(wantsColor && ((env["FORCE_COLOR"] ?? "") !== "" || stream.isTTY));
  return {
    cwd: process.cwd(),
    env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    color: colorsFor(process.stderr),
    outColor: colorsFor(process.stdout),
    screen: canPaint(env) ? stderrScreen() : null,
    keyboard: isAttended(env) ? processKeyboard(process.stdin) : null,
  };
}

function canPaint(env: Terminal["env"]): boolean {
  return process.stderr.isTTY && env["TERM"] !== "dumb" && (env["CI"] ?? "") === "";
}

function isAttended(env: Terminal["env"]): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && (env["CI"] ?? "") === "";
}

function stderrScreen(): Screen {
  const { stderr } = process;
  return {
    size() {
      // Asked anew: `columns` is told of a change only later, and a picture painted meanwhile would break.
      const [width, height] = stderr.getWindowSize();
      return { width: width || 80, height: height || 24 };
    },
    write: (text) => void stderr.write(text),
  };
}

/**
 * Watches what is written. A reader that went away (`| head`), or a terminal that was closed, must not end the run; nor
 * must a full disk, but then data is missing, which is said on stderr: `codeOf` makes a failure of a success.
 */
export function watchOutput(): { codeOf(code: ExitCode): ExitCode } {
  let hasFailed = false;
  const codeOf = (code: ExitCode): ExitCode => (hasFailed && code === exitCode.succeeded ? exitCode.runFailed : code);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || error.code === "EIO" || hasFailed) return;
    hasFailed = true;
    process.stderr.write(`muster: what it printed could not be written to stdout: ${error.message}\n`);
    // Where the command has ended meanwhile.
    process.exitCode = codeOf((process.exitCode ?? exitCode.succeeded) as ExitCode);
  });
  // What goes there is progress: nobody is left to be told that it is lost.
  process.stderr.on("error", () => undefined);
  return { codeOf };
}

import picocolors from "picocolors";

/** What a command may use of the process: streams, place, environment. Tests of commands use the real binary instead. */
export interface Terminal {
  readonly cwd: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** Data. A full line or document at a time. */
  out(text: string): void;
  /** Progress, logs, problems. */
  err(text: string): void;
  readonly color: ReturnType<typeof picocolors.createColors>;
}

/** The terminal of this process. Colours only where stderr is one, and never under NO_COLOR or `--no-color`. */
export function processTerminal(options: { readonly color: boolean }): Terminal {
  const { env } = process;
  const wantsColor = options.color && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  const isColor = wantsColor && ((env["FORCE_COLOR"] ?? "") !== "" || process.stderr.isTTY);
  // A reader that went away (`| head`) must not end the run.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreBrokenPipe);
  return {
    cwd: process.cwd(),
    env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    color: picocolors.createColors(isColor),
  };
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

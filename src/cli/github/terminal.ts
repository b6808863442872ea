import picocolors from "picocolors";
import type { ExitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";
import { GithubRunner } from "./runner.ts";

/** A terminal whose texts GitHub's runner shows, and takes for nothing else. */
export interface GithubTerminal extends Terminal {
  readonly runner: GithubRunner;
}

/** Does the work of a command; under `--format github` with a terminal that is safe from what models say. */
export async function withRunner(
  terminal: Terminal,
  { format, json }: { readonly format: string; readonly json?: boolean },
  work: (terminal: Terminal) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (format !== "github" || json === true) return work(terminal);
  const runner = new GithubRunner(terminal);
  const plain = picocolors.createColors(false);
  const shown: GithubTerminal = {
    ...terminal,
    runner,
    out: runner.show,
    err: runner.show,
    color: plain,
    outColor: plain,
    screen: null,
    keyboard: null,
  };
  try {
    return await work(shown);
  } finally {
    runner.end();
  }
}

/** The runner behind a terminal of `withRunner`; null for all others. */
export function runnerOf(terminal: Terminal): GithubRunner | null {
  return isOnGithub(terminal) ? terminal.runner : null;
}

/** Whether it is a terminal of `withRunner` under `--format github`. */
export function isOnGithub(terminal: Terminal): terminal is GithubTerminal {
  return "runner" in terminal;
}

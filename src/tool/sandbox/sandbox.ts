/** A program that is to be shut in. */
export interface ShutIn {
  readonly argv: readonly string[];
  /** Absolute path of the one folder of the machine that it works in. */
  readonly workspace: string;
  /** What it may do with the files of the workspace; of `none` it sees an empty folder in its place. */
  readonly files: "none" | "read" | "write";
  /** What a process of it may take for itself, and files in /tmp together. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** What it gets beside the usual variables. */
  readonly env: { readonly [name: string]: string };
}

/** A way of shutting programs in that works on this machine. */
export interface PreparedSandbox {
  /** For people: `bubblewrap 0.11.0`. */
  readonly name: string;
  /** What to start in place of the program, with its whole environment. */
  wrap(program: ShutIn): { readonly argv: readonly string[]; readonly env: { readonly [name: string]: string } };
  /** What to start in place of a program that is not shut in, so that it ends, with all that came of it, when this process does. */
  tie(argv: readonly string[]): readonly string[];
}

/** What to do where there is none. */
export const INSTALL_SANDBOX =
  "install bubblewrap (`apt-get install bubblewrap`, `dnf install bubblewrap`), or say `sandbox: prefer` or `off` at the agent, which gives its commands all that you may do";

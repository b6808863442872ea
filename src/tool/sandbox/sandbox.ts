/** A program that is to be shut in. */
export interface ShutIn {
  readonly argv: readonly string[];
  /** Absolute path of the one folder of the machine that it works in. */
  readonly workspace: string;
  /** It may change files of the workspace. */
  readonly canWrite: boolean;
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
}

/** What to do where there is none. */
export const INSTALL_SANDBOX =
  "install bubblewrap (`apt-get install bubblewrap`, `dnf install bubblewrap`), or say `sandbox: prefer` or `off` at the agent, which gives its commands all that you may do";
